#include "backend/cluster.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/allocations.h"

namespace seki::backend {
namespace {

struct Choosing : ::testing::Test {
    Cluster cluster{"shop"};
    Random random{7};
    uint64_t next_key = 0;
    Monotonic now{std::chrono::hours(1)};

    BackendPtr add(const std::string& id, uint32_t weight = 100) {
        auto backend = std::make_shared<Backend>();
        backend->id = id;
        backend->address = SocketAddress::v4(0x7F000001, static_cast<uint16_t>(9000 + cluster.backends().size()));
        backend->weight = weight;
        cluster.put(backend);
        return backend;
    }
    void balance(std::string_view name, LoadMetric metric = LoadMetric::connections) {
        const Algorithm* const algorithm = find_algorithm(name);
        ASSERT_NE(algorithm, nullptr) << name;
        cluster.set_balancing({algorithm, metric});
    }
    std::string turns(int count) {
        std::string order;
        for (int i = 0; i < count; ++i) {
            const BackendPtr chosen = cluster.next(now, {}, random, next_key++);
            order += chosen ? chosen->id : "-";
        }
        return order;
    }
};

TEST_F(Choosing, backends_take_turns) {
    add("a");
    add("b");
    add("c");
    EXPECT_EQ(turns(6), "abcabc");
}

TEST_F(Choosing, a_weight_is_a_share_of_the_turns) {
    add("a", 200);
    add("b", 100);
    const std::string order = turns(300);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'a'), 200);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'b'), 100);
}

TEST_F(Choosing, turns_of_a_heavy_backend_are_spread_among_those_of_others) {
    const BackendPtr a = add("a", 5);
    add("b", 1);
    add("c", 1);
    EXPECT_EQ(turns(14), "aabacaaaabacaa");
    a->backoff.failed(now, random);
    EXPECT_EQ(turns(4), "bcbc");
    now = a->backoff.until();
    const std::string order = turns(70);
    EXPECT_NEAR(std::count(order.begin(), order.end(), 'a'), 50, 2) << "it does not make up for what it missed";
}

TEST_F(Choosing, an_empty_cluster_has_nobody) { EXPECT_EQ(turns(1), "-"); }

TEST_F(Choosing, a_failing_backend_is_passed_over_until_its_time_has_come) {
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

TEST_F(Choosing, when_all_fail_the_one_whose_time_comes_first_is_tried) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    a->backoff.failed(now, random);
    b->backoff.failed(now, random);
    const BackendPtr first = a->backoff.until() <= b->backoff.until() ? a : b;
    EXPECT_EQ(cluster.next(now, {}, random), first);
}

TEST_F(Choosing, only_backends_that_are_ready_get_new_clients) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    add("c");
    a->state = State::drain;
    b->state = State::maintenance;
    EXPECT_EQ(turns(3), "ccc");
    a->state = State::ready;
    EXPECT_NE(turns(2).find('a'), std::string::npos);
}

TEST_F(Choosing, a_backend_that_is_not_ready_is_no_last_resort) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    a->backoff.failed(now, random);
    b->state = State::drain;
    EXPECT_EQ(cluster.next(now, {}, random), a);
    a->state = State::maintenance;
    EXPECT_EQ(cluster.next(now, {}, random), nullptr);
}

TEST_F(Choosing, a_backend_is_found_by_id_and_address) {
    const BackendPtr a = add("a");
    EXPECT_EQ(cluster.find("a", a->address), a);
    EXPECT_EQ(cluster.find("b", a->address), nullptr);
    EXPECT_EQ(cluster.find("a", a->address.with_port(1)), nullptr);
}

TEST_F(Choosing, a_backend_that_was_tried_is_not_chosen_again) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    EXPECT_EQ(cluster.next(now, std::span(&a, 1), random), b);
    const BackendPtr both[] = {a, b};
    EXPECT_EQ(cluster.next(now, both, random), nullptr);
}

TEST_F(Choosing, adding_the_same_id_and_address_again_changes_what_is_configured_and_nothing_else) {
    const BackendPtr known = add("a");
    known->connections = 3;
    known->backoff.failed(now, random);
    auto said = std::make_shared<Backend>();
    said->id = "a";
    said->address = known->address;
    said->weight = 7;
    said->cookie = "c";
    said->backup = true;
    said->state = State::drain;
    EXPECT_EQ(cluster.put(said), known);
    EXPECT_EQ(cluster.backends().size(), 1U);
    EXPECT_EQ(known->weight, 7U);
    EXPECT_EQ(known->cookie, "c");
    EXPECT_TRUE(known->backup);
    EXPECT_EQ(known->state, State::drain);
    EXPECT_EQ(known->connections, 3U);
    EXPECT_FALSE(known->backoff.up(now));
    EXPECT_FALSE(known->removed);
    EXPECT_EQ(cluster.remove("a", known->address), known);
    EXPECT_EQ(cluster.remove("a", known->address), nullptr);
}

TEST_F(Choosing, backups_serve_only_while_nobody_else_can) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    b->backup = true;
    for (const Algorithm& algorithm : algorithms()) {
        SCOPED_TRACE(algorithm.name);
        cluster.set_balancing({&algorithm});
        EXPECT_EQ(turns(3), "aaa");
        EXPECT_EQ(cluster.next(now, std::span(&a, 1), random), b);
        a->backoff.failed(now, random);
        EXPECT_EQ(turns(3), "bbb");
        a->backoff.succeeded();
        a->state = State::drain;
        EXPECT_EQ(turns(3), "bbb");
        a->state = State::ready;
    }
}

TEST_F(Choosing, every_algorithm_passes_over_what_cannot_be_used) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    add("d");
    a->state = State::maintenance;
    b->backoff.failed(now, random);
    for (const Algorithm& algorithm : algorithms()) {
        SCOPED_TRACE(algorithm.name);
        cluster.set_balancing({&algorithm});
        EXPECT_EQ(turns(20), std::string(20, 'd'));
    }
}

TEST_F(Choosing, by_lot_follows_the_weights) {
    add("a", 300);
    add("b", 100);
    balance("RANDOM");
    const std::string order = turns(4000);
    EXPECT_NEAR(std::count(order.begin(), order.end(), 'a'), 3000, 150);
    EXPECT_TRUE(order.contains("bb")) << "not in turn";
}

TEST_F(Choosing, the_least_loaded_is_the_one_with_the_fewest_for_its_weight) {
    const BackendPtr a = add("a", 100);
    const BackendPtr b = add("b", 200);
    balance("LEAST_LOADED", LoadMetric::requests);
    a->exchanges = 1;
    b->exchanges = 1;
    EXPECT_EQ(turns(2), "bb");
    b->exchanges = 4;
    EXPECT_EQ(turns(2), "aa");
    b->exchanges = 0;
    a->exchanges = 0;
    b->connections = 7;
    EXPECT_EQ(turns(2), "bb") << "connections do not matter";
    balance("LEAST_LOADED", LoadMetric::connections);
    EXPECT_EQ(turns(2), "aa");
    b->idle.resize(7);
    EXPECT_EQ(turns(2), "bb") << "idle ones do not matter";
}

TEST_F(Choosing, those_that_are_equally_loaded_take_turns) {
    add("a");
    add("b");
    add("c");
    balance("LEAST_LOADED");
    EXPECT_EQ(turns(6), "abcabc");
}

TEST_F(Choosing, a_backend_that_connects_slowly_is_spared_and_forgiven_by_and_by) {
    using std::chrono::milliseconds;
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    balance("LEAST_LOADED", LoadMetric::connection_time);
    a->connect_time.record(milliseconds(8));
    b->connect_time.record(milliseconds(1));
    EXPECT_EQ(turns(2), "bb");
    b->exchanges = 9;
    EXPECT_EQ(turns(2), "aa");
    b->exchanges = 0;
    a->connect_time.record(milliseconds(0));
    EXPECT_EQ(a->connect_time.average(), milliseconds(7));
    for (int i = 0; i < 30; ++i) a->connect_time.record(milliseconds(0));
    EXPECT_EQ(turns(2), "aa");
}

TEST_F(Choosing, of_two_by_lot_the_less_loaded_one_is_taken) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    const BackendPtr c = add("c");
    balance("POWER_OF_TWO", LoadMetric::requests);
    a->exchanges = 9;
    b->exchanges = 5;
    const std::string order = turns(3000);
    EXPECT_EQ(std::count(order.begin(), order.end(), 'a'), 0) << "the busiest one never wins";
    EXPECT_NEAR(std::count(order.begin(), order.end(), 'b'), 1000, 100);
    EXPECT_NEAR(std::count(order.begin(), order.end(), 'c'), 2000, 100);
    cluster.remove("b", b->address);
    cluster.remove("c", c->address);
    EXPECT_EQ(turns(1), "a");
}

TEST_F(Choosing, by_lot_those_that_are_equally_loaded_get_as_much) {
    add("a");
    add("b");
    add("c");
    balance("POWER_OF_TWO", LoadMetric::requests);
    const std::string order = turns(3000);
    for (const char name : {'a', 'b', 'c'})
        EXPECT_NEAR(std::count(order.begin(), order.end(), name), 1000, 100) << name;
}

TEST_F(Choosing, the_same_choice_again_leaves_it_whose_turn_it_is) {
    add("a");
    add("b");
    EXPECT_EQ(turns(1), "a");
    balance("ROUND_ROBIN");
    EXPECT_EQ(turns(1), "b");
    balance("LEAST_LOADED");
    EXPECT_EQ(turns(1), "a");
    balance("LEAST_LOADED");
    EXPECT_EQ(turns(1), "b");
}

TEST_F(Choosing, every_algorithm_follows_backends_that_come_and_go_and_has_nobody_when_all_are_gone) {
    for (const Algorithm& algorithm : algorithms()) {
        SCOPED_TRACE(algorithm.name);
        cluster.set_balancing({&algorithm});
        EXPECT_EQ(turns(1), "-");
        const BackendPtr a = add("a");
        EXPECT_EQ(turns(3), "aaa");
        a->connections = 1;
        const BackendPtr b = add("b");
        EXPECT_TRUE(turns(60).contains('b'));
        cluster.remove("a", a->address);
        EXPECT_EQ(turns(3), "bbb");
        cluster.remove("b", b->address);
        EXPECT_EQ(turns(1), "-");
    }
}

TEST_F(Choosing, no_algorithm_allocates_for_a_request) {
    for (uint32_t n = 1; n <= 20; ++n) add(std::to_string(n), n);
    for (const Algorithm& algorithm : algorithms()) {
        SCOPED_TRACE(algorithm.name);
        cluster.set_balancing({&algorithm});
        const size_t before = allocations();
        for (int i = 0; i < 1000; ++i) (void)cluster.next(now, {}, random, next_key++);
        EXPECT_EQ(allocations(), before);
    }
}

// Stands for those that hash: the key says which, or the one behind it that can be used.
class ByKey final : public Balancing {
public:
    std::optional<size_t> choose(const Candidates& candidates, uint64_t key, Random& /*random*/) override {
        for (size_t step = 0; step < candidates.size(); ++step) {
            const size_t at = (key + step) % candidates.size();
            if (candidates.usable(at)) return at;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool uses_key() const noexcept override { return true; }
};

TEST_F(Choosing, an_algorithm_that_hashes_asks_for_a_key_and_gets_it) {
    const BackendPtr a = add("a");
    const BackendPtr b = add("b");
    EXPECT_FALSE(cluster.uses_key()) << "in turn, it needs none";
    static const Algorithm by_key{"BY_KEY",
                                  [](LoadMetric) -> std::unique_ptr<Balancing> { return std::make_unique<ByKey>(); }};
    cluster.set_balancing({&by_key});
    EXPECT_TRUE(cluster.uses_key());
    EXPECT_EQ(cluster.next(now, {}, random, 7), b);
    EXPECT_EQ(cluster.next(now, {}, random, 7), b);
    EXPECT_EQ(cluster.next(now, {}, random, 8), a);
    b->state = State::drain;
    EXPECT_EQ(cluster.next(now, {}, random, 7), a);
}

}  // namespace
}  // namespace seki::backend
