// Tunnels that move from one worker to another, wherever they are in what they carry: each byte arrives once and in
// order, ends stay ends, and what counts and logs them is right in both.

#include "stage/moving_tunnel.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "stage/message.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;

TEST(MovingTunnel, goes_on_in_the_other_worker_and_is_gone_from_the_first) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    move(from, to);
    EXPECT_EQ(from.worker->sessions().size(), 0U);
    EXPECT_EQ(from.tunnels().tcp, 0U);
    EXPECT_EQ(from.worker->context().running_exchanges(), 0U);
    EXPECT_EQ(to.worker->sessions().clients(), 1U);
    EXPECT_EQ(to.backends(), 1U);
    EXPECT_EQ(to.tunnels().tcp, 1U);
    EXPECT_EQ(to.worker->context().running_exchanges(), 1U);
    pair.works_through(from, to);
    EXPECT_FALSE(pair.client->saw_end());
    pair.client->finish();
    settle(from, to);
    EXPECT_TRUE(pair.backend->received().empty() && pair.backend->saw_end());
    EXPECT_FALSE(pair.client->saw_end());
    pair.backend->send("last");
    pair.backend->finish();
    settle(from, to);
    EXPECT_EQ(pair.client->take(), "last");
    EXPECT_TRUE(pair.client->received().empty() && pair.client->saw_end());
    EXPECT_EQ(to.worker->sessions().size(), 0U);
}

TEST(MovingTunnel, has_one_line_in_the_log_that_tells_of_all_of_it) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    for (TunnelScene* scene : {&from, &to}) scene->pass(seconds(7));
    move(from, to);
    pair.works_through(from, to);
    to.pass(seconds(5));
    pair.client->finish();
    pair.backend->finish();
    settle(from, to);
    EXPECT_EQ(from.log().find("TCP"), std::string::npos) << from.log();
    const std::string line = to.log();
    EXPECT_NE(line.find("192.0.2.1:40000"), std::string::npos) << line;
    EXPECT_NE(line.find("10.0.0.1:80"), std::string::npos) << line;
    EXPECT_NE(line.find("c b1"), std::string::npos) << line;
    EXPECT_NE(line.find(" 12s/0ns/12s/-/- 19 13 "), std::string::npos) << line;
}

TEST(MovingTunnel, that_is_half_closed_stays_so) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    pair.client->finish();
    from.settle();
    EXPECT_TRUE(pair.backend->received().empty() && pair.backend->peer_finished());
    move(from, to);
    ASSERT_EQ(to.tunnels().tcp, 1U);
    pair.backend->send("answer");
    settle(from, to);
    EXPECT_EQ(pair.client->take(), "answer");
    EXPECT_FALSE(pair.client->saw_end());
    pair.backend->finish();
    settle(from, to);
    EXPECT_TRUE(pair.client->received().empty() && pair.client->saw_end());
    EXPECT_EQ(to.worker->sessions().size(), 0U);
}

TEST(MovingTunnel, takes_along_what_nobody_has_taken_yet_and_the_end_behind_it) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    const std::string up = tagged_body(1, 30'000);
    pair.backend->take_at_most(1000);
    pair.client->send(up);
    pair.client->finish();
    from.settle();
    move(from, to);
    ASSERT_EQ(to.tunnels().tcp, 1U);
    pair.backend->take_at_most(SIZE_MAX);
    std::string got;
    for (settle(from, to); !pair.backend->received().empty(); settle(from, to)) got += pair.backend->take();
    EXPECT_TRUE(got == up);
    EXPECT_TRUE(pair.backend->saw_end());
    EXPECT_FALSE(pair.client->saw_end());
}

TEST(MovingTunnel, takes_along_a_pipe_with_what_is_in_it) {
    TunnelScene from({}, 300'000);
    TunnelScene to({}, 300'000);
    const Pair pair(from);
    const std::string up = tagged_body(1, 2'000'000);
    pair.backend->take_at_most(1000);
    pair.client->send(up);
    from.settle();
    ASSERT_EQ(from.worker->pipes().in_use(), 1U);
    move(from, to);
    EXPECT_EQ(from.worker->pipes().in_use(), 0U);
    ASSERT_EQ(to.worker->pipes().in_use(), 1U);
    pair.backend->take_at_most(SIZE_MAX);
    pair.client->finish();
    std::string got;
    for (settle(from, to); !pair.backend->received().empty(); settle(from, to)) got += pair.backend->take();
    EXPECT_TRUE(got == up);
    EXPECT_TRUE(pair.backend->saw_end());
    EXPECT_EQ(to.worker->pipes().in_use(), 0U);
}

TEST(MovingTunnel, that_the_other_worker_refuses_goes_on_where_it_is) {
    TunnelScene from;
    TunnelScene full(Stage::Options{.max_connections = 1});
    const Pair other(full);
    const Pair pair(from);
    move(from, full);
    EXPECT_EQ(from.tunnels().tcp, 1U);
    EXPECT_EQ(full.tunnels().tcp, 1U);
    pair.works_through(from, full);
    other.works_through(from, full);
}

TEST(MovingTunnel, is_one_of_as_many_as_are_asked_for) {
    TunnelScene from;
    TunnelScene to;
    std::vector<Pair> pairs;
    for (int count = 0; count < 10; ++count) pairs.emplace_back(from);
    auto [ours, its] = socket_pair();
    ASSERT_TRUE(take_over(to, std::move(its)));
    worker::Order order;
    order.mutable_hand_over()->set_most(4);
    order_with(from, order, std::move(ours));
    settle(from, to);
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 6U);
    EXPECT_EQ(to.tunnels().tcp, 4U);
    for (const Pair& pair : pairs) pair.works_through(from, to);
    from.pass(seconds(1));
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 6U) << "and nobody else later";
}

TEST(MovingTunnel, goes_on_where_it_is_when_the_other_worker_goes_or_is_silent) {
    for (const bool silent : {false, true}) {
        TunnelScene from;
        TunnelScene owner;
        const Pair pair(from);
        auto [ours, its] = socket_pair();
        hand_over(from, std::move(ours));
        from.settle();
        pair.client->send("to the backend");
        from.settle();
        EXPECT_EQ(pair.backend->take(), "") << "nobody reads what is given";
        if (silent) {
            for (int count = 0; count < 2; ++count) from.pass(seconds(1));
        } else {
            its.reset();
            from.settle();
        }
        EXPECT_EQ(pair.backend->take(), "to the backend");
        pair.works_through(owner, from);
    }
}

TEST(MovingTunnel, is_dropped_by_who_took_it_when_it_is_not_said_to_be_his) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    auto [ours, its] = socket_pair();
    ASSERT_TRUE(take_over(to, std::move(its)));
    hand_over(from, std::move(ours));
    from.settle();
    to.settle();
    EXPECT_EQ(to.tunnels().tcp, 1U);
    // The giver does not hear of it any more, and gives up.
    from.clock.advance(seconds(2));
    worker::Order other;
    auto [again, nobody] = socket_pair();
    hand_over(from, std::move(again));
    settle(from, to);
    EXPECT_EQ(to.tunnels().tcp, 0U);
    EXPECT_EQ(to.worker->sessions().size(), 0U);
    nobody.reset();
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 1U);
    pair.works_through(to, from);
}

TEST(MovingTunnel, goes_on_where_it_is_when_the_worker_that_took_it_is_stopped) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    begin_to_move(from, to);
    from.settle();
    to.settle();
    EXPECT_EQ(to.tunnels().tcp, 1U);
    to.worker->stop(true);
    to.settle();
    EXPECT_TRUE(to.worker->done());
    EXPECT_EQ(to.worker->sessions().size(), 0U);
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 1U) << "nobody told it that the tunnel is its own";
    pair.works_through(to, from);
}

TEST(MovingTunnel, ends_when_its_own_worker_is_stopped_before_it_is_taken) {
    TunnelScene from;
    const Pair pair(from);
    auto [ours, its] = socket_pair();
    hand_over(from, std::move(ours));
    from.settle();
    from.worker->stop(true);
    from.settle();
    EXPECT_FALSE(from.worker->done()) << "the other one may have it";
    its.reset();
    from.settle();
    EXPECT_TRUE(from.worker->done());
    EXPECT_TRUE(pair.client->peer_reset());
    EXPECT_TRUE(pair.backend->received().empty() && pair.backend->peer_finished());
}

TEST(MovingTunnel, has_been_idle_as_long_as_it_was) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    from.pass(seconds(20));
    to.pass(seconds(20));
    move(from, to);
    to.pass(seconds(9));
    EXPECT_EQ(to.tunnels().tcp, 1U);
    to.pass(seconds(2));
    EXPECT_EQ(to.tunnels().tcp, 0U);
}

TEST(MovingTunnel, counts_among_those_of_its_source_all_the_way) {
    TunnelScene from;
    TunnelScene to;
    for (TunnelScene* scene : {&from, &to}) scene->at_most(1);
    const Pair pair(from);
    begin_to_move(from, to);
    from.settle();
    EXPECT_EQ(from.counted(), 1U) << "given";
    to.settle();
    EXPECT_EQ(to.counted(), 1U) << "taken";
    EXPECT_EQ(from.counted(), 1U) << "and not let go of";
    settle(from, to);
    EXPECT_EQ(from.counted(), 0U);
    EXPECT_EQ(to.counted(), 1U);
    const WirePtr newcomer = to.tunnel_client("x");
    to.settle();
    EXPECT_TRUE(newcomer->saw_end());
    pair.works_through(from, to);
}

TEST(MovingTunnel, loads_the_backend_of_the_other_worker) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    move(from, to);
    const auto backend = to.worker->listener(Stage::tcp)->routes->tunnel->cluster->backends.backends().front();
    EXPECT_EQ(backend->connections, 1U);
    EXPECT_EQ(backend->exchanges, 1U);
    pair.client->finish();
    pair.backend->finish();
    settle(from, to);
    EXPECT_EQ(backend->connections, 0U);
    EXPECT_EQ(backend->exchanges, 0U);
}

TEST(MovingTunnel, goes_on_under_the_names_of_what_is_gone) {
    TunnelScene from;
    Stage to;
    to.network.use_sockets();
    const Pair one(from);
    const Pair two(from);
    begin_to_move(from, to);
    settle(from, to);
    EXPECT_EQ(to.worker->context().tunnels.tcp, 2U);
    for (const Pair* pair : {&one, &two}) {
        pair->client->send("on");
        settle(from, to);
        EXPECT_EQ(pair->backend->take(), "on");
        pair->client->finish();
        pair->backend->finish();
        settle(from, to);
    }
    EXPECT_NE(to.log().find("c b1"), std::string::npos) << to.log();
}

TEST(MovingTunnel, begins_to_move_when_its_backend_is_reached) {
    TunnelScene from;
    TunnelScene to;
    from.network.listen(backend_address(1), Network::Reception::accept_later);
    const WirePtr client = from.tunnel_client("hello");
    from.settle();
    move(from, to);
    EXPECT_EQ(to.tunnels().tcp, 0U);
    const WirePtr backend = from.backend(1);
    backend->establish();
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 0U);
    EXPECT_EQ(to.tunnels().tcp, 1U);
    EXPECT_EQ(backend->take(), "hello");
}

const std::string upgrade = get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n");
const std::string switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";

TEST(MovingTunnel, of_an_upgrade_moves_when_it_is_one) {
    TunnelScene from;
    TunnelScene to;
    const WirePtr client = from.client(upgrade);
    const WirePtr backend = from.backend(1);
    EXPECT_TRUE(take_request(backend).whole);
    move(from, to);
    EXPECT_EQ(from.worker->context().running_exchanges(), 1U);
    backend->send(switching + "welcome");
    settle(from, to);
    EXPECT_EQ(from.worker->sessions().clients(), 0U);
    EXPECT_EQ(from.tunnels().upgraded, 0U);
    EXPECT_EQ(to.tunnels().upgraded, 1U);
    const std::string got = client->take();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 101") && got.ends_with("\r\n\r\nwelcome")) << got;
    client->send("more");
    backend->send("to come");
    settle(from, to);
    EXPECT_EQ(backend->take(), "more");
    EXPECT_EQ(client->take(), "to come");
    client->finish();
    backend->finish();
    settle(from, to);
    EXPECT_TRUE(client->received().empty() && client->saw_end());
    const std::string line = to.log();
    EXPECT_NE(line.find("WS"), std::string::npos) << line;
    EXPECT_NE(line.find("/chat"), std::string::npos) << line;
    EXPECT_NE(line.find("101"), std::string::npos) << line;
}

}  // namespace
}  // namespace seki::stage
