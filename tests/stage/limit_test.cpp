// What one source may have of a cluster: connections, and requests in a time.

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <sys/stat.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using observe::Counter;
using std::chrono::milliseconds;
using std::chrono::seconds;

command::Request cluster(const std::string& id, const std::function<void(command::Cluster&)>& fill) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id(id);
    fill(*request.mutable_add_cluster());
    return request;
}

command::Request at_most(const std::string& id, uint64_t connections, std::optional<uint32_t> retry_after = {}) {
    return cluster(id, [&](command::Cluster& config) {
        config.set_max_connections_per_ip(connections);
        if (retry_after) config.set_retry_after(*retry_after);
    });
}

command::Request at_rate(const std::string& id, uint32_t per_second, uint32_t burst) {
    return cluster(id, [&](command::Cluster& config) {
        config.mutable_rate_limit()->set_requests_per_second(per_second);
        config.mutable_rate_limit()->set_burst(burst);
    });
}

std::string get_from(std::string_view host) { return fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host); }

// Host "a" leads to cluster "c" with backend 1, host "b" to cluster "d" with backend 2.
struct Limits : testing::Test {
    Stage stage;

    Limits() {
        stage.route_to_backends(1);
        stage.network.listen(backend_address(2));
        EXPECT_TRUE(stage.change({add_frontend("d", "b"), add_backend("d", 2)}).has_done());
    }

    void change(const command::Request& request) { ASSERT_TRUE(stage.change({request}).has_done()); }

    // The answer to a request that a client sends; backends answer at once.
    Message ask(const WirePtr& client, std::string_view request = get_from("a")) {
        client->send(request);
        stage.settle();
        for (const uint8_t n : {1, 2}) {
            while (stage.has_connection(n)) backends_.push_back(stage.backend(n));
        }
        for (const WirePtr& backend : backends_) {
            while (take_request(backend).whole) backend->send(answer("served"));
        }
        stage.settle();
        return take_answer(client);
    }
    int status(const WirePtr& client, std::string_view host = "a") { return ask(client, get_from(host)).status(); }

    uint64_t count(Counter counter) { return stage.metrics.value(counter); }

private:
    std::vector<WirePtr> backends_;
};

TEST_F(Limits, of_connections_answer_one_too_many_with_429) {
    change(at_most("c", 2));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    const WirePtr third = stage.client();
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(status(second), 200);
    const Message refused = ask(third);
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.first_line, "HTTP/1.1 429 Too Many Requests");
    EXPECT_EQ(refused.field("Retry-After"), "60");
    EXPECT_TRUE(refused.whole);
    EXPECT_FALSE(third->peer_finished());
    EXPECT_EQ(status(stage.client_from(2)), 200) << "another source";

    EXPECT_EQ(count(Counter::connections_over_limit), 1U);
    EXPECT_EQ(count(Counter::requests_over_limit), 0U);
    EXPECT_EQ(count(Counter::http_429_errors), 1U);
    EXPECT_EQ(stage.metrics.cluster("c")->counters[static_cast<size_t>(observe::SeriesCounter::connections_over_limit)],
              1U);
    EXPECT_NE(stage.log().find(" 429 | connection limit"), std::string::npos);
}

TEST_F(Limits, of_connections_count_a_connection_once_however_many_requests_it_makes) {
    change(at_most("c", 2));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    for (int times = 0; times < 5; ++times) {
        EXPECT_EQ(status(first), 200);
        EXPECT_EQ(status(second), 200);
    }
}

TEST_F(Limits, of_connections_have_room_again_when_one_has_ended) {
    change(at_most("c", 1));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(status(second), 429);
    first->finish();
    stage.settle();
    EXPECT_TRUE(first->peer_closed());
    EXPECT_EQ(status(second), 200) << "the connection that was refused is as good as before";
    const WirePtr third = stage.client();
    EXPECT_EQ(status(third), 429);
    second->reset();
    EXPECT_EQ(status(third), 200);
}

TEST_F(Limits, of_connections_follow_a_connection_from_cluster_to_cluster) {
    change(at_most("c", 1));
    change(at_most("d", 1));
    const WirePtr first = stage.client();
    EXPECT_EQ(status(first, "a"), 200);
    EXPECT_EQ(status(first, "b"), 200);
    const WirePtr second = stage.client();
    EXPECT_EQ(status(second, "a"), 200) << "the first one has left";
    EXPECT_EQ(status(first, "a"), 429);
    EXPECT_EQ(status(second, "b"), 429) << "and is where it was";
    EXPECT_EQ(status(first, "b"), 200);
}

TEST_F(Limits, of_connections_let_go_of_who_goes_where_there_is_none) {
    change(at_most("c", 1));
    const WirePtr first = stage.client();
    EXPECT_EQ(status(first, "a"), 200);
    EXPECT_EQ(status(first, "b"), 200);
    EXPECT_EQ(status(stage.client(), "a"), 200);
}

TEST_F(Limits, of_connections_say_when_to_come_again_as_the_cluster_wants) {
    change(at_most("c", 1, 7));
    change(at_most("d", 1, 0));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(first, "a"), 200);
    EXPECT_EQ(status(second, "b"), 200);
    EXPECT_EQ(ask(second, get_from("a")).field("Retry-After"), "7");
    const Message without = ask(first, get_from("b"));
    EXPECT_EQ(without.status(), 429);
    EXPECT_FALSE(without.has("Retry-After"));
}

TEST_F(Limits, of_connections_for_all_clusters_hold_where_a_cluster_has_none_of_its_own) {
    proxy::Settings& settings = stage.worker->context().settings;
    settings.max_connections_per_source = 1;
    settings.retry_after_s = 5;
    change(at_most("d", 0));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(first, "a"), 200);
    EXPECT_EQ(ask(second, get_from("a")).field("Retry-After"), "5");
    EXPECT_EQ(status(first, "b"), 200) << "0 lifts the limit for this cluster";
    EXPECT_EQ(status(second, "b"), 200);
}

TEST_F(Limits, of_connections_of_a_network_count_all_its_addresses) {
    stage.worker->context().settings.subnet_prefix_v4 = 31;
    change(cluster("c", [](command::Cluster& config) { config.set_max_connections_per_subnet(2); }));
    const WirePtr two = stage.client_from(2);
    const WirePtr three = stage.client_from(3);
    EXPECT_EQ(status(two), 200);
    EXPECT_EQ(status(three), 200);
    EXPECT_EQ(status(two), 200) << "it counts once";
    const WirePtr refused = stage.client_from(2);
    EXPECT_EQ(status(refused), 429);
    EXPECT_EQ(status(stage.client_from(4)), 200) << "of another network";
    EXPECT_EQ(status(stage.client_from(2), "b"), 200) << "to another cluster";
    three->finish();
    stage.settle();
    EXPECT_EQ(status(refused), 200);
    EXPECT_NE(stage.log().find("connection limit of the subnet"), std::string::npos);
    EXPECT_EQ(count(Counter::connections_over_limit), 1U);
}

TEST_F(Limits, of_connections_of_a_network_and_of_an_address_must_both_have_room) {
    stage.worker->context().settings.subnet_prefix_v4 = 24;
    change(cluster("c", [](command::Cluster& config) {
        config.set_max_connections_per_subnet(2);
        config.set_max_connections_per_ip(1);
    }));
    const WirePtr two = stage.client_from(2);
    EXPECT_EQ(status(two), 200);
    EXPECT_EQ(status(stage.client_from(2)), 429) << "of the address";
    EXPECT_EQ(status(stage.client_from(3)), 200);
    EXPECT_EQ(status(stage.client_from(4)), 429) << "of the network";
    EXPECT_EQ(stage.worker->context().source_counts.held(), 4U) << "who is refused holds no place in either";
    two->finish();
    stage.settle();
    EXPECT_EQ(status(stage.client_from(4)), 200);
}

TEST_F(Limits, of_connections_of_a_network_count_whoever_is_there_when_they_are_set) {
    stage.worker->context().settings.subnet_prefix_v4 = 24;
    const WirePtr two = stage.client_from(2);
    const WirePtr three = stage.client_from(3);
    EXPECT_EQ(status(two), 200);
    EXPECT_EQ(status(three), 200);
    command::Request all;
    all.set_set_max_connections_per_subnet(2);
    change(all);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 2U);
    EXPECT_EQ(status(stage.client_from(4)), 429);
    change(cluster("c", [](command::Cluster& config) { config.set_max_connections_per_subnet(0); }));
    EXPECT_EQ(status(stage.client_from(4)), 200) << "0 lifts the limit for this cluster";
    all.set_set_max_connections_per_subnet(0);
    change(all);
    EXPECT_EQ(status(two), 200);
    EXPECT_EQ(status(three), 200);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 0U);
}

TEST_F(Limits, of_connections_may_be_set_while_connections_are_there) {
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(status(second), 200);
    change(at_most("c", 1));
    EXPECT_EQ(status(stage.client()), 429) << "there are two already";
    EXPECT_EQ(status(second), 200) << "who may stay";
    EXPECT_EQ(status(first), 200);
    first->finish();
    stage.settle();
    EXPECT_EQ(status(stage.client()), 429);
    second->finish();
    stage.settle();
    EXPECT_EQ(status(stage.client()), 200);
}

TEST_F(Limits, of_connections_may_be_lifted_while_connections_are_there) {
    change(at_most("c", 1));
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(status(second), 429);
    change(at_most("c", 0));
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(status(second), 200);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 0U);
}

TEST_F(Limits, of_connections_count_whoever_is_there_when_they_are_set) {
    const WirePtr upgraded = stage.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    const WirePtr chat = stage.backend(1);
    chat->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    const WirePtr running = stage.client(get("/slow"));
    const WirePtr slow = stage.backend(1);
    const WirePtr idle = stage.client();
    EXPECT_EQ(status(idle), 200);
    const WirePtr left = stage.client();
    EXPECT_EQ(status(left, "a"), 200);
    EXPECT_EQ(status(left, "b"), 200);
    const WirePtr silent = stage.client();
    stage.settle();
    command::Request all;
    all.set_set_max_connections_per_ip(4);
    change(all);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 4U) << "of which one is of the other cluster";
    EXPECT_EQ(status(silent), 200) << "it was nowhere yet";
    EXPECT_EQ(status(stage.client()), 429);
    EXPECT_EQ(status(left), 429) << "it has left, and comes too late";
    upgraded->finish();
    chat->finish();
    stage.settle();
    EXPECT_EQ(status(left), 200);
    slow->send(answer("late"));
}

TEST_F(Limits, of_connections_count_tunnels_when_they_are_set) {
    stage.tunnel_to_backends(1);
    const WirePtr first = stage.tunnel_client("hello");
    EXPECT_EQ(stage.backend(1)->take(), "hello");
    change(at_most("c", 1));
    const WirePtr second = stage.tunnel_client("and I?");
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_TRUE(second->saw_end());
    first->reset();
    stage.settle();
    stage.tunnel_client("now?");
    EXPECT_EQ(stage.backend(1)->take(), "now?");
}

TEST_F(Limits, of_connections_that_change_count_nobody_twice) {
    change(at_most("c", 5));
    const WirePtr first = stage.client();
    EXPECT_EQ(status(first), 200);
    change(at_most("c", 2));
    EXPECT_EQ(status(stage.client()), 200);
    EXPECT_EQ(status(stage.client()), 429);
    command::Request remove;
    remove.set_remove_cluster("c");
    change(remove);
    EXPECT_EQ(status(stage.client()), 200);
}

TEST_F(Limits, of_connections_for_all_clusters_count_who_is_there_when_a_cluster_loses_its_own) {
    change(at_most("c", 0));
    command::Request all;
    all.set_set_max_connections_per_ip(1);
    change(all);
    const WirePtr first = stage.client();
    EXPECT_EQ(status(first), 200);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 0U);
    command::Request remove;
    remove.set_remove_cluster("c");
    change(remove);
    EXPECT_EQ(stage.worker->context().source_counts.held(), 1U);
    EXPECT_EQ(status(stage.client()), 429);
}

// More than are looked at in one turn.
TEST(ManyLimits, of_connections_count_all_who_are_there) {
    Stage::Options options;
    options.max_connections = 3000;
    options.max_buffers = 6000;
    Stage stage(options);
    stage.tunnel_to_backends(1);
    constexpr uint32_t many = 1500;
    for (uint32_t n = 0; n < many; ++n) stage.tunnel_client();
    stage.settle();
    EXPECT_TRUE(stage.change({at_most("c", many)}).has_done());
    stage.settle();
    EXPECT_EQ(stage.worker->context().source_counts.held(), many);
    EXPECT_TRUE(stage.tunnel_client()->saw_end());
}

TEST_F(Limits, of_connections_end_a_refused_request_that_is_not_complete) {
    change(at_most("c", 1));
    const WirePtr first = stage.client();
    EXPECT_EQ(status(first), 200);
    const WirePtr second = stage.client();
    const Message refused = ask(second, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.field("Connection"), "close");
    EXPECT_TRUE(second->peer_finished());
    EXPECT_FALSE(second->peer_closed());
}

TEST_F(Limits, of_connections_count_upgraded_ones_until_they_end) {
    change(at_most("c", 1));
    const WirePtr first = stage.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    stage.settle();
    const WirePtr second = stage.client();
    EXPECT_EQ(status(second), 429);
    first->finish();
    backend->finish();
    stage.settle();
    EXPECT_EQ(status(second), 200);
}

TEST_F(Limits, of_connections_close_tunnels_cleanly_before_a_backend_is_dialled) {
    stage.tunnel_to_backends(1);
    change(at_most("c", 1));
    const WirePtr first = stage.tunnel_client("hello");
    EXPECT_EQ(stage.backend(1)->take(), "hello");
    const WirePtr second = stage.tunnel_client("and I?");
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_TRUE(second->saw_end());
    EXPECT_FALSE(second->peer_closed()) << "bytes that come now must not make it a reset";
    second->send("nobody reads this");
    second->finish();
    stage.settle();
    EXPECT_TRUE(second->peer_closed());
    EXPECT_TRUE(second->saw_end());
    EXPECT_FALSE(first->peer_finished());
    EXPECT_EQ(count(Counter::connections_over_limit), 1U);
    EXPECT_NE(stage.log().find("| connection limit"), std::string::npos);

    first->reset();
    stage.settle();
    const WirePtr third = stage.tunnel_client("now?");
    EXPECT_EQ(stage.backend(1)->take(), "now?");
}

TEST_F(Limits, of_a_rate_let_a_burst_pass_and_then_say_when_to_come_again) {
    change(at_rate("c", 2, 3));
    const WirePtr client = stage.client();
    for (int times = 0; times < 3; ++times) EXPECT_EQ(status(client), 200);
    const Message refused = ask(client);
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.field("Retry-After"), "1");
    EXPECT_FALSE(client->peer_finished());
    EXPECT_EQ(status(stage.client()), 429) << "a new connection makes no new source";
    EXPECT_EQ(status(stage.client_from(2)), 200);
    EXPECT_EQ(status(client, "b"), 200) << "the limit is that of one cluster";
    stage.pass(milliseconds(500));
    EXPECT_EQ(status(client), 200);
    EXPECT_EQ(status(client), 429);

    EXPECT_EQ(count(Counter::requests_over_limit), 3U);
    EXPECT_EQ(count(Counter::connections_over_limit), 0U);
    EXPECT_EQ(count(Counter::http_429_errors), 3U);
    EXPECT_NE(stage.log().find(" 429 | rate limit"), std::string::npos);
}

TEST_F(Limits, of_a_rate_that_changes_begin_anew) {
    change(at_rate("c", 1, 20));
    const WirePtr client = stage.client();
    for (int times = 0; times < 20; ++times) EXPECT_EQ(status(client), 200);
    EXPECT_EQ(status(client), 429);
    change(at_rate("c", 1, 2));
    EXPECT_EQ(status(client), 200);
    EXPECT_EQ(status(client), 200);
    EXPECT_EQ(status(client), 429);
    stage.pass(seconds(1));
    EXPECT_EQ(status(client), 200);
}

TEST_F(Limits, of_a_rate_hold_for_tunnels_too) {
    stage.tunnel_to_backends(1);
    change(at_rate("c", 1, 1));
    const WirePtr first = stage.tunnel_client("hello");
    EXPECT_EQ(stage.backend(1)->take(), "hello");
    const WirePtr second = stage.tunnel_client();
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_TRUE(second->saw_end());
    EXPECT_EQ(count(Counter::requests_over_limit), 1U);
    EXPECT_NE(stage.log().find("| rate limit"), std::string::npos);
}

TEST_F(Limits, that_nobody_set_touch_no_shared_memory) {
    const auto touched = [this] {
        struct stat status{};
        EXPECT_EQ(::fstat(stage.sources.copy()->get(), &status), 0);
        return status.st_blocks;
    };
    const auto before = touched();
    stage.tunnel_to_backends(1);
    const WirePtr tunnel = stage.tunnel_client("hello");
    EXPECT_EQ(stage.backend(1)->take(), "hello");
    EXPECT_EQ(status(stage.client(), "a"), 200);
    EXPECT_EQ(status(stage.client(), "b"), 200);
    EXPECT_EQ(touched(), before);
}

}  // namespace
}  // namespace seki::stage
