#include "base/ulid.h"

#include <gtest/gtest.h>

namespace seki {
namespace {

TEST(Ulid, zero_and_the_largest_value_are_written_in_crockfords_base_32) {
    EXPECT_EQ((Ulid{0, 0}).text(), "00000000000000000000000000");
    EXPECT_EQ((Ulid{UINT64_MAX, UINT64_MAX}).text(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    EXPECT_EQ((Ulid{0, 33}).text(), "00000000000000000000000011");
}

TEST(Ulid, text_sorts_by_time) {
    Random random(1);
    const Ulid early = Ulid::make(WallTime{std::chrono::milliseconds(1000)}, random);
    const Ulid late = Ulid::make(WallTime{std::chrono::milliseconds(1001)}, random);
    EXPECT_LT(early.text(), late.text());
}

TEST(Random, the_same_seed_gives_the_same_numbers_and_below_stays_below) {
    Random a(42);
    Random b(42);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(a.next(), b.next());
        EXPECT_LT(a.below(7), 7U);
        b.below(7);
    }
}

}  // namespace
}  // namespace seki
