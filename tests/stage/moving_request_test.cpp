// Requests of HTTP/1 that move from one worker to another in the middle of what they carry: each byte arrives once and
// in order, what a request asked for it gets there, and one line tells of all of it.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

#include "stage/message.h"
#include "stage/moving.h"
#include "stage/stage.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration a_while = proxy::ExchangeMove::worthwhile;

struct Scene : Stage {
    explicit Scene(const Options& options = {}, int room = 4096) : Stage(options) {
        network.use_sockets(room);
        route_to_backends(2);
    }
    [[nodiscard]] uint32_t running() const { return worker->context().running_exchanges(); }
    [[nodiscard]] uint32_t clients() const { return worker->sessions().clients(); }
    // The connection to whichever backend it is that was asked.
    WirePtr asked() { return backend(has_connection(1) ? 1 : 2); }
};

// After some time, as the worker does not move what is likely to end soon.
void move(Scene& from, Scene& to) {
    begin_to_move(from, to);
    settle(from, to);
    from.pass(a_while);
    settle(from, to);
}

std::string all_of(Scene& from, Scene& to, const WirePtr& wire) {
    std::string got;
    for (settle(from, to); !wire->received().empty(); settle(from, to)) got += wire->take();
    return got;
}

std::string post_of(size_t length, std::string_view more = {}) {
    return fmt::format("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n", length, more);
}

std::string chunks_of(std::string_view body, size_t piece) {
    std::string text;
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
        const std::string_view data = body.substr(0, piece);
        text += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
    }
    return text + "0\r\n\r\n";
}

TEST(MovingRequest, takes_along_an_answer_that_comes) {
    const std::string body = tagged_body(1, 60'000);
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, 777);
    for (const std::string& text : {answer(body), chunked, "HTTP/1.1 200 OK\r\n\r\n" + body}) {
        Scene from;
        Scene to;
        const WirePtr client = from.client(get());
        const WirePtr backend = from.asked();
        take_request(backend);
        backend->send(std::string_view(text).substr(0, text.size() / 2));
        from.settle();
        move(from, to);
        EXPECT_EQ(from.worker->sessions().size(), 0U);
        EXPECT_EQ(from.running(), 0U);
        ASSERT_EQ(to.running(), 1U);
        backend->send(std::string_view(text).substr(text.size() / 2));
        if (!text.contains("Transfer") && !text.contains("Length")) backend->finish();
        const Message got = read_answer(all_of(from, to, client));
        EXPECT_TRUE(got.whole && got.body == body) << text.substr(0, 60);
        EXPECT_EQ(to.running(), 0U);
        EXPECT_EQ(from.log().find("GET"), std::string::npos);
        EXPECT_NE(to.log().find("GET"), std::string::npos);
    }
}

TEST(MovingRequest, leaves_its_connections_to_the_next_ones) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    move(from, to);
    backend->send(answer("one"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "one");
    client->send(get("/again"));
    settle(from, to);
    EXPECT_TRUE(take_request(backend).first_line.starts_with("GET /again")) << "it is kept there";
    backend->send(answer("two"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "two");
    EXPECT_EQ(to.clients(), 1U);
}

TEST(MovingRequest, takes_along_a_body_that_comes) {
    const std::string body = tagged_body(2, 60'000);
    const std::string chunked =
        "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks_of(body, 777);
    for (const std::string& text : {post_of(body.size()) + body, chunked}) {
        Scene from;
        Scene to;
        const WirePtr client = from.client(std::string_view(text).substr(0, text.size() / 2));
        const WirePtr backend = from.asked();
        std::string sent = all_of(from, to, backend);
        move(from, to);
        ASSERT_EQ(to.running(), 1U);
        EXPECT_EQ(from.worker->sessions().size(), 0U);
        client->send(std::string_view(text).substr(text.size() / 2));
        sent += all_of(from, to, backend);
        const Message got = read_request(sent);
        EXPECT_TRUE(got.whole && got.body == body) << text.substr(0, 60);
        backend->send(answer("done"));
        settle(from, to);
        EXPECT_EQ(take_answer(client).body, "done");
        EXPECT_EQ(to.clients(), 1U) << "it may ask again";
    }
}

TEST(MovingRequest, takes_along_what_nobody_has_taken_yet) {
    Scene from;
    Scene to;
    const std::string body = tagged_body(3, 40'000);
    const WirePtr client = from.client(post_of(body.size()) + body);
    client->take_at_most(500);
    const WirePtr backend = from.asked();
    backend->take_at_most(1000);
    from.settle();
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    backend->take_at_most(SIZE_MAX);
    EXPECT_TRUE(read_request(all_of(from, to, backend)).body == body);
    backend->send(answer(body));
    settle(from, to);
    Scene third;
    move(to, third);
    client->take_at_most(SIZE_MAX);
    std::string got = all_of(from, third, client);
    EXPECT_TRUE(read_answer(got).body == body);
    EXPECT_EQ(to.worker->sessions().size(), 0U);
    EXPECT_EQ(third.running(), 0U);
}

TEST(MovingRequest, takes_along_a_pipe_with_what_is_in_it) {
    Scene from({}, 300'000);
    Scene to({}, 300'000);
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    client->take_at_most(1000);
    const std::string body = tagged_body(4, 2'000'000);
    backend->send(answer(body));
    from.settle();
    ASSERT_EQ(from.worker->pipes().in_use(), 1U);
    move(from, to);
    EXPECT_EQ(from.worker->pipes().in_use(), 0U);
    ASSERT_EQ(to.worker->pipes().in_use(), 1U);
    client->take_at_most(SIZE_MAX);
    EXPECT_TRUE(read_answer(all_of(from, to, client)).body == body);
    EXPECT_EQ(to.worker->pipes().in_use(), 0U);
}

// All of the answer is there, and the backend serves others.
TEST(MovingRequest, of_which_only_the_client_is_left_moves_without_a_backend) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get());
    client->take_at_most(100);
    const WirePtr backend = from.asked();
    take_request(backend);
    const std::string body = tagged_body(5, 12'000);
    backend->send(answer(body));
    from.settle();
    ASSERT_EQ(from.running(), 1U);
    move(from, to);
    EXPECT_EQ(from.running(), 0U);
    ASSERT_EQ(to.running(), 1U);
    EXPECT_EQ(to.worker->sessions().size(), 1U);
    client->take_at_most(SIZE_MAX);
    EXPECT_TRUE(read_answer(all_of(from, to, client)).body == body);
    client->send(get("/again"));
    settle(from, to);
    const WirePtr other = to.asked();
    EXPECT_TRUE(take_request(other).whole);
    other->send(answer("again"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "again");
}

TEST(MovingRequest, has_one_line_that_tells_of_all_of_it) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(post_of(10) + "01234");
    const WirePtr backend = from.asked();
    from.settle();
    for (Scene* scene : {&from, &to}) scene->pass(seconds(7));
    move(from, to);
    to.pass(seconds(5));
    client->send("56789");
    settle(from, to);
    EXPECT_EQ(take_request(backend).body, "0123456789");
    backend->send(answer("abc"));
    settle(from, to);
    const Message got = take_answer(client);
    EXPECT_EQ(got.body, "abc");
    EXPECT_EQ(from.log().find("POST"), std::string::npos);
    const std::string line = to.log();
    EXPECT_NE(line.find("192.0.2.1:40000"), std::string::npos) << line;
    EXPECT_NE(line.find("POST /up 200"), std::string::npos) << line;
    EXPECT_NE(line.find(fmt::format(" {} {} ", post_of(10).size() + 10, got.size)), std::string::npos) << line;
    EXPECT_NE(line.find(got.field("Sozu-Id")), std::string::npos) << "as the client got it: " << line;
}

TEST(MovingRequest, gets_the_answer_that_its_frontend_makes_of_it) {
    Scene from;
    Scene to;
    command::Request frontend = add_frontend("c", "b");
    command::Header& header = *frontend.mutable_add_http_frontend()->add_headers();
    header.set_position(command::RESPONSE);
    header.set_key("X-Frontend");
    header.set_val("of b");
    command::Header& gone = *frontend.mutable_add_http_frontend()->add_headers();
    gone.set_position(command::RESPONSE);
    gone.set_key("X-Secret");
    gone.set_val("");
    command::Request sticky;
    sticky.mutable_add_cluster()->set_cluster_id("c");
    sticky.mutable_add_cluster()->set_sticky_session(true);
    ASSERT_TRUE(from.change({frontend, sticky}).has_done());
    ASSERT_TRUE(to.change({sticky}).has_done());
    const WirePtr client = from.client("GET / HTTP/1.1\r\nHost: b\r\n\r\n");
    const WirePtr backend = from.asked();
    take_request(backend);
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    backend->send(answer("done", "X-Secret: x\r\n"));
    settle(from, to);
    const Message got = take_answer(client);
    EXPECT_EQ(got.field("X-Frontend"), "of b");
    EXPECT_FALSE(got.has("X-Secret"));
    EXPECT_TRUE(got.has("Set-Cookie"));
    const std::string cookie = got.field("Set-Cookie").substr(0, got.field("Set-Cookie").find(';'));
    // One that names its backend keeps it, and gets no other cookie.
    client->send(get("/again", "Cookie: " + cookie + "\r\n"));
    settle(from, to);
    EXPECT_TRUE(take_request(backend).whole);
    Scene third;
    ASSERT_TRUE(third.change({sticky}).has_done());
    move(to, third);
    ASSERT_EQ(third.running(), 1U);
    backend->send(answer("again"));
    settle(to, third);
    EXPECT_FALSE(take_answer(client).has("Set-Cookie"));
}

TEST(MovingRequest, goes_to_another_backend_when_its_own_is_lost) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get("/idempotent"));
    const bool first = from.has_connection(1);
    const WirePtr backend = from.asked();
    EXPECT_TRUE(take_request(backend).whole);
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    backend->finish();
    settle(from, to);
    ASSERT_TRUE(to.has_connection(first ? 2 : 1));
    const WirePtr other = to.backend(first ? 2 : 1);
    EXPECT_TRUE(take_request(other).first_line.starts_with("GET /idempotent"));
    other->send(answer("from the other"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "from the other");
}

TEST(MovingRequest, whose_answer_breaks_is_cut_off) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    backend->send(answer(std::string(1000, 'x')).substr(0, 500));
    from.settle();
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    backend->finish();
    const Message got = read_answer(all_of(from, to, client));
    EXPECT_TRUE(got.head_came() && !got.whole);
    EXPECT_TRUE(client->peer_closed() || client->peer_finished() || client->peer_reset());
    EXPECT_EQ(to.worker->sessions().size(), 0U);
}

TEST(MovingRequest, of_a_client_that_goes_is_logged_as_given_up) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    client->finish();
    settle(from, to);
    for (int count = 0; count < 4; ++count) to.pass(seconds(1));
    EXPECT_EQ(to.worker->sessions().size(), 0U);
    EXPECT_NE(to.log().find(" 499"), std::string::npos) << to.log();
}

TEST(MovingRequest, keeps_the_requests_behind_it) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get("/one") + get("/two"));
    const WirePtr backend = from.asked();
    EXPECT_TRUE(take_request(backend).whole);
    move(from, to);
    for (const char* path : {"/one", "/two"}) {
        backend->send(answer(path));
        settle(from, to);
        EXPECT_EQ(take_answer(client).body, path);
        if (path == std::string_view("/two")) break;
        EXPECT_TRUE(take_request(backend).first_line.starts_with("GET /two"));
    }
}

TEST(MovingRequest, that_waits_to_be_told_to_continue_is_told) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(post_of(4, "Expect: 100-continue\r\n"));
    const WirePtr backend = from.asked();
    from.settle();
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    backend->send("HTTP/1.1 100 Continue\r\n\r\n");
    settle(from, to);
    EXPECT_TRUE(client->take().starts_with("HTTP/1.1 100"));
    client->send("body");
    settle(from, to);
    EXPECT_EQ(take_request(backend).body, "body");
    backend->send(answer("done"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "done");
}

// The answer to HEAD has no body whatever its head says.
TEST(MovingRequest, to_head_has_an_answer_without_a_body) {
    Scene from;
    Scene to;
    const WirePtr client = from.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    const WirePtr backend = from.asked();
    EXPECT_TRUE(take_request(backend).whole);
    move(from, to);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    settle(from, to);
    EXPECT_EQ(take_answer(client, Bodies::none).status(), 200);
    client->send(get("/next"));
    settle(from, to);
    EXPECT_TRUE(take_request(backend).first_line.starts_with("GET /next"));
    backend->send(answer("next"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "next");
}

TEST(MovingRequest, may_still_become_a_tunnel) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    const WirePtr backend = from.asked();
    EXPECT_TRUE(take_request(backend).whole);
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    EXPECT_EQ(to.worker->context().tunnels.upgraded, 0U);
    backend->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome");
    settle(from, to);
    EXPECT_EQ(to.worker->context().tunnels.upgraded, 1U);
    EXPECT_TRUE(client->take().ends_with("welcome"));
}

TEST(MovingRequest, goes_on_under_the_names_of_what_is_gone) {
    Scene from;
    Stage bare;
    bare.network.use_sockets();
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    begin_to_move(from, bare);
    settle(from, bare);
    from.pass(a_while);
    settle(from, bare);
    ASSERT_EQ(bare.worker->context().running_exchanges(), 1U);
    backend->send(answer("done"));
    settle(from, bare);
    EXPECT_EQ(take_answer(client).body, "done");
    EXPECT_NE(bare.log().find(" c b"), std::string::npos) << bare.log();
}

TEST(MovingRequest, counts_all_of_its_body_against_the_limit) {
    Scene from;
    Scene to;
    for (Scene* scene : {&from, &to}) {
        scene->listen_with([](command::HttpListenerConfig& listener) { listener.set_max_body_bytes(1000); });
    }
    const WirePtr client =
        from.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2bc\r\n" + std::string(700, 'x'));
    const WirePtr backend = from.asked();
    from.settle();
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    client->send("\r\n2bc\r\n" + std::string(700, 'x'));
    settle(from, to);
    EXPECT_EQ(take_answer(client).status(), 413);
}

TEST(MovingRequest, is_late_when_it_would_have_been) {
    Scene from({.back_timeout_s = 30});
    Scene to({.back_timeout_s = 30});
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    for (Scene* scene : {&from, &to}) scene->pass(seconds(20));
    move(from, to);
    ASSERT_EQ(to.running(), 1U);
    to.pass(seconds(31));
    EXPECT_EQ(take_answer(client).status(), 504);
}

TEST(MovingRequest, that_has_just_begun_stays_for_a_moment) {
    Scene from;
    Scene to;
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    begin_to_move(from, to);
    settle(from, to);
    EXPECT_EQ(from.running(), 1U);
    backend->send(answer("soon"));
    settle(from, to);
    EXPECT_EQ(take_answer(client).body, "soon");
    EXPECT_EQ(from.clients(), 0U);
    EXPECT_EQ(to.clients(), 1U) << "its client moves when it rests";
}

TEST(MovingRequest, that_the_other_worker_refuses_goes_on_where_it_is) {
    Scene from;
    Scene full({.max_connections = 1});
    const WirePtr other = full.client(get());
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    move(from, full);
    EXPECT_EQ(from.running(), 1U);
    backend->send(answer("done"));
    settle(from, full);
    EXPECT_EQ(take_answer(client).body, "done");
}

TEST(MovingRequest, counts_among_those_of_its_source_all_the_way) {
    Scene from;
    Scene to;
    command::Request one;
    one.mutable_add_cluster()->set_cluster_id("c");
    one.mutable_add_cluster()->set_max_connections_per_ip(1);
    for (Scene* scene : {&from, &to}) ASSERT_TRUE(scene->change({one}).has_done());
    const WirePtr client = from.client(get());
    const WirePtr backend = from.asked();
    take_request(backend);
    move(from, to);
    EXPECT_EQ(from.worker->context().source_counts.held(), 0U);
    EXPECT_EQ(to.worker->context().source_counts.held(), 1U);
    const WirePtr newcomer = to.client(get());
    to.settle();
    EXPECT_EQ(take_answer(newcomer).status(), 429);
}

}  // namespace
}  // namespace seki::stage
