// What becomes of connections when an operator closes the sessions of a cluster, or of one of its backends.

#include <gtest/gtest.h>
#include <string>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"
#include "worker/session_orders.h"

namespace seki::stage {
namespace {

std::string get_from(std::string_view host) { return fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host); }

// Host "a" leads to cluster "c" with backend 1, host "b" to cluster "d" with backend 2.
struct Closing : testing::Test {
    Stage stage;

    Closing() {
        stage.route_to_backends(1);
        stage.network.listen(backend_address(2));
        EXPECT_TRUE(stage.change({add_frontend("d", "b"), add_backend("d", 2)}).has_done());
    }

    // "<closed> <draining>"
    std::string close(const std::string& cluster, std::string_view backend = {}) {
        worker::Order order;
        order.set_id(9);
        command::CloseSessions& asked = *order.mutable_query()->mutable_close_sessions();
        asked.set_cluster_id(cluster);
        if (!backend.empty()) asked.set_backend_id(std::string(backend));
        const worker::Report report = stage.order(std::move(order));
        const auto& done = report.answer().response().content().closed_sessions();
        stage.settle();
        return fmt::format("{} {}", done.closed(), done.draining());
    }
    WirePtr served(std::string_view host, uint8_t backend_number) {
        const WirePtr client = stage.client(get_from(host));
        const WirePtr backend = stage.backend(backend_number);
        take_request(backend);
        backend->send(answer("hi"));
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 200);
        backends.push_back(backend);
        return client;
    }
    std::vector<WirePtr> backends;
};

TEST_F(Closing, idle_clients_of_the_cluster_go_at_once_and_with_them_idle_connections_to_backends) {
    const WirePtr mine = served("a", 1);
    const WirePtr other = served("b", 2);
    const WirePtr silent = stage.client();
    EXPECT_EQ(close("c"), "1 0");
    EXPECT_TRUE(mine->saw_end());
    EXPECT_FALSE(other->saw_end() || silent->saw_end());
    EXPECT_TRUE(backends[0]->saw_end());
    EXPECT_FALSE(backends[1]->saw_end());
    EXPECT_EQ(close("c"), "0 0");
    EXPECT_EQ(close("nobody"), "0 0");
}

TEST_F(Closing, requests_that_run_are_the_last_ones_of_their_connections) {
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(close("c"), "0 1");
    client->send("cd");
    stage.settle();
    EXPECT_EQ(take_request(backend).body, "abcd");
    backend->send(answer("served"));
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.body, "served");
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_TRUE(client->saw_end());
    stage.client(get());
    EXPECT_TRUE(take_request(stage.backend(1)).whole) << "over a connection of its own";
}

TEST_F(Closing, an_answer_that_has_begun_is_sent_to_its_end) {
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    stage.settle();
    EXPECT_EQ(close("c"), "0 1");
    backend->send("cd");
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "abcd");
    EXPECT_TRUE(client->saw_end());
}

TEST_F(Closing, tunnels_are_cut) {
    stage.tunnel_to_backends(1);
    const WirePtr tunnel = stage.tunnel_client("hello");
    EXPECT_EQ(stage.backend(1)->take(), "hello");
    const WirePtr chat = stage.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    stage.settle();
    EXPECT_EQ(close("c"), "2 0");
    EXPECT_TRUE(tunnel->peer_reset());
    EXPECT_TRUE(chat->peer_reset());
}

TEST_F(Closing, of_one_backend_leaves_those_of_others_alone) {
    stage.network.listen(backend_address(3));
    command::Request second = add_backend("c", 3);
    ASSERT_TRUE(stage.change({second}).has_done());
    const WirePtr first_client = stage.client(get());
    const WirePtr second_client = stage.client(get());
    const WirePtr first = stage.backend(1);
    const WirePtr other = stage.backend(3);
    EXPECT_EQ(close("c", second.add_backend().backend_id()), "0 1");
    for (const WirePtr& backend : {first, other}) {
        take_request(backend);
        backend->send(answer("hi"));
    }
    stage.settle();
    EXPECT_FALSE(first_client->saw_end());
    EXPECT_TRUE(second_client->saw_end());
    EXPECT_FALSE(first->saw_end());
    EXPECT_TRUE(other->saw_end()) << "its connection serves nobody else";
    EXPECT_EQ(close("c", "unknown"), "0 0");
}

TEST_F(Closing, streams_end_with_what_runs_on_them) {
    const WirePtr streams = stage.stream_client("H 1 GET a/\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(close("c"), "0 1");
    take_request(backend);
    backend->send(answer("hi"));
    stage.settle();
    EXPECT_TRUE(streams->received().contains("h 1 200")) << streams->received();
    EXPECT_TRUE(streams->saw_end());
}

}  // namespace
}  // namespace seki::stage
