#include "base/ascii.h"

#include <gtest/gtest.h>
#include <string>

namespace seki {
namespace {

TEST(Ascii, letters_become_lower_case_wherever_they_stand_and_nothing_else_changes) {
    std::string every;
    for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
    for (size_t begin = 0; begin < every.size(); ++begin) {
        for (const size_t size : {size_t{1}, size_t{7}, size_t{8}, size_t{9}, size_t{24}}) {
            const std::string text = every.substr(begin, size);
            std::string expected = text;
            for (char& c : expected) c = lower(c);
            std::string lowered(text.size(), '\0');
            write_lower(text, lowered.data());
            ASSERT_EQ(lowered, expected) << "from " << begin;
        }
    }
    EXPECT_EQ(lower('A'), 'a');
    EXPECT_EQ(lower('Z'), 'z');
    EXPECT_EQ(lower('@'), '@');
    EXPECT_EQ(lower('['), '[');
}

}  // namespace
}  // namespace seki
