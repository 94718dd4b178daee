#include "base/siphash.h"

#include <gtest/gtest.h>
#include <string>

namespace seki {
namespace {

// The key 00 01 … 0f, and texts 00 01 02 … of each length.
constexpr SipKey counting_key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string counting_text(size_t size) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(i);
    return text;
}

TEST(SipHash, gives_the_values_of_its_authors) {
    EXPECT_EQ(siphash(counting_key, counting_text(0)), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash(counting_key, counting_text(1)), 0x74f839c593dc67fdU);
    EXPECT_EQ(siphash(counting_key, counting_text(8)), 0x93f5f5799a932462U);
    EXPECT_EQ(siphash(counting_key, counting_text(15)), 0xa129ca6149be45e5U);
    EXPECT_EQ(siphash(counting_key, counting_text(63)), 0x958a324ceb064572U);
}

// CPython 3.11 hashes bytes so; under PYTHONHASHSEED=0 its key is zero.
TEST(SipHash, with_fewer_rounds_gives_the_values_of_other_programs) {
    EXPECT_EQ(siphash13({}, "shop"), 0x72e9ea039e98af90U);
    EXPECT_EQ(siphash13({}, "12345678"), 0x3489982430560a87U);
    EXPECT_EQ(siphash13({}, "a cluster with a longer name"), 0xda506224c5ebc4b3U);
}

TEST(SipHash, depends_on_both_halves_of_the_key) {
    const uint64_t before = siphash(counting_key, "shop");
    EXPECT_NE(siphash({counting_key.low + 1, counting_key.high}, "shop"), before);
    EXPECT_NE(siphash({counting_key.low, counting_key.high + 1}, "shop"), before);
}

}  // namespace
}  // namespace seki
