#include "convert/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/values.h"
#include "routing/regex.h"

namespace seki::convert {
namespace {

using testing::HasSubstr;

bool finds(std::string_view pcre, std::string_view path, bool any_case = false) {
    const auto expression = path_expression(pcre, any_case);
    EXPECT_TRUE(expression) << pcre;
    return expression && routing::Regex::compile(*expression, routing::Letters::as_written)->matches(path);
}

std::string why_not(std::string_view pcre) {
    const auto expression = path_expression(pcre, false);
    return expression ? "" : expression.error().message;
}

TEST(Expression, is_found_anywhere_in_the_path_but_not_in_the_query) {
    EXPECT_TRUE(finds("\\.php$", "/a.php"));
    EXPECT_TRUE(finds("\\.php$", "/a.php?x=1"));
    EXPECT_FALSE(finds("\\.php$", "/a.phpx"));
    EXPECT_FALSE(finds("\\.php$", "/a?f=.php"));
    EXPECT_TRUE(finds("/mid", "/a/mid/b"));
    EXPECT_FALSE(finds("/mid", "/a?/mid"));
    EXPECT_TRUE(finds("^/a", "/ab?c"));
    EXPECT_FALSE(finds("^/a", "/b/a"));
    EXPECT_FALSE(finds("^/a/.*/b$", "/a/?/b"));
    EXPECT_FALSE(finds("^/[^/]+/b$", "/a?/b"));
    EXPECT_TRUE(finds("(^|/)\\.", "/.git"));
    EXPECT_TRUE(finds("(a$|b)", "/a?q"));
    EXPECT_FALSE(finds("(a$|b)", "/ac"));
    EXPECT_TRUE(finds("^/a|^/b$", "/b?x"));
    EXPECT_FALSE(finds("^/a|^/b$", "/bc"));
    EXPECT_TRUE(finds("\\.PNG$", "/a.png", true));
}

TEST(Expression, says_what_re2_does_not_know) {
    EXPECT_THAT(why_not("/\\.(?!well-known)"), HasSubstr("look-around"));
    EXPECT_THAT(why_not("(a)\\1"), HasSubstr("back-reference"));
    EXPECT_THAT(why_not("a++"), HasSubstr("possessive"));
    EXPECT_FALSE(why_not("(a").empty());
    EXPECT_FALSE(why_not("[a").empty());
    EXPECT_FALSE(why_not("a\\").empty());
    EXPECT_FALSE(why_not(std::string(5000, 'a')).empty());
}

TEST(Expression, of_hosts_has_labels) {
    EXPECT_EQ(host_pattern("^user-(?<who>[a-z]+)\\.example\\.com$").value(), "/user-([a-z]+)/.example.com");
    EXPECT_FALSE(host_pattern("example"));
    EXPECT_FALSE(host_pattern("^a|b$"));
    EXPECT_FALSE(host_pattern("^a/b$"));
}

TEST(Values, are_whole_seconds_within_bounds) {
    EXPECT_EQ(seconds_of("30s", 1000), 30);
    EXPECT_EQ(seconds_of("1h 30m", 1000), 5400);
    EXPECT_EQ(seconds_of("1500", 1), 2);
    EXPECT_EQ(seconds_of("0", 1000), 1);
    EXPECT_EQ(seconds_of("900d", 1000), 86400);
    EXPECT_EQ(seconds_of("99999999999999999999s", 1000), std::nullopt);
    EXPECT_EQ(seconds_of("soon", 1000), std::nullopt);
    EXPECT_EQ(seconds_of("", 1000), std::nullopt);
    EXPECT_EQ(bytes_of("8m"), 8U << 20U);
    EXPECT_EQ(bytes_of("8x"), std::nullopt);
}

}  // namespace
}  // namespace seki::convert
