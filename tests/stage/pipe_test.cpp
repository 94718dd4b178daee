// Long bodies between sockets of the kernel go through pipes (splice(2)); nobody sees a difference.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;

struct SocketStage : Stage {
    SocketStage() {
        network.use_sockets();
        route_to_backends(1);
    }
    std::string drain(const WirePtr& wire) {
        std::string all;
        for (settle(); !wire->received().empty(); settle()) all += wire->take(10'000);
        return all;
    }
};

TEST(Pipes, carry_long_bodies_both_ways) {
    SocketStage stage;
    const std::string body = tagged_body(1, 500'000);
    const WirePtr client = stage.client(
        fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size()) + body.substr(0, 50'000));
    const WirePtr backend = stage.backend(1);
    std::string got = stage.drain(backend);
    EXPECT_EQ(stage.worker->pipes().in_use(), 1U);
    EXPECT_EQ(stage.worker->buffers().in_use(), 0U);
    backend->take_at_most(1000);
    client->send(body.substr(50'000) + get("/next"));
    got += stage.drain(backend);
    const Message request = read_request(got);
    EXPECT_TRUE(request.whole && request.body == body);
    EXPECT_EQ(stage.worker->pipes().in_use(), 0U);
    backend->take_at_most(SIZE_MAX);
    const std::string whole = answer(body);
    backend->send(whole.substr(0, 50'000));
    got = stage.drain(client);
    EXPECT_EQ(stage.worker->pipes().in_use(), 1U);
    client->take_at_most(1000);
    backend->send(whole.substr(50'000));
    got += stage.drain(client);
    const Message response = read_answer(got);
    EXPECT_TRUE(response.whole && response.body == body);
    EXPECT_EQ(stage.worker->pipes().in_use(), 0U);
    EXPECT_EQ(take_request(backend).first_line, "GET /next HTTP/1.1");
}

TEST(Pipes, carry_what_ends_with_its_connection) {
    SocketStage stage;
    const std::string body = tagged_body(1, 500'000);
    const WirePtr client = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\n\r\n" + body);
    backend->finish();
    const Message got = read_answer(stage.drain(client));
    EXPECT_TRUE(got.until_close && got.body == body);
    EXPECT_TRUE(client->saw_end());
}

// After splice(2) nobody knows yet whether the socket is empty: whoever takes the connection in that same turn asks.
TEST(Pipes, leave_no_bytes_behind_that_could_answer_the_next_request) {
    SocketStage stage;
    const std::string whole = answer(tagged_body(1, 500'000));
    const WirePtr first = stage.client(get("/1"));
    const WirePtr second = stage.client();
    const WirePtr backend = stage.backend(1);
    backend->send(whole.substr(0, whole.size() - 100));
    std::string got = stage.drain(first);
    backend->take();
    backend->send(whole.substr(whole.size() - 100) + answer("stray"));
    second->send(get("/2"));
    got += stage.drain(first);
    EXPECT_TRUE(read_answer(got).whole);
    const WirePtr fresh = stage.backend(1);
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_EQ(take_request(fresh).first_line, "GET /2 HTTP/1.1");
    fresh->send(answer("2"));
    EXPECT_EQ(read_answer(stage.drain(second)).body, "2");
}

// What a client says behind a request for another protocol, before it has all of the answer, is no request.
TEST(Pipes, that_carry_an_answer_which_declines_an_upgrade_see_whether_the_client_spoke_before_its_end) {
    const std::string whole = answer(tagged_body(1, 500'000));
    for (const bool spoke : {true, false}) {
        SCOPED_TRACE(spoke);
        SocketStage stage;
        const WirePtr client = stage.client(get("/", "Connection: upgrade\r\nUpgrade: chat\r\n"));
        const WirePtr backend = stage.backend(1);
        backend->send(whole.substr(0, whole.size() - 100));
        std::string got = stage.drain(client);
        EXPECT_EQ(stage.worker->pipes().in_use(), 1U);
        backend->take();
        if (spoke) client->send(get("/next"));
        backend->send(whole.substr(whole.size() - 100));
        got += stage.drain(client);
        EXPECT_TRUE(read_answer(got).whole);
        if (!spoke) client->send(get("/next"));
        stage.settle();
        EXPECT_EQ(client->saw_end(), spoke);
        EXPECT_EQ(take_request(backend).first_line, spoke ? "" : "GET /next HTTP/1.1");
        EXPECT_FALSE(stage.has_connection(1));
    }
}

TEST(Pipes, do_not_hide_that_a_body_is_cut_off) {
    SocketStage stage;
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + tagged_body(1, 300'000));
    backend->finish();
    EXPECT_FALSE(read_answer(stage.drain(client)).whole);
    EXPECT_TRUE(client->peer_reset());
    EXPECT_EQ(stage.worker->pipes().in_use(), 0U);
}

TEST(Pipes, know_whose_turn_it_is) {
    for (const bool client_sleeps : {true, false}) {
        SocketStage stage;
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        backend->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + tagged_body(1, 100'000));
        stage.drain(client);
        if (client_sleeps) client->take_at_most(1);
        if (client_sleeps) backend->send(tagged_body(1, 300'000));
        stage.settle();
        EXPECT_EQ(stage.worker->pipes().in_use(), 1U);
        // A client has 60 seconds, a backend 30.
        for (int n = 0; n < 29; ++n) stage.pass(seconds(1));
        EXPECT_FALSE(client->peer_closed());
        for (int n = 0; n < 3; ++n) stage.pass(seconds(1));
        EXPECT_EQ(client->peer_reset(), !client_sleeps);
        for (int n = 0; n < 30; ++n) stage.pass(seconds(1));
        EXPECT_TRUE(client->peer_reset());
    }
}

TEST(Pipes, carry_tunnels) {
    SocketStage stage;
    stage.tunnel_to_backends(1);
    const std::string up = tagged_body(1, 500'000);
    const std::string down = tagged_body(2, 500'000);
    const WirePtr client = stage.tunnel_client(up);
    client->finish();
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(stage.drain(backend) == up);
    EXPECT_TRUE(backend->peer_finished());
    backend->send(down);
    backend->finish();
    EXPECT_TRUE(stage.drain(client) == down);
    EXPECT_TRUE(client->saw_end());
    stage.settle();
    EXPECT_EQ(stage.worker->pipes().in_use(), 0U);
}

TEST(Pipes, that_are_used_up_are_done_without) {
    SocketStage stage;
    const std::string body = tagged_body(1, 300'000);
    std::vector<WirePtr> clients;
    std::vector<WirePtr> backends;
    const size_t many = stage.worker->pipes().limit() + 3;
    for (size_t n = 0; n < many; ++n) {
        clients.push_back(stage.client(get()));
        backends.push_back(stage.backend(1));
        backends.back()->send(answer(body).substr(0, 100'000));
        stage.settle();
    }
    EXPECT_EQ(stage.worker->pipes().in_use(), stage.worker->pipes().limit());
    for (const WirePtr& backend : backends) backend->send(answer(body).substr(100'000));
    for (const WirePtr& client : clients) {
        const Message got = read_answer(stage.drain(client));
        EXPECT_TRUE(got.whole && got.body == body);
    }
}

// The answer in place of the backend's is longer than a buffer, and the client takes nothing of it.
TEST(Pipes, of_uploads_go_with_the_backend_that_is_lost) {
    SocketStage stage;
    stage.listen_with([](auto& listener) {
        (*listener.mutable_answers())["504"] = "HTTP/1.1 504 Gateway Timeout\r\n\r\n" + std::string(60'000, 'x');
    });
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + tagged_body(1, 100'000));
    const WirePtr backend = stage.backend(1);
    stage.drain(backend);
    EXPECT_EQ(stage.worker->pipes().in_use(), 1U);
    backend->take_at_most(0);
    client->take_at_most(1);
    client->send(tagged_body(1, 600'000));
    stage.settle();
    for (int n = 0; n < 31; ++n) stage.pass(seconds(1));
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_EQ(stage.worker->pipes().in_use(), 0U);
    client->send(tagged_body(1, 100'000));
    client->take_at_most(SIZE_MAX);
    EXPECT_EQ(read_answer(stage.drain(client)).status(), 504);
}

// Sockets that give a tunnel so much at once that it takes a pipe.
struct BulkStage : SocketStage {
    BulkStage() {
        network.use_sockets(32 * 1024);
        tunnel_to_backends(1);
    }
};

TEST(Pipes, of_a_tunnel_are_emptied_when_the_other_direction_ended_last) {
    BulkStage stage;
    const std::string body = tagged_body(1, 200'000);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    client->take_at_most(1000);
    backend->send(body);
    backend->finish();
    stage.settle();
    ASSERT_EQ(stage.worker->pipes().in_use(), 1U);
    ASSERT_FALSE(client->saw_end());
    client->finish();
    stage.settle();
    client->take_at_most(SIZE_MAX);
    EXPECT_TRUE(stage.drain(client) == body);
    EXPECT_TRUE(client->saw_end());
    EXPECT_EQ(stage.drain(backend), "hello");
}

}  // namespace
}  // namespace seki::stage
