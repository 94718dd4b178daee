#include "supervisor/rebalance.h"

#include <gtest/gtest.h>
#include <limits>

namespace seki::supervisor {
namespace {

// What each has after the transfers; and how many clients move.
struct Levelled {
    ClientCounts counts;
    uint64_t moved = 0;
};

Levelled levelled(ClientCounts counts) {
    uint64_t moved = 0;
    for (const Transfer& transfer : transfers_that_level(counts)) {
        EXPECT_NE(transfer.from, transfer.to);
        EXPECT_GT(transfer.clients, 0U);
        EXPECT_GE(counts[transfer.from], transfer.clients);
        counts[transfer.from] -= transfer.clients;
        counts[transfer.to] += transfer.clients;
        moved += transfer.clients;
    }
    return {counts, moved};
}

TEST(Rebalance, gives_each_worker_as_many_clients_as_the_others) {
    EXPECT_EQ(levelled({{0, 10}, {1, 0}}).counts, (ClientCounts{{0, 5}, {1, 5}}));
    EXPECT_EQ(levelled({{0, 0}, {1, 90}, {2, 0}}).counts, (ClientCounts{{0, 30}, {1, 30}, {2, 30}}));
}

TEST(Rebalance, leaves_what_is_over_where_most_are) {
    EXPECT_EQ(levelled({{0, 3}, {1, 8}}).counts, (ClientCounts{{0, 5}, {1, 6}}));
    EXPECT_EQ(levelled({{0, 1}, {1, 0}}).moved, 0U);
    EXPECT_EQ(levelled({{3, 1}, {4, 2}, {5, 2}}).moved, 0U);
    EXPECT_EQ(levelled({{0, 0}, {1, 0}, {2, 5}}).counts, (ClientCounts{{0, 2}, {1, 1}, {2, 2}}));
}

TEST(Rebalance, moves_no_more_than_must) {
    EXPECT_EQ(levelled({{0, 12}, {1, 8}, {2, 10}}).moved, 2U);
    EXPECT_EQ(levelled({{0, 7}}).moved, 0U);
    EXPECT_EQ(levelled({}).moved, 0U);
    constexpr uint32_t most = std::numeric_limits<uint32_t>::max();
    EXPECT_EQ(levelled({{0, most}, {1, most}}).moved, 0U);
}

}  // namespace
}  // namespace seki::supervisor
