// Requests for which there is no exchange at the moment: in the next turn there may be one, but not for ever.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

constexpr std::string_view refused = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
constexpr int pipelined = 200;

// There is one exchange, and a client that was first asks for it again in every turn.
struct Crowded : testing::Test {
    static Stage::Options options() {
        Stage::Options options;
        options.max_buffers = 3;
        return options;
    }
    Stage stage{options()};

    WirePtr pipeliner() {
        std::string requests;
        for (int n = 0; n < pipelined; ++n) requests += refused;
        return stage.client(requests);
    }
    // After a number of turns that is a part of those that the pipeliner needs.
    void some_turns() {
        for (int n = 0; n < pipelined / 4; ++n) stage.loop.turn(Duration::zero());
    }
};

TEST_F(Crowded, workers_answer_who_waits_behind_others_for_long_with_503) {
    stage.route_to_backends(1);
    const WirePtr first = pipeliner();
    const WirePtr client = stage.client(get());
    some_turns();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 503);
    EXPECT_TRUE(client->peer_finished());
    stage.settle();
    int answers = 0;
    while (take_answer(first).status() == 404) ++answers;
    EXPECT_EQ(answers, pipelined);
}

TEST_F(Crowded, workers_close_tunnels_that_wait_behind_others_for_long) {
    stage.tunnel_to_backends(1);
    const WirePtr first = pipeliner();
    const WirePtr client = stage.tunnel_client("hello");
    some_turns();
    EXPECT_TRUE(client->peer_closed());
    stage.settle();
}

TEST_F(Crowded, workers_reset_streams_that_wait_behind_others_for_long) {
    stage.route_to_backends(1);
    const WirePtr first = pipeliner();
    const WirePtr client = stage.stream_client("H 7 GET /x\n");
    some_turns();
    EXPECT_EQ(client->take(), "r 7\n");
    stage.settle();
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
    EXPECT_TRUE(client->peer_finished());
    EXPECT_NE(stage.log().find(" 503 | no buffers"), std::string::npos) << stage.log();
    stage.hasher.finish("foo");
    stage.settle();
}

}  // namespace
}  // namespace seki::stage
