// Requests for which there is no exchange at the moment: in the next turn there may be one, but not for ever.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

constexpr std::string_view refused = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
constexpr int pipelined = 200;

// There is one exchange.
struct Crowded : testing::Test {
    static Stage::Options options() {
        Stage::Options options;
        options.max_buffers = 3;
        return options;
    }
    Stage stage{options()};

    // In each turn somebody new comes first.
    void newcomers(int turns) {
        for (int n = 0; n < turns; ++n) {
            const WirePtr client = stage.client(refused);
            stage.loop.turn(Duration::zero());
        }
    }
};

TEST_F(Crowded, workers_serve_who_waits_before_those_who_have_had_their_turn) {
    std::string requests;
    for (int n = 0; n < pipelined; ++n) requests += refused;
    const WirePtr greedy = stage.client(requests);
    const WirePtr client = stage.client(refused);
    for (int n = 0; n < 5; ++n) stage.loop.turn(Duration::zero());
    EXPECT_EQ(take_answer(client).status(), 404);
    EXPECT_LT(greedy->received().size(), 10'000U) << "it is far from done";
    stage.settle();
    for (int n = 0; n < pipelined; ++n) ASSERT_EQ(take_answer(greedy).status(), 404) << n;
}

TEST_F(Crowded, workers_answer_who_waits_behind_others_for_long_with_503) {
    stage.route_to_backends(1);
    const WirePtr first = stage.client(refused);
    const WirePtr client = stage.client(get());
    newcomers(12);
    EXPECT_TRUE(client->received().empty());
    newcomers(12);
    EXPECT_EQ(take_answer(client).status(), 503);
    EXPECT_TRUE(client->peer_finished());
}

TEST_F(Crowded, workers_close_tunnels_that_wait_behind_others_for_long) {
    stage.tunnel_to_backends(1);
    const WirePtr first = stage.client(refused);
    const WirePtr client = stage.tunnel_client("hello");
    newcomers(12);
    EXPECT_FALSE(client->peer_closed());
    newcomers(12);
    EXPECT_TRUE(client->peer_closed());
}

TEST_F(Crowded, workers_reset_streams_that_wait_behind_others_for_long) {
    stage.route_to_backends(1);
    const WirePtr first = stage.client(refused);
    const WirePtr client = stage.stream_client("H 7 GET /x\n");
    newcomers(24);
    EXPECT_EQ(client->take(), "r 7\n");
}

TEST_F(Crowded, workers_serve_who_waits_only_for_a_turn) {
    stage.route_to_backends(1);
    const WirePtr first = stage.client(refused);
    const WirePtr client = stage.client(get());
    EXPECT_TRUE(take_request(stage.backend(1)).whole);
    EXPECT_EQ(take_answer(first).status(), 404);
    EXPECT_TRUE(client->received().empty());
}

TEST(RequestsThatWaitForAPassword, are_answered_with_503_where_no_memory_is_left_to_keep_them) {
    Stage::Options options;
    options.max_connections = 1;  // and so there is one small buffer
    options.max_buffers = 2;
    Stage stage(options);
    command::Request rule = add_frontend("c", "a");
    rule.mutable_add_http_frontend()->set_required_auth(true);
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->add_authorized_hashes("slow:$6$salt$hash");
    ASSERT_TRUE(stage.change({cluster, rule}).has_done());
    const WirePtr client = stage.client(get("/", "Authorization: Basic c2xvdzpmb28=\r\n"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 503);
    EXPECT_NE(stage.log().find(" 503 | no buffer to keep the request"), std::string::npos) << stage.log();
    stage.hasher.finish("foo");
    stage.settle();
}

}  // namespace
}  // namespace seki::stage
