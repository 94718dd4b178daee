#include "config/toml/keys.h"

#include <array>
#include <gtest/gtest.h>
#include <string>

#include "config/toml/key_depth.h"

namespace seki::config {
namespace {

TEST(TomlKeys, the_distance_counts_single_changes) {
    EXPECT_EQ(edit_distance("", ""), 0);
    EXPECT_EQ(edit_distance("", "abc"), 3);
    EXPECT_EQ(edit_distance("abc", ""), 3);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
    EXPECT_EQ(edit_distance("adress", "address"), 1);
    EXPECT_EQ(edit_distance("wbe", "web"), 1);
    EXPECT_EQ(edit_distance("ab", "ba"), 1);
}

TEST(TomlKeys, the_nearest_key_must_be_near) {
    constexpr std::array<std::string_view, 4> known{"address", "hostname", "hsts", "path"};
    EXPECT_EQ(nearest_key("adress", known), "address");
    EXPECT_EQ(nearest_key("host", known), "hostname");
    EXPECT_EQ(nearest_key("hst", known), "hsts");
    EXPECT_EQ(nearest_key("colour", known), "");
    EXPECT_EQ(nearest_key("", known), "");
    EXPECT_EQ(nearest_key(std::string(1000, 'a'), known), "");
}

TEST(TomlKeys, a_key_is_quoted_when_it_is_not_bare) {
    EXPECT_EQ(bare_or_quoted("a-b_1"), "a-b_1");
    EXPECT_EQ(bare_or_quoted("a.b"), "\"a.b\"");
    EXPECT_EQ(bare_or_quoted(""), "\"\"");
}

TEST(TomlKeys, a_key_with_too_many_parts_is_found_wherever_it_is) {
    const std::string parts = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
    EXPECT_EQ(line_of_endless_key(parts + " = 1"), 0);
    EXPECT_EQ(line_of_endless_key(parts + ".a = 1"), 1);
    EXPECT_EQ(line_of_endless_key("\n[" + parts + ".a]"), 2);
    EXPECT_EQ(line_of_endless_key("\n\nx = [{ " + parts + ".'b' = 1 }]"), 3);
    EXPECT_EQ(line_of_endless_key("x = { \"q\"." + parts + " = 1 }"), 1);
    EXPECT_EQ(line_of_endless_key("x = \"\"\"\n\"\"\"\"\n" + parts + ".a = 1"), 3);
}

TEST(TomlKeys, dots_in_texts_and_comments_are_no_parts_of_keys) {
    const std::string dots(40, '.');
    for (const std::string& text :
         {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = \"\\\"" + dots + "\"", "# " + dots,
          "x = \"\"\"\n" + dots + "\"" + dots + "\n\"\"\"\"\"", "x = '''" + dots + "''" + dots + "'''",
          std::string("x = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]"),
          std::string("x = \"\"\ny = ''\n"), std::string("x = \""), std::string("x = \"\\"), std::string("\"\"\"")}) {
        EXPECT_EQ(line_of_endless_key(text), 0) << text;
    }
}

}  // namespace
}  // namespace seki::config
