#include "routing/path.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "routing/rules.h"

namespace seki::routing {
namespace {

std::string normal(std::string_view path) {
    std::string storage;
    const std::string form(normal_path(path, storage));
    std::string again;
    EXPECT_EQ(normal_path(form, again), form) << path;
    EXPECT_EQ(normal_path(path, storage).data() == path.data(), plainly_normal(path) || !path.starts_with('/')) << path;
    return form;
}

void expect_forms(const std::vector<std::pair<std::string_view, std::string_view>>& forms) {
    for (const auto& [path, form] : forms) EXPECT_EQ(normal(path), form) << path;
}

TEST(NormalPaths, decode_what_means_the_same_escaped_or_not) {
    expect_forms({{"/%61%41%30%2d%2E%5f%7E", "/aA0-._~"},
                  {"/%2egit", "/.git"},
                  {"/%40fs/%3a%28%29%21%24%27%2a%2c", "/@fs/:()!$'*,"},
                  {"/a%2fb%5Cc%00%25%3f%23%3b%3d%26%2b%20%c3%a9", "/a%2Fb%5Cc%00%25%3F%23%3B%3D%26%2B%20%C3%A9"}});
}

TEST(NormalPaths, decode_once) {
    expect_forms(
        {{"/%252e%252e/a", "/%252e%252e/a"}, {"/%%32e", "/%%32e"}, {"/%2%65", "/%2%65"}, {"/%%34%31", "/%%341"}});
}

TEST(NormalPaths, keep_what_is_no_escape) {
    expect_forms({{"/100%", "/100%"}, {"/%4", "/%4"}, {"/%zz%61", "/%zza"}, {"/%%7a", "/%z"}, {"/a\\b%", "/a\\b%"}});
}

TEST(NormalPaths, resolve_dot_segments_also_those_in_escapes) {
    expect_forms({{"/./a", "/a"},
                  {"/a/./b", "/a/b"},
                  {"/a/../b", "/b"},
                  {"/a/b/../../c", "/c"},
                  {"/a/%2e%2E/b", "/b"},
                  {"/a/.%2e/%2e/b", "/b"},
                  {"/a/b/..", "/a/"},
                  {"/a/.", "/a/"},
                  {"/.", "/"},
                  {"/..", "/"},
                  {"/../../a", "/a"},
                  {"/...", "/..."},
                  {"/a/..b/.c/d..", "/a/..b/.c/d.."},
                  {"/a/..;/b", "/a/..;/b"},
                  {"/a%2f../b", "/a%2F../b"}});
}

TEST(NormalPaths, have_no_doubled_slashes) {
    expect_forms({{"//", "/"}, {"//a", "/a"}, {"/a///b//", "/a/b/"}, {"/a//../b", "/b"}, {"/a/..//b", "/b"}});
}

TEST(NormalPaths, leave_the_query_and_what_is_no_path) {
    expect_forms({{"/%61?%61//x/../y", "/a?%61//x/../y"},
                  {"/a/..?b", "/?b"},
                  {"/a?x=/..", "/a?x=/.."},
                  {"*", "*"},
                  {"", ""},
                  {"a%61:443", "a%61:443"}});
}

TEST(NormalPaths, of_prefixes_end_as_they_end) {
    EXPECT_EQ(normal_prefix("/%61//b/../c"), "/a/c");
    EXPECT_EQ(normal_prefix("/."), "/.");
    EXPECT_EQ(normal_prefix("/%2e"), "/.");
    EXPECT_EQ(normal_prefix("/a/.."), "/a/..");
    EXPECT_EQ(normal_prefix("/a/../"), "/");
    EXPECT_EQ(normal_prefix("/a/..?x"), "/?x");
    EXPECT_EQ(normal_prefix("//"), "/");
    EXPECT_EQ(normal_prefix(""), "");
}

TEST(AmbiguousPaths, are_those_that_backends_read_in_several_ways) {
    for (const std::string_view path : {"/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/a%00", "/..", "/a/../b", "/a/%2E%2e/b",
                                        "/./a", "/a/.", "/a/..;x/b", "/.;/b", "/100%", "/%4", "/%zz", "/a/..?x"}) {
        EXPECT_TRUE(ambiguous_path(path)) << path;
    }
    for (const std::string_view path :
         {"/", "/a", "//a", "/%61", "/.git", "/...", "/a..", "/;..", "/a;x/b", "/%252e", "*", "/a?b=%2f%00\\/../%"}) {
        EXPECT_FALSE(ambiguous_path(path)) << path;
    }
}

// ---- rules

struct PathRouting : Routing {
    void add_forms(const Rule& rule, int target) {
        for (Rule& form : in_both_forms(rule)) add(std::move(form), target);
    }
    int find_normal(std::string_view path) {
        std::string storage;
        Request asked = request("a", normal_path(path, storage));
        asked.path_form = PathForm::normal;
        return find(asked);
    }
    int find_written(std::string_view path) { return find("a", path); }
};

TEST_F(PathRouting, a_rule_is_compared_in_the_form_that_the_request_has) {
    add_forms(prefix("a", "/%61pi//v1"), 1);
    EXPECT_EQ(find_normal("/api/v1/x"), 1);
    EXPECT_EQ(find_normal("/%61pi//v1"), 1);
    EXPECT_EQ(find_written("/%61pi//v1/x"), 1);
    EXPECT_EQ(find_written("/api/v1"), 0);
}

TEST_F(PathRouting, a_rule_in_normal_form_is_one_for_both) {
    EXPECT_EQ(in_both_forms(prefix("a", "/api")).size(), 1);
    EXPECT_EQ(in_both_forms(regex("a", "/%61|//")).size(), 1);
    add_forms(equals("a", "/api"), 1);
    EXPECT_EQ(find_normal("/x/../%61pi"), 1);
    EXPECT_EQ(find_written("/api"), 1);
    EXPECT_EQ(find_written("/%61pi"), 0);
}

TEST_F(PathRouting, spellings_of_one_path_are_rules_beside_each_other_whatever_their_order) {
    const std::vector<Rule> rules = {equals("a", "/%61"), equals("a", "/a"), equals("a", "/./a")};
    for (const std::vector<size_t>& order : {std::vector<size_t>{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}) {
        router = Router<int>();
        for (const size_t i : order) add_forms(rules[i], static_cast<int>(i) + 1);
        EXPECT_EQ(find_normal("/a"), 2);
        EXPECT_EQ(find_written("/%61"), 1);
        EXPECT_EQ(find_written("/./a"), 3);
        for (const Rule& form : in_both_forms(rules[1])) EXPECT_TRUE(router.remove(form));
        EXPECT_EQ(find_normal("/a"), 1) << "by their text";
    }
}

TEST_F(PathRouting, both_forms_of_a_rule_go_with_it) {
    for (Rule& form : in_both_forms(prefix("a", "//x"))) add(std::move(form), 1);
    for (const Rule& form : in_both_forms(prefix("a", "//x"))) EXPECT_TRUE(router.remove(form));
    EXPECT_EQ(router.size(), 0);
}

}  // namespace
}  // namespace seki::routing
