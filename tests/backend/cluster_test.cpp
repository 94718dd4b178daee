#include "backend/cluster.h"

#include <gtest/gtest.h>

namespace seki::backend {
namespace {

struct Balancing : ::testing::Test {
    Cluster cluster{"shop"};
    Random random{7};
    Monotonic now{std::chrono::hours(1)};

    BackendPtr add(const std::string& id, uint32_t weight = 100) {
        auto backend = std::make_shared<Backend>();
        backend->id = id;
        backend->address = SocketAddress::v4(0x7F000001, static_cast<uint16_t>(9000 + cluster.backends().size()));
        backend->weight = weight;
        cluster.put(backend);
        return backend;
    }
    std::string turns(int count) {
        std::string order;
        for (int i = 0; i < count; ++i) {
            const BackendPtr chosen = cluster.next(now, {});
            order += chosen ? chosen->id : "-";
        }
        return order;
    }
};

TEST_F(Balancing, backends_take_turns) {
    add("a");
    add("b");
    add("c");
    EXPECT_EQ(turns(6), "abcabc");
}

TEST_F(Balancing, a_weight_is_a_share_of_the_turns) {
    add("a", 200);
    add("b", 100);
    add("c", 0);
    const std::string order = turns(300);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'a'), 200);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'b'), 100);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'c'), 0);
}

TEST_F(Balancing, an_empty_cluster_has_nobody) { EXPECT_EQ(turns(1), "-"); }

TEST_F(Balancing, a_failing_backend_is_passed_over_until_its_time_has_come) {
    const BackendPtr a = add("a");
    add("b");
    EXPECT_TRUE(a->backoff.failed(now, random));
    EXPECT_FALSE(a->backoff.failed(now, random));
    EXPECT_EQ(turns(3), "bbb");
    now = a->backoff.until();
    EXPECT_NE(turns(2).find('a'), std::string::npos);
    EXPECT_TRUE(a->backoff.succeeded());
    EXPECT_FALSE(a->backoff.succeeded());
}

TEST_F(Balancing, when_all_fail_the_one_whose_time_comes_first_is_tried) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    a->backoff.failed(now, random);
    b->backoff.failed(now, random);
    const BackendPtr first = a->backoff.until() <= b->backoff.until() ? a : b;
    EXPECT_EQ(cluster.next(now, {}), first);
}

TEST_F(Balancing, only_backends_that_are_ready_get_new_clients) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    add("c");
    a->state = State::drain;
    b->state = State::maintenance;
    EXPECT_EQ(turns(3), "ccc");
    a->state = State::ready;
    EXPECT_NE(turns(2).find('a'), std::string::npos);
}

TEST_F(Balancing, a_backend_that_is_not_ready_is_no_last_resort) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    a->backoff.failed(now, random);
    b->state = State::drain;
    EXPECT_EQ(cluster.next(now, {}), a);
    a->state = State::maintenance;
    EXPECT_EQ(cluster.next(now, {}), nullptr);
}

TEST_F(Balancing, a_backend_is_found_by_id_and_address) {
    const BackendPtr a = add("a");
    EXPECT_EQ(cluster.find("a", a->address), a);
    EXPECT_EQ(cluster.find("b", a->address), nullptr);
    EXPECT_EQ(cluster.find("a", a->address.with_port(1)), nullptr);
}

TEST_F(Balancing, a_backend_that_was_tried_is_not_chosen_again) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    EXPECT_EQ(cluster.next(now, std::span(&a, 1)), b);
    const BackendPtr both[] = {a, b};
    EXPECT_EQ(cluster.next(now, both), nullptr);
}

TEST_F(Balancing, adding_the_same_id_and_address_again_replaces_the_backend) {
    const BackendPtr old = add("a");
    auto young = std::make_shared<Backend>(*old);
    cluster.put(young);
    EXPECT_EQ(cluster.backends().size(), 1U);
    EXPECT_TRUE(old->removed);
    EXPECT_EQ(cluster.remove("a", old->address), young);
    EXPECT_EQ(cluster.remove("a", old->address), nullptr);
}

}  // namespace
}  // namespace seki::backend
