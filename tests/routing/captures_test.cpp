#include "routing/captures.h"

#include <gmock/gmock.h>

#include "routing/rules.h"

namespace seki::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct RoutingCaptures : Routing {
    Captures captures;
    CompiledRule rule{Rule{}};

    // Matches a request with the only rule and looks at what it captured.
    void capture(Rule only, std::string_view host, std::string_view path) {
        rule = compile(only).value();
        router = Router<int>();
        add(std::move(only), 1);
        const auto view = request(host, path);
        const auto match = router.find(view);
        ASSERT_TRUE(match) << host << path;
        Router<int>::captures(match, view, captures);
    }
    std::vector<std::string_view> host() const {
        std::vector<std::string_view> values;
        for (size_t n = 0; n < rule.host_captures(); ++n) values.push_back(captures.host(n));
        return values;
    }
    std::vector<std::string_view> path() const {
        std::vector<std::string_view> values;
        for (size_t n = 0; n < rule.path_captures(); ++n) values.push_back(captures.path(n));
        return values;
    }
};

TEST_F(RoutingCaptures, zero_is_the_whole_value) {
    capture(equals("shop.example", "/cart"), "Shop.EXAMPLE.", "/cart");
    EXPECT_THAT(host(), ElementsAre("shop.example"));
    EXPECT_THAT(path(), ElementsAre("/cart"));
}

TEST_F(RoutingCaptures, a_wildcard_gives_its_label_and_a_prefix_what_follows_it) {
    capture(prefix("*.example.com", "/api"), "Blue.example.com", "/api/v1?x=1");
    EXPECT_THAT(host(), ElementsAre("blue.example.com", "blue"));
    EXPECT_THAT(path(), ElementsAre("/api/v1?x=1", "/v1?x=1"));
}

TEST_F(RoutingCaptures, nothing_may_follow_a_prefix) {
    capture(prefix("a", "/api"), "a", "/api");
    EXPECT_THAT(path(), ElementsAre("/api", ""));
}

TEST_F(RoutingCaptures, groups_are_numbered_from_left_to_right_over_all_labels) {
    capture(regex("/(v)([0-9]+)/.mid./(eu|us)-([a-z])?.*/.example.com", "/([a-z]+)/(?:x|y)(/([0-9]+))?"),
            "v12.mid.US-7.example.com", "/items/x");
    EXPECT_THAT(host(), ElementsAre("v12.mid.us-7.example.com", "v", "12", "us", ""));
    EXPECT_THAT(path(), ElementsAre("/items/x", "items", "", ""));
}

TEST_F(RoutingCaptures, a_wildcard_before_an_expression_is_the_first_group) {
    capture(prefix("*./x([0-9])/", ""), "blue.x7", "/");
    EXPECT_THAT(host(), ElementsAre("blue.x7", "blue", "7"));
}

TEST_F(RoutingCaptures, an_expression_without_groups_gives_none) {
    capture(regex("/.*/.a", "/.*"), "b.a", "/");
    EXPECT_THAT(host(), ElementsAre("b.a"));
    EXPECT_THAT(path(), ElementsAre("/"));
}

TEST_F(RoutingCaptures, the_catch_all_gives_the_host) {
    capture(prefix("*", ""), "A.b", "/x");
    EXPECT_THAT(host(), ElementsAre("a.b", "a.b"));
    EXPECT_THAT(path(), ElementsAre("/x", "/x"));
}

TEST_F(RoutingCaptures, what_a_rule_does_not_have_is_empty) {
    capture(regex("/(.*)/.a", "/(.*)"), "b.a", "/1");
    capture(equals("b", "/"), "b", "/");
    EXPECT_THAT(captures.host(1), IsEmpty());
    EXPECT_THAT(captures.path(1), IsEmpty());
    EXPECT_THAT(captures.path(1000), IsEmpty());
}

TEST_F(RoutingCaptures, as_many_groups_as_a_rule_may_have_are_there) {
    std::string groups;
    for (int i = 0; i < 31; ++i) groups += "(.)";
    capture(regex("/" + groups + "/.a", "/" + groups), "abcdefghijklmnopqrstuvwxyz01234.a",
            "/abcdefghijklmnopqrstuvwxyz01234");
    EXPECT_EQ(captures.host(31), "4");
    EXPECT_EQ(captures.path(31), "4");
    EXPECT_EQ(captures.path(1), "a");
}

}  // namespace
}  // namespace seki::routing
