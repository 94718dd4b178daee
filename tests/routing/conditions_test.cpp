#include <gmock/gmock.h>

#include "routing/filter.h"
#include "routing/rules.h"

namespace seki::routing {
namespace {

constexpr auto header = FieldCondition::Source::header;
constexpr auto cookie = FieldCondition::Source::cookie;
constexpr auto query = FieldCondition::Source::query;

struct RoutingConditions : Routing {
    // Whether a rule with these conditions takes the request.
    bool takes(Conditions conditions, std::string_view path = "/", std::string_view source = "192.0.2.1") {
        router = Router<int>();
        add(prefix("a", "", std::move(conditions)), 1);
        return find("a", path, "GET", source) == 1;
    }
    bool takes(FieldCondition condition, std::string_view path = "/") {
        return takes(fields({std::move(condition)}), path);
    }
    void send(const std::string& name, const std::string& value) { headers.lines.emplace_back(name, value); }
};

// ---- kinds

TEST_F(RoutingConditions, exact_compares_the_whole_value) {
    send("x-env", "staging");
    EXPECT_TRUE(takes(is(header, "X-Env", "staging")));
    EXPECT_FALSE(takes(is(header, "X-Env", "stag")));
    EXPECT_FALSE(takes(is(header, "X-Env", "STAGING")));
    EXPECT_FALSE(takes(is(header, "X-Other", "staging")));
}

TEST_F(RoutingConditions, starts_with_compares_the_beginning) {
    send("x-env", "staging");
    EXPECT_TRUE(takes(starts(header, "x-env", "stag")));
    EXPECT_TRUE(takes(starts(header, "x-env", "")));
    EXPECT_FALSE(takes(starts(header, "x-env", "taging")));
}

TEST_F(RoutingConditions, matches_is_a_regular_expression_for_the_whole_value) {
    send("x-version", "v12");
    EXPECT_TRUE(takes(matches(header, "x-version", "v[0-9]+")));
    EXPECT_FALSE(takes(matches(header, "x-version", "[0-9]+")));
    EXPECT_FALSE(takes(matches(header, "x-version", "v[0-9]")));
}

TEST_F(RoutingConditions, present_asks_whether_there_is_any) {
    send("x-debug", "");
    EXPECT_TRUE(takes(present(header, "x-debug")));
    EXPECT_FALSE(takes(present(header, "x-other")));
}

TEST_F(RoutingConditions, an_inverted_condition_holds_when_no_value_matches) {
    send("x-env", "prod");
    EXPECT_TRUE(takes(no(is(header, "x-env", "staging"))));
    EXPECT_TRUE(takes(no(is(header, "x-absent", "staging"))));
    EXPECT_TRUE(takes(no(present(header, "x-absent"))));
    EXPECT_FALSE(takes(no(is(header, "x-env", "prod"))));
    EXPECT_FALSE(takes(no(present(header, "x-env"))));
    send("x-env", "staging");
    EXPECT_FALSE(takes(no(is(header, "x-env", "staging"))));
}

// ---- where values come from

TEST_F(RoutingConditions, one_of_several_field_lines_is_enough) {
    send("x-env", "prod");
    send("x-env", "staging");
    EXPECT_TRUE(takes(is(header, "x-env", "staging")));
}

TEST_F(RoutingConditions, cookies_are_found_by_name_in_all_fields) {
    send("cookie", "a=1; beta=yes;c = 3 ; =nameless; flag");
    send("cookie", "d=4=4");
    EXPECT_TRUE(takes(is(cookie, "a", "1")));
    EXPECT_TRUE(takes(is(cookie, "beta", "yes")));
    EXPECT_TRUE(takes(is(cookie, "c", "3")));
    EXPECT_TRUE(takes(is(cookie, "d", "4=4")));
    EXPECT_TRUE(takes(is(cookie, "flag", "")));
    EXPECT_FALSE(takes(is(cookie, "beta", "no")));
    EXPECT_FALSE(takes(present(cookie, "eta")));
    EXPECT_FALSE(takes(present(cookie, "Beta")));
    EXPECT_FALSE(takes(present(cookie, "yes")));
}

TEST_F(RoutingConditions, query_parameters_are_read_as_forms_write_them) {
    EXPECT_TRUE(takes(is(query, "a", "1"), "/?a=1"));
    EXPECT_TRUE(takes(is(query, "a", "2"), "/?a=1&a=2"));
    EXPECT_TRUE(takes(is(query, "a", "x y=z&"), "/?b&%61=x+y=%7a%26"));
    EXPECT_TRUE(takes(is(query, "a", "%4 %zz%"), "/?a=%4+%zz%"));
    EXPECT_TRUE(takes(is(query, "a", ""), "/?a"));
    EXPECT_TRUE(takes(is(query, "a", "?"), "/?a=?"));
    EXPECT_FALSE(takes(present(query, "a"), "/"));
    EXPECT_FALSE(takes(present(query, "a"), "/a=1"));
    EXPECT_FALSE(takes(present(query, "a"), "/?ba=1&=a"));
    EXPECT_FALSE(takes(is(query, "a", "1"), "/?A=1"));
}

TEST_F(RoutingConditions, a_request_without_headers_has_no_values) {
    add(prefix("a", "", fields({present(header, "host")})), 1);
    EXPECT_EQ(find({"a", "/", "GET", IpAddress(), nullptr}), 0);
}

// ---- several

TEST_F(RoutingConditions, conditions_on_one_name_are_alternatives) {
    const auto either = fields({is(header, "x-env", "staging"), starts(header, "X-Env", "test")});
    EXPECT_FALSE(takes(either));
    send("x-env", "test-7");
    EXPECT_TRUE(takes(either));
}

TEST_F(RoutingConditions, none_of_the_inverted_conditions_on_one_name_may_match) {
    const auto neither = fields({no(is(header, "x-env", "staging")), no(starts(header, "x-env", "test"))});
    EXPECT_TRUE(takes(neither));
    send("x-env", "prod");
    EXPECT_TRUE(takes(neither));
    EXPECT_TRUE(takes(fields({starts(header, "x-env", "p"), no(is(header, "x-env", "preview"))})));
    send("x-env", "test-7");
    EXPECT_FALSE(takes(neither));
    EXPECT_FALSE(takes(fields({starts(header, "x-env", "p"), no(is(header, "x-env", "test-7"))})));
    EXPECT_FALSE(takes(fields({starts(header, "x-env", "q"), no(is(header, "x-env", "preview"))})));
}

TEST_F(RoutingConditions, all_names_must_match_and_kinds_of_fields_are_apart) {
    const auto all = fields({is(header, "a", "1"), is(cookie, "a", "2"), is(query, "a", "3")});
    send("a", "1");
    EXPECT_FALSE(takes(all, "/?a=3"));
    send("cookie", "a=2");
    EXPECT_TRUE(takes(all, "/?a=3"));
    EXPECT_FALSE(takes(all, "/?a=2"));
}

// ---- sources

TEST_F(RoutingConditions, a_rule_takes_the_sources_that_it_allows) {
    const auto inside = sources({"10.0.0.0/8", "2001:db8::/32"}, {});
    EXPECT_TRUE(takes(inside, "/", "10.1.2.3"));
    EXPECT_TRUE(takes(inside, "/", "2001:db8::7"));
    EXPECT_TRUE(takes(inside, "/", "::ffff:10.1.2.3"));
    EXPECT_FALSE(takes(inside, "/", "192.0.2.1"));
    EXPECT_FALSE(takes(inside, "/", "2001:db9::7"));
}

TEST_F(RoutingConditions, deny_goes_before_allow) {
    const auto some = sources({"10.0.0.0/8"}, {"10.1.0.0/16"});
    EXPECT_TRUE(takes(some, "/", "10.2.0.1"));
    EXPECT_FALSE(takes(some, "/", "10.1.0.1"));
    const auto others = sources({}, {"10.1.0.0/16"});
    EXPECT_TRUE(takes(others, "/", "192.0.2.1"));
    EXPECT_FALSE(takes(others, "/", "10.1.0.1"));
}

// ---- precedence

TEST_F(RoutingConditions, of_rules_for_one_path_the_one_that_asks_for_more_goes_first) {
    add(prefix("a", "/"), 1);
    add(prefix("a", "/", fields({present(header, "x")})), 2);
    add(prefix("a", "/", fields({present(header, "x"), present(header, "y")})), 3);
    add(prefix("a", "/", sources({"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"}, {})), 4);
    add(prefix("a", "/", method("POST")), 5);
    EXPECT_EQ(find("a", "/"), 1);
    EXPECT_EQ(find("a", "/", "GET", "10.0.0.1"), 4);
    send("x", "1");
    EXPECT_EQ(find("a", "/"), 2);
    send("y", "1");
    EXPECT_EQ(find("a", "/"), 3);
    EXPECT_EQ(find("a", "/", "GET", "10.0.0.1"), 3);
    EXPECT_EQ(find("a", "/", "POST", "10.0.0.1"), 5);
}

TEST_F(RoutingConditions, the_path_goes_before_the_conditions) {
    add(prefix("a", "/", fields({present(header, "x")})), 1);
    add(prefix("a", "/long"), 2);
    add(regex("a", "/l.*", fields({present(header, "y")})), 3);
    send("x", "1");
    EXPECT_EQ(find("a", "/long"), 2);
    EXPECT_EQ(find("a", "/"), 1);
    send("y", "1");
    EXPECT_EQ(find("a", "/long"), 3);
}

TEST_F(RoutingConditions, what_a_rule_refuses_the_next_one_may_take) {
    add(prefix("a", "/api", fields({is(cookie, "beta", "1")})), 1);
    add(prefix("a", "/"), 2);
    EXPECT_EQ(find("a", "/api"), 2);
    send("cookie", "beta=1");
    EXPECT_EQ(find("a", "/api"), 1);
}

TEST_F(RoutingConditions, a_tie_is_decided_by_text_not_by_order_of_adding) {
    const auto first = prefix("a", "/", fields({present(header, "x")}));
    const auto second = prefix("a", "/", fields({present(header, "y")}));
    send("x", "1");
    send("y", "1");
    for (const bool forward : {true, false}) {
        router = Router<int>();
        add(forward ? first : second, forward ? 1 : 2);
        add(forward ? second : first, forward ? 2 : 1);
        EXPECT_EQ(find("a", "/"), 1);
    }
}

// ---- identity

TEST_F(RoutingConditions, order_repetition_and_case_of_header_names_do_not_make_another_rule) {
    Conditions one = fields({is(header, "X-A", "1"), is(header, "x-b", "2")});
    one.source_allow = networks({"10.0.0.0/8", "11.0.0.0/8"});
    Conditions other = fields({is(header, "x-b", "2"), is(header, "x-a", "1"), is(header, "x-b", "2")});
    other.source_allow = networks({"11.0.0.0/8", "10.0.0.0/8"});
    add(prefix("a", "/", one), 1);
    EXPECT_EQ(router.put(compile(prefix("a", "/", other)).value(), 2), 1);
    EXPECT_EQ(router.remove(prefix("a", "/", one)), 2);
}

TEST_F(RoutingConditions, other_conditions_make_another_rule) {
    const std::vector<Conditions> different{
        {},
        method("GET"),
        fields({is(header, "x", "1")}),
        fields({is(header, "x", "2")}),
        fields({is(cookie, "x", "1")}),
        fields({starts(header, "x", "1")}),
        fields({no(is(header, "x", "1"))}),
        sources({"10.0.0.0/8"}, {}),
        sources({}, {"10.0.0.0/8"}),
    };
    for (size_t i = 0; i < different.size(); ++i) {
        add(prefix("a", "/", different[i]), static_cast<int>(i));
        add(regex("a", "/", different[i]), static_cast<int>(i) + 100);
    }
    for (size_t i = 0; i < different.size(); ++i) {
        EXPECT_EQ(router.remove(prefix("a", "/", different[i])), static_cast<int>(i));
        EXPECT_EQ(router.remove(regex("a", "/", different[i])), static_cast<int>(i) + 100);
    }
    EXPECT_EQ(router.size(), 0U);
}

// ---- predicates

constexpr auto predicate = FieldCondition::Source::predicate;

TEST_F(RoutingConditions, predicates_must_all_hold_also_on_one_name) {
    send("x-env", "staging");
    EXPECT_TRUE(takes(is(predicate, "X-Env", "staging")));
    EXPECT_TRUE(takes(fields({is(predicate, "x-env", "staging"), matches(predicate, "X-Env", "s.*")})));
    EXPECT_FALSE(takes(fields({is(predicate, "x-env", "staging"), is(predicate, "x-env", "prod")})));
    EXPECT_TRUE(takes(fields({is(header, "x-env", "staging"), is(header, "x-env", "prod")})));
    EXPECT_FALSE(takes(fields({is(predicate, "x-env", "staging"), present(predicate, "x-other")})));
    send("x-env", "prod");
    EXPECT_TRUE(takes(fields({is(predicate, "x-env", "staging"), is(predicate, "x-env", "prod")})));
}

TEST_F(RoutingConditions, rules_with_predicates_go_before_all_others_of_their_host) {
    add(equals("a", "/api"), 1);
    add(regex("a", "/a.*"), 2);
    add(prefix("a", "/api", fields({is(header, "x-beta", "1"), present(header, "x-env")})), 3);
    add(prefix("a", "", fields({is(predicate, "x-beta", "1")})), 4);
    add(prefix("a", "/api", fields({present(predicate, "x-beta")})), 5);
    EXPECT_EQ(find("a", "/api"), 1);
    send("x-beta", "2");
    EXPECT_EQ(find("a", "/api"), 5);
    EXPECT_EQ(find("a", "/x"), 0);
    headers.lines = {{"x-beta", "1"}, {"x-env", "e"}};
    EXPECT_EQ(find("a", "/api"), 5);
    EXPECT_EQ(find("a", "/x"), 4);
    EXPECT_EQ(router.remove(prefix("a", "/api", fields({present(predicate, "X-Beta")}))), 5);
    EXPECT_EQ(find("a", "/api"), 4);
    EXPECT_EQ(router.remove(prefix("a", "", fields({is(predicate, "x-beta", "1")}))), 4);
    EXPECT_EQ(find("a", "/api"), 1);
    EXPECT_FALSE(router.remove(prefix("a", "", fields({is(predicate, "x-beta", "1")}))));
}

TEST_F(RoutingConditions, predicates_go_first_whatever_the_host_outside_of_the_tree) {
    send("x-beta", "1");
    const Conditions beta = fields({is(predicate, "x-beta", "1")});
    for (const Position position : {Position::pre, Position::tree, Position::post}) {
        router = Router<int>();
        add(at(position, prefix("a.example", "")), 1);
        add(at(position, prefix("*", "", beta)), 2);
        EXPECT_EQ(find("a.example", "/"), position == Position::tree ? 1 : 2);
        EXPECT_EQ(router.remove(at(position, prefix("*", "", beta))), 2);
        EXPECT_EQ(find("a.example", "/"), 1);
    }
}

TEST_F(RoutingConditions, a_predicate_makes_another_rule_than_a_condition) {
    add(prefix("a", "", fields({is(header, "x", "1")})), 1);
    add(prefix("a", "", fields({is(predicate, "x", "1")})), 2);
    EXPECT_EQ(router.size(), 2U);
    EXPECT_EQ(router.remove(prefix("a", "", fields({is(header, "x", "1")}))), 1);
    EXPECT_EQ(router.remove(prefix("a", "", fields({is(predicate, "x", "1")}))), 2);
}

// ---- refusals

TEST(Rule, what_cannot_be_is_refused_with_a_reason) {
    const auto why = [](Rule rule) {
        const auto compiled = compile(std::move(rule));
        return compiled ? std::string() : compiled.error().message;
    };
    EXPECT_EQ(why(regex("a", "/[0-9")), "'/[0-9' is no regular expression: missing ]: [0-9");
    EXPECT_EQ(why(regex("a", "/(?=x)")), "'/(?=x)' is no regular expression: invalid perl operator: (?=");
    EXPECT_THAT(why(regex("a", "(((a{10}){10}){20})")), testing::HasSubstr("invalid repetition size"));
    EXPECT_EQ(why(regex("a", "(a{1000}|b{1000}|c{1000}|d{1000}|e{1000})")),
              "'(a{1000}|b{1000}|c{1000}|d{1000}|e{1000})' is too large a regular expression");
    std::string huge;
    for (int i = 0; i < 50; ++i) huge += "[0-9]{1000}";
    EXPECT_THAT(why(regex("a", huge)), testing::HasSubstr("is too large a regular expression"));
    std::string groups;
    for (int i = 0; i < 32; ++i) groups += "(a)";
    EXPECT_EQ(why(regex("a", groups)),
              "'" + groups + "' has more than 31 groups; write (?:…) for those whose text is not needed");
    EXPECT_EQ(why(prefix("/(/.a", "")), "'(' is no regular expression: missing ): (");
    EXPECT_EQ(why(prefix("a", "", fields({matches(header, "x", "*")}))),
              "'*' is no regular expression: no argument for repetition operator: *");
    EXPECT_EQ(why(prefix("a", "", fields({is(header, "", "x")}))), "a condition has no name");
    FieldCondition present_with_value = is(header, "x", "1");
    present_with_value.kind = FieldCondition::Kind::present;
    EXPECT_EQ(why(prefix("a", "", fields({present_with_value}))),
              "the condition on 'x' asks whether it is there and has a value, '1'");
    std::vector<FieldCondition> many;
    for (int i = 0; i < 65; ++i) many.push_back(present(query, std::to_string(i)));
    EXPECT_EQ(why(prefix("a", "", fields(many))), "65 conditions are more than 64");
    std::vector<std::string> texts;
    for (int i = 0; i < 1025; ++i) texts.push_back(IpAddress::v4(static_cast<uint32_t>(i)).text());
    EXPECT_EQ(why(prefix("a", "", sources({}, texts))), "1025 networks are more than 1024");
    EXPECT_THAT(why(prefix("-a", "")), testing::HasSubstr("is no host name"));
}

}  // namespace
}  // namespace seki::routing
