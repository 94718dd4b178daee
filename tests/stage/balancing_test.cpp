// Which backend a request goes to, as the cluster's configuration says; changed while requests run.

#include <gtest/gtest.h>
#include <vector>

#include "config/check/check.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using Reception = Network::Reception;

command::Request balanced(command::LoadBalancingAlgorithms algorithm, command::LoadMetric metric) {
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_load_balancing(algorithm);
    cluster.mutable_add_cluster()->set_load_metric(metric);
    return cluster;
}

struct Site : Stage {
    Site() { route_to_backends(2); }
    // Which of the two backends a new request reaches. It runs until the test ends.
    uint8_t reached() {
        kept_.push_back(client(get()));
        for (uint8_t n = 1; n <= 2; ++n) {
            if (!has_connection(n)) continue;
            kept_.push_back(backend(n));
            return n;
        }
        return 0;
    }

private:
    std::vector<WirePtr> kept_;
};

TEST(Balancing, goes_to_the_least_loaded_and_follows_changes) {
    Site stage;
    EXPECT_EQ(stage.reached(), 1);
    EXPECT_EQ(stage.reached(), 2);
    EXPECT_EQ(stage.reached(), 1);
    ASSERT_TRUE(stage.change({balanced(command::LEAST_LOADED, command::REQUESTS)}).has_done());
    EXPECT_EQ(stage.reached(), 2);
    command::Request heavy = add_backend("c", 2);
    heavy.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(255);
    ASSERT_TRUE(stage.change({heavy}).has_done());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(stage.reached(), 2);
    command::Request remove;
    remove.set_remove_cluster("c");
    ASSERT_TRUE(stage.change({remove, add_backend("c", 2)}).has_done());
    const uint8_t next = stage.reached();
    EXPECT_NE(stage.reached(), next) << "in turn again";
}

TEST(UnixSockets, are_connected_to_in_place_of_the_address) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr first = stage.backend(1);
    take_request(first);
    first->send(answer("hi"));
    stage.settle();
    EXPECT_EQ(stage.network.unix_paths().back(), "");
    command::AddBackend backend = add_backend("c", 1).add_backend();
    backend.set_unix_path("@app");
    command::Request moved;
    *moved.mutable_add_unix_backend() = backend;
    ASSERT_TRUE(stage.change({moved}).has_done());
    stage.settle();
    EXPECT_TRUE(first->saw_end()) << "what leads elsewhere is not used again";
    stage.client(get());
    take_request(stage.backend(1));
    EXPECT_EQ(stage.network.unix_paths().back(), "@app");
}

TEST(Balancing, another_weight_leaves_a_backend_its_idle_connections) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    ASSERT_EQ(stage.worker->pool().size(), 1U);
    command::Request heavy = add_backend("c", 1);
    heavy.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(255);
    ASSERT_TRUE(stage.change({heavy}).has_done());
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    EXPECT_FALSE(backend->peer_closed());
    client->send(get());
    stage.settle();
    EXPECT_FALSE(stage.has_connection(1)) << "the one that is there is used";
    heavy.mutable_add_backend()->set_state(command::MAINTENANCE);
    backend->send(answer("x"));
    stage.settle();
    ASSERT_TRUE(stage.change({heavy}).has_done());
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Balancing, a_weight_of_zero_is_none_that_was_given) {
    Stage stage;
    stage.route_to_backends(1);
    command::Request added = add_backend("c", 2);
    added.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(0);
    stage.network.listen(backend_address(2));
    ASSERT_TRUE(stage.change({added}).has_done());
    std::vector<WirePtr> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(stage.client(get()));
    EXPECT_TRUE(stage.has_connection(1));
    EXPECT_TRUE(stage.has_connection(2)) << "what sozu's command line adds gets its share";
}

TEST(Balancing, another_weight_lets_no_failing_backend_be_tried_again) {
    Site stage;
    stage.network.listen(backend_address(1), Reception::refuse);
    EXPECT_EQ(stage.reached(), 2);
    stage.network.listen(backend_address(1));
    command::Request light = add_backend("c", 1);
    light.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(90);
    ASSERT_TRUE(stage.change({light}).has_done());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.reached(), 2);
}

TEST(Balancing, takes_a_backup_when_nobody_else_can_be_reached) {
    Site stage;
    command::Request backup = add_backend("c", 2);
    backup.mutable_add_backend()->set_backup(true);
    ASSERT_TRUE(stage.change({backup}).has_done());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.reached(), 1);
    stage.network.listen(backend_address(1), Reception::refuse);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.reached(), 2);
    stage.network.listen(backend_address(1));
    stage.pass(std::chrono::seconds(70));
    EXPECT_EQ(stage.reached(), 1);
}

TEST(Balancing, what_a_worker_cannot_do_it_refuses_and_what_passes_the_check_it_can) {
    Site stage;
    for (int number = 0; number < command::LoadBalancingAlgorithms_ARRAYSIZE; ++number) {
        const auto algorithm = static_cast<command::LoadBalancingAlgorithms>(number);
        const command::Request change = balanced(algorithm, command::CONNECTIONS);
        EXPECT_EQ(stage.prepare({change}).has_prepared(), config::check(change).has_value())
            << command::LoadBalancingAlgorithms_Name(algorithm);
    }
}

}  // namespace
}  // namespace seki::stage
