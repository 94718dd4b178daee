#include "routing/regex.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <re2/re2.h>

#include "routing/regex_options.h"

namespace seki::routing {
namespace {

using testing::HasSubstr;

Regex compiled(std::string_view pattern, Letters letters = Letters::as_written) {
    auto regex = Regex::compile(pattern, letters);
    EXPECT_TRUE(regex) << pattern;
    return regex ? std::move(*regex) : Regex();
}

// Whatever is done to make them fast: these begin, end and wander in all the ways that patterns can.
constexpr std::string_view patterns[] = {"",          "/",        "/a",       "/a/",    "a|b",        "/a|/b|",
                                         "(a|b)*",    ".*",       ".*/b",     "/.*",    "/.+/b?",     "/a(/.*)?",
                                         "\\Q/a.\\E", "\\Q/a()",  "(?i)/A",   "^/a$",   "(?:/a)+",    "/[a-c]+(b)",
                                         "$",         "\\A/a\\z", "/a.{2,3}", "[(]|/a", "/(a)(?:b)?", "\\(\\)"};
constexpr std::string_view texts[] = {
    "",     "/",   "/a",   "/A",  "/a/", "a", "b",     "/b",  "/a/b", "/ab",
    "/abc", "//b", "/a()", "/a.", "()",  "(", "/abcb", "a()", "/a\n", "/a/b/c/d/e/f/g"};

TEST(Regexp, matches_whole_texts_as_re2_does) {
    for (const std::string_view pattern : patterns) {
        re2::RE2::Options options(re2::RE2::Latin1);
        options.set_dot_nl(true);
        const re2::RE2 plain(std::string(pattern), options);
        ASSERT_TRUE(plain.ok()) << pattern;
        const Regex regex = compiled(pattern);
        EXPECT_EQ(regex.pattern(), pattern);
        EXPECT_EQ(regex.groups(), static_cast<size_t>(plain.NumberOfCapturingGroups())) << pattern;
        for (const std::string_view text : texts) {
            EXPECT_EQ(regex.matches(text), re2::RE2::FullMatch(std::string(text), plain)) << pattern << " " << text;
        }
    }
}

TEST(Regexp, knows_what_its_groups_matched) {
    std::array<std::string_view, 3> groups{"x", "x", "x"};
    compiled("/(a+)/(b)?(c?)").capture("/aa/c", groups);
    EXPECT_EQ(groups, (std::array<std::string_view, 3>{"aa", "", "c"}));
    std::array<std::string_view, 1> one{"x"};
    compiled("/.*/(b+)/(c+)").capture("/a/bb/cc", one);
    EXPECT_EQ(one.front(), "bb");
    compiled("/(a)").capture("/b", one);
    EXPECT_EQ(one.front(), "");
    one = {"x"};
    compiled("/a").capture("/a", one);
    EXPECT_EQ(one.front(), "x");
}

TEST(Regexp, takes_letters_of_any_case_when_told_so) {
    EXPECT_TRUE(compiled("/Shop-[a-z]+", Letters::any_case).matches("/sHOP-X"));
    EXPECT_FALSE(compiled("/Shop-[a-z]+").matches("/shop-x"));
}

TEST(Regexp, that_is_none_is_refused_in_its_own_words) {
    for (const std::string_view pattern :
         {"*a", "+", "(?i)*a", "a(", ")", "a)(b", "[a", "a\\", "(a\\", "(?", "(?<n>a)", "a**", "\\p"}) {
        const auto regex = Regex::compile(pattern, Letters::as_written);
        ASSERT_FALSE(regex) << pattern;
        EXPECT_THAT(regex.error().message, HasSubstr("'" + std::string(pattern) + "' is no regular expression: "));
        for (const std::string_view mark : {"^", "()"}) {
            EXPECT_FALSE(regex.error().message.contains(mark)) << regex.error().message;
        }
    }
}

TEST(Regexp, has_limits) {
    std::string groups;
    for (size_t n = 0; n < Regex::max_groups; ++n) groups += "(a)";
    EXPECT_TRUE(compiled(groups).matches(std::string(Regex::max_groups, 'a')));
    EXPECT_THAT(Regex::compile(groups + "(a)", Letters::as_written).error().message, HasSubstr("more than 31 groups"));
    std::string large;
    for (int n = 0; n <= Regex::max_program_steps; ++n) large += "[ac]";
    EXPECT_THAT(Regex::compile(large, Letters::as_written).error().message, HasSubstr("too large"));
}

// What Seki adds to make a pattern fast does not count.
TEST(Regexp, may_be_as_large_as_its_limit_with_and_without_branches) {
    const auto steps = [](const std::string& pattern) {
        const re2::RE2 plain(pattern, regex_options(Letters::as_written, Regex::max_memory));
        return plain.ok() ? plain.ProgramSize() : 0;
    };
    for (const std::string end : {"", "|b", "$"}) {
        std::string largest("a[a-c]");
        for (int n = steps(largest + end); n < Regex::max_program_steps; ++n) largest += "[a-c]";
        largest += end;
        ASSERT_EQ(steps(largest), Regex::max_program_steps) << end;
        EXPECT_TRUE(Regex::compile(largest, Letters::as_written)) << end;
    }
}

}  // namespace
}  // namespace seki::routing
