#include "backend/keep_alive.h"

#include <gtest/gtest.h>

namespace seki::backend {
namespace {

constexpr Monotonic start{std::chrono::hours(1)};

Monotonic turn(int number) { return start + std::chrono::milliseconds(number); }

TEST(KeepAlive, is_given_up_for_a_while_after_three_ends_in_a_row) {
    KeepAlive keep_alive;
    EXPECT_FALSE(keep_alive.ended(turn(1)));
    EXPECT_FALSE(keep_alive.ended(turn(2)));
    EXPECT_TRUE(keep_alive.worthwhile(turn(2)));
    EXPECT_TRUE(keep_alive.ended(turn(3)));
    EXPECT_FALSE(keep_alive.worthwhile(turn(4)));
    EXPECT_TRUE(keep_alive.worthwhile(turn(3) + KeepAlive::rest));
    EXPECT_FALSE(keep_alive.ended(turn(5))) << "that is no news";
}

TEST(KeepAlive, is_not_judged_by_connections_that_end_together_when_their_backend_goes) {
    KeepAlive keep_alive;
    for (int connection = 0; connection < 64; ++connection) EXPECT_FALSE(keep_alive.ended(turn(1)));
    EXPECT_TRUE(keep_alive.worthwhile(turn(2)));
    EXPECT_FALSE(keep_alive.proven());
}

TEST(KeepAlive, is_worthwhile_again_as_soon_as_one_connection_served_again) {
    KeepAlive keep_alive;
    for (int number = 1; number <= 3; ++number) static_cast<void>(keep_alive.ended(turn(number)));
    EXPECT_FALSE(keep_alive.worthwhile(turn(4)));
    keep_alive.kept();
    EXPECT_TRUE(keep_alive.worthwhile(turn(4)));
    EXPECT_TRUE(keep_alive.proven());
}

}  // namespace
}  // namespace seki::backend
