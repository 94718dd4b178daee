// Clients that are gone, or may be: a table of what runs × how the client's end is seen. A reset leaves no doubt (RFC
// 9293 §3.5.3). An end of input alone may come from one that still wants its answer, so it has some time.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Scene {
    WirePtr client;
    WirePtr backend{};  // null when none is asked
};

const std::string upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n";

Scene ask(Stage& stage, std::string_view request, std::string_view answer = {}) {
    const WirePtr client = stage.client(request);
    const WirePtr backend = stage.backend(1);
    backend->send(answer);
    stage.settle();
    return {client, backend};
}

Scene answered_in_part(Stage& stage, std::string_view first) {
    return ask(stage, get(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(first));
}

Scene idle(Stage& stage) { return {stage.client()}; }
Scene within_a_head(Stage& stage) { return {stage.client("GET / HTTP/1.1\r\nHo")}; }
Scene waiting(Stage& stage) { return ask(stage, get()); }
Scene within_its_body(Stage& stage) { return ask(stage, upload + "abc"); }
Scene at_a_busy_backend(Stage& stage) {
    Scene scene = ask(stage, upload);
    scene.backend->take_at_most(0);
    scene.client->send(std::string(200'000, 'x'));
    stage.settle();
    EXPECT_GT(scene.client->not_read(), 0U);
    return scene;
}
Scene not_connected(Stage& stage) {
    stage.network.listen(backend_address(1), Network::Reception::accept_later);
    return ask(stage, get());
}
Scene within_an_answer(Stage& stage) { return answered_in_part(stage, "3\r\nabc\r\n"); }
Scene at_an_idle_stream(Stage& stage) {
    Scene scene = answered_in_part(stage, "9\r\ndata: 1\n\n\r\n");
    scene.client->take();
    stage.pass(seconds(5));
    return scene;
}
Scene taking_nothing(Stage& stage) {
    Scene scene = ask(stage, get());
    scene.client->take_at_most(100);
    scene.backend->send(answer(std::string(100'000, 'x')));
    stage.settle();
    return scene;
}
Scene in_a_tunnel(Stage& stage) {
    const WirePtr client = stage.tunnel_client("hello");
    return {client, stage.backend(1)};
}
Scene in_a_full_tunnel(Stage& stage) {
    const Scene scene = in_a_tunnel(stage);
    scene.backend->take_at_most(0);
    scene.client->send(std::string(200'000, 'x'));
    stage.settle();
    return scene;
}
Scene upgraded(Stage& stage) {
    return ask(stage, get("/", "Connection: upgrade\r\nUpgrade: chat\r\n"),
               "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n");
}

// What an end of input means.
enum class Fin : uint8_t {
    ends,     // the connection at once: there is nothing to wait for
    waits,    // the client has its time
    changes,  // nothing: other rules hold
};

struct Row {
    const char* name;
    Scene (*scene)(Stage&);
    Fin fin;
    const char* status;  // in the log, of a client that is gone; null where no exchange has begun
};

const Row rows[] = {
    {"idle", idle, Fin::ends, nullptr},
    {"within a head", within_a_head, Fin::ends, nullptr},
    {"waiting", waiting, Fin::waits, "499"},
    {"within its body", within_its_body, Fin::ends, "499"},
    {"at a busy backend", at_a_busy_backend, Fin::changes, "499"},
    {"not connected", not_connected, Fin::waits, "499"},
    {"within an answer", within_an_answer, Fin::waits, "200"},
    {"at an idle stream", at_an_idle_stream, Fin::waits, "200"},
    {"taking nothing", taking_nothing, Fin::changes, "200"},
    {"in a tunnel", in_a_tunnel, Fin::changes, "-"},
    {"in a full tunnel", in_a_full_tunnel, Fin::changes, "-"},
    {"upgraded", upgraded, Fin::changes, "101"},
};

struct Table : Stage {
    Scene scene;

    explicit Table(const Row& row, uint32_t half_close_s = 2) {
        listen_with([&](auto& listener) {
            listener.set_client_half_close_timeout(half_close_s);
            listener.set_tunnel_timeout(86'400);
        });
        route_to_backends(1);
        tunnel_to_backends(1);
        scene = row.scene(*this);
        settle();
    }
    [[nodiscard]] bool over() const {
        const bool backend_told = scene.backend == nullptr || scene.backend->peer_closed();
        return scene.client->peer_closed() && backend_told && worker->context().running_exchanges() == 0;
    }
    [[nodiscard]] bool untouched() const {
        return !scene.client->peer_closed() && (scene.backend == nullptr || !scene.backend->peer_closed());
    }
};

std::string status_in(const std::string& log) {
    const size_t at = log.rfind(" | ");
    return log.substr(log.rfind(' ', at - 1) + 1, at - log.rfind(' ', at - 1) - 1);
}

TEST(GoneClients, that_reset_end_what_runs_at_once) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Table table(row);
        table.pass(milliseconds(100));
        ASSERT_TRUE(table.untouched());
        table.scene.client->reset();
        table.settle();
        EXPECT_TRUE(table.over());
        if (row.status == nullptr) continue;
        EXPECT_EQ(status_in(table.log()), row.status) << table.log();
    }
}

TEST(GoneClients, that_reset_before_they_are_watched_are_noticed_soon) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Table table(row);
        table.scene.client->reset();
        table.pass(milliseconds(100));
        EXPECT_TRUE(table.over());
    }
}

TEST(GoneClients, that_ended_their_input_have_two_seconds) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Table table(row);
        table.scene.client->finish();
        table.pass(milliseconds(100));
        EXPECT_EQ(table.over(), row.fin == Fin::ends);
        table.pass(milliseconds(1850));
        EXPECT_EQ(table.over(), row.fin == Fin::ends);
        table.pass(milliseconds(200));
        EXPECT_EQ(table.over(), row.fin != Fin::changes);
        if (row.fin == Fin::changes || row.status == nullptr) continue;
        EXPECT_EQ(status_in(table.log()), row.status) << table.log();
        EXPECT_EQ(table.log().contains("client_half_close_timeout"), row.fin == Fin::waits);
        // What was cut off must not look whole.
        EXPECT_EQ(table.scene.client->peer_reset(), row.status == std::string_view("200"));
    }
}

TEST(GoneClients, that_closed_are_known_by_the_reset_that_answers_what_they_get) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        if (row.fin != Fin::waits || row.scene == not_connected) continue;
        Table table(row);
        table.scene.client->finish();
        table.pass(seconds(1));
        const bool began = std::string_view(row.status) == "200";
        table.scene.backend->send(began ? "3\r\nabc\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        table.settle();
        EXPECT_TRUE(table.untouched());
        table.scene.client->reset();
        table.settle();
        EXPECT_TRUE(table.over());
    }
}

TEST(GoneClients, may_have_no_time_at_all) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Table table(row, 0);
        table.pass(milliseconds(100));
        table.scene.client->finish();
        table.pass(milliseconds(1));
        EXPECT_EQ(table.over(), row.fin != Fin::changes);
    }
}

TEST(GoneClients, may_have_all_the_time_that_others_have) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        if (row.fin != Fin::waits || row.scene == not_connected) continue;
        Table table(row, UINT32_MAX);
        table.scene.client->finish();
        table.pass(seconds(20));
        EXPECT_TRUE(table.untouched());
    }
}

TEST(HalfClosedClients, get_an_answer_that_keeps_coming_however_long_it_is) {
    Stage stage;
    stage.route_to_backends(1);
    const Scene scene = answered_in_part(stage, "");
    scene.client->finish();
    for (int second = 0; second < 30; ++second) {
        stage.pass(seconds(1));
        scene.backend->send("3\r\nabc\r\n");
    }
    scene.backend->send("0\r\n\r\n");
    stage.settle();
    const Message got = take_answer(scene.client);
    EXPECT_TRUE(got.whole);
    EXPECT_EQ(got.body.size(), 90U);
    EXPECT_EQ(stage.worker->pool().size(), 1U);
}

TEST(HalfClosedClients, may_take_their_answer_slowly) {
    Stage stage;
    stage.route_to_backends(1);
    const Scene scene = taking_nothing(stage);
    scene.client->finish();
    std::string got;
    for (int n = 0; n < 10; ++n) {
        stage.pass(seconds(10));
        got += scene.client->take();
    }
    scene.client->take_at_most(SIZE_MAX);
    for (stage.settle(); !scene.client->received().empty(); stage.settle()) got += scene.client->take();
    EXPECT_TRUE(read_answer(got).whole);
}

TEST(HalfClosedClients, have_their_time_anew_for_each_request_that_they_pipelined) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/1") + get("/2") + get("/3"));
    client->finish();
    const WirePtr backend = stage.backend(1);
    for (int n = 0; n < 3; ++n) {
        stage.pass(milliseconds(1500));
        ASSERT_TRUE(take_request(backend).whole);
        backend->send(answer("x"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "x");
    }
    EXPECT_TRUE(client->saw_end());
}

TEST(HalfClosedClients, of_an_upload_have_their_time_from_its_end_on) {
    Stage stage;
    stage.route_to_backends(1);
    const Scene scene = at_a_busy_backend(stage);
    scene.client->send(std::string(100'000, 'x'));
    scene.client->finish();
    stage.pass(seconds(10));
    scene.backend->take_at_most(SIZE_MAX);
    std::string request;
    for (stage.settle(); !scene.backend->received().empty(); stage.settle()) request += scene.backend->take();
    EXPECT_TRUE(read_request(request).whole);
    stage.pass(milliseconds(1900));
    EXPECT_FALSE(scene.client->peer_closed());
    stage.pass(milliseconds(200));
    EXPECT_TRUE(scene.client->peer_closed());
    EXPECT_TRUE(scene.backend->peer_closed());
}

TEST(HalfClosedClients, of_many_streams_have_the_same_time) {
    Stage stage;
    stage.route_to_backends(1);
    for (const bool resets : {false, true}) {
        SCOPED_TRACE(resets);
        const WirePtr client = stage.stream_client("H 1 GET /\n");
        const WirePtr backend = stage.backend(1);
        stage.pass(milliseconds(100));
        resets ? client->reset() : client->finish();
        stage.settle();
        EXPECT_EQ(backend->peer_closed(), resets);
        stage.pass(milliseconds(2100));
        EXPECT_TRUE(backend->peer_closed());
        EXPECT_TRUE(client->peer_closed());
    }
}

TEST(GoneClients, count_no_more_for_their_source) {
    command::Request limit;
    limit.mutable_add_cluster()->set_cluster_id("c");
    limit.mutable_add_cluster()->set_max_connections_per_ip(1);
    for (const bool resets : {true, false}) {
        SCOPED_TRACE(resets);
        Stage stage;
        ASSERT_TRUE(stage.change({limit}).has_done());
        stage.route_to_backends(1);
        const Scene first = waiting(stage);
        stage.pass(milliseconds(100));
        resets ? first.client->reset() : first.client->finish();
        stage.pass(milliseconds(2100));
        const WirePtr second = stage.client(get());
        const WirePtr backend = stage.backend(1);
        backend->send(answer("x"));
        stage.settle();
        EXPECT_EQ(take_answer(second).body, "x");
    }
}

}  // namespace
}  // namespace seki::stage
