#include "routing/router.h"

#include <gtest/gtest.h>

#include "routing/rules.h"

namespace seki::routing {
namespace {

// ---- hosts

TEST_F(Routing, an_unknown_host_or_path_finds_nothing) {
    add(prefix("shop.example", "/api"), 1);
    EXPECT_EQ(find("other.example", "/api"), 0);
    EXPECT_EQ(find("shop.example", "/"), 0);
    EXPECT_EQ(find("", "/api"), 0);
    EXPECT_EQ(find(std::string(300, 'a'), "/api"), 0);
}

TEST_F(Routing, case_and_a_trailing_dot_of_the_host_do_not_matter) {
    add(prefix("Shop.example.", ""), 1);
    EXPECT_EQ(find("SHOP.Example.", "/"), 1);
}

TEST_F(Routing, addresses_are_compared_by_value) {
    add(prefix("[2001:DB8:0::1]", ""), 1);
    add(prefix("*", "/any"), 2);
    for (const char* host : {"[2001:db8::1]", "[2001:0DB8::0001]", "[2001:db8:0:0:0:0:0.0.0.1]"})
        EXPECT_EQ(find(host, "/"), 1) << host;
    EXPECT_EQ(find("[2001:db8::2]", "/any"), 2);
    EXPECT_EQ(find("2001:db8::1", "/any"), 2);
    for (const char* host : {"[2001:db8::1%25lo]", "[]", "["}) EXPECT_EQ(find(host, "/any"), 0) << host;
    add(prefix("192.0.2.1", ""), 3);
    EXPECT_EQ(find("[::ffff:192.0.2.1]", "/"), 3);
}

TEST_F(Routing, a_wildcard_is_exactly_one_label) {
    add(prefix("*.example.com", ""), 1);
    EXPECT_EQ(find("a.example.com", "/"), 1);
    EXPECT_EQ(find("A.EXAMPLE.com.", "/"), 1);
    EXPECT_EQ(find("example.com", "/"), 0);
    EXPECT_EQ(find("a.b.example.com", "/"), 0);
    EXPECT_EQ(find(".example.com", "/"), 0);
    EXPECT_EQ(find("*.example.com", "/"), 1);
    EXPECT_EQ(find("a.example.org", "/"), 0);
}

TEST_F(Routing, a_label_between_slashes_is_a_regular_expression_for_that_label) {
    add(prefix("/v[0-9]+/.api.example.com", ""), 1);
    add(prefix("cdn./eu|us/.example.com", ""), 2);
    add(prefix("/.*/.example.net", ""), 3);
    EXPECT_EQ(find("v12.api.example.com", "/"), 1);
    EXPECT_EQ(find("V12.api.example.com", "/"), 1);
    EXPECT_EQ(find("xv1.api.example.com", "/"), 0);
    EXPECT_EQ(find("v1x.api.example.com", "/"), 0);
    EXPECT_EQ(find("a.v1.api.example.com", "/"), 0);
    EXPECT_EQ(find("api.example.com", "/"), 0);
    EXPECT_EQ(find("cdn.us.example.com", "/"), 2);
    EXPECT_EQ(find("cdn.asia.example.com", "/"), 0);
    EXPECT_EQ(find("us.example.com", "/"), 0);
    EXPECT_EQ(find("anything.example.net", "/"), 3);
    EXPECT_EQ(find("any.thing.example.net", "/"), 0);
    EXPECT_EQ(find(".example.net", "/"), 0);
}

TEST_F(Routing, several_labels_may_be_regular_expressions_and_the_last_one_too) {
    add(prefix("/a|b/.mid./[0-9]+/", ""), 1);
    add(prefix("*./x.?/.example", ""), 2);
    EXPECT_EQ(find("b.mid.7", "/"), 1);
    EXPECT_EQ(find("c.mid.7", "/"), 0);
    EXPECT_EQ(find("b.other.7", "/"), 0);
    EXPECT_EQ(find("mid.7", "/"), 0);
    EXPECT_EQ(find("7", "/"), 0);
    EXPECT_EQ(find("any.xy.example", "/"), 2);
    EXPECT_EQ(find("xy.example", "/"), 0);
    EXPECT_EQ(find(".xy.example", "/"), 0);
}

TEST_F(Routing, the_catch_all_takes_every_host_and_none) {
    add(prefix("*", ""), 1);
    EXPECT_EQ(find("a.b.c", "/"), 1);
    EXPECT_EQ(find("[::1]", "/"), 1);
    EXPECT_EQ(find("", "/"), 1);
}

TEST_F(Routing, the_more_specific_host_of_the_tree_decides) {
    add(prefix("*", ""), 1);
    add(prefix("/[a-z]+/.example.com", ""), 2);
    add(prefix("*.example.com", "/wild"), 3);
    add(prefix("shop.example.com", "/shop"), 4);
    EXPECT_EQ(find("shop.example.com", "/shop"), 4);
    EXPECT_EQ(find("shop.example.com", "/wild"), 0);
    EXPECT_EQ(find("other.example.com", "/wild"), 3);
    EXPECT_EQ(find("other.example.com", "/"), 0);
    EXPECT_EQ(find("a.b", "/"), 1);
    EXPECT_EQ(router.remove(prefix("*.example.com", "/wild")), 3);
    EXPECT_EQ(find("other.example.com", "/"), 2);
    EXPECT_EQ(find("0.example.com", "/"), 1);
}

TEST_F(Routing, of_several_host_expressions_the_longer_one_decides_then_the_text) {
    add(prefix("/[a-z]+/.example.com", ""), 1);
    add(prefix("/[a-z]{1,9}/.example.com", "/longer"), 2);
    add(prefix("/b.*/.example.org", ""), 3);
    add(prefix("/a.*|b/.example.org", ""), 4);
    add(prefix("/.b.*|b/.example.org", ""), 5);
    EXPECT_EQ(find("shop.example.com", "/longer"), 2);
    EXPECT_EQ(find("shop.example.com", "/"), 0);
    EXPECT_EQ(find("averylongname.example.com", "/"), 1);
    EXPECT_EQ(find("b.example.org", "/"), 5);
    EXPECT_EQ(find("a.example.org", "/"), 4);
    EXPECT_EQ(find("bb.example.org", "/"), 5);
    EXPECT_EQ(find("bc.example.org", "/"), 3);
}

// ---- positions

TEST_F(Routing, pre_goes_before_the_tree_and_post_after_it) {
    add(at(Position::pre, prefix("*", "/.well-known/")), 1);
    add(prefix("shop.example", ""), 2);
    add(prefix("api.example", "/v1"), 3);
    add(at(Position::post, prefix("*", "")), 4);
    EXPECT_EQ(find("shop.example", "/.well-known/acme"), 1);
    EXPECT_EQ(find("shop.example", "/"), 2);
    EXPECT_EQ(find("api.example", "/v1"), 3);
    EXPECT_EQ(find("api.example", "/v2"), 4);
    EXPECT_EQ(find("other.example", "/"), 4);
}

TEST_F(Routing, before_and_after_the_tree_less_specific_hosts_are_asked_too) {
    for (const Position position : {Position::pre, Position::post}) {
        Router<int> fresh;
        std::swap(router, fresh);
        add(at(position, prefix("*", "")), 1);
        add(at(position, prefix("/[a-z]+/.example.com", "/regex")), 2);
        add(at(position, prefix("/[a-z]*/.example.com", "/other")), 3);
        add(at(position, prefix("*.example.com", "/wild")), 4);
        add(at(position, prefix("shop.example.com", "/shop")), 5);
        EXPECT_EQ(find("shop.example.com", "/shop"), 5);
        EXPECT_EQ(find("shop.example.com", "/wild"), 4);
        EXPECT_EQ(find("shop.example.com", "/regex"), 2);
        EXPECT_EQ(find("shop.example.com", "/other"), 3);
        EXPECT_EQ(find("shop.example.com", "/"), 1);
    }
}

// ---- paths

TEST_F(Routing, the_exact_path_goes_before_any_prefix) {
    add(prefix("shop.example", "/cart/items"), 1);
    add(equals("shop.example", "/cart"), 2);
    add(prefix("shop.example", ""), 3);
    EXPECT_EQ(find("shop.example", "/cart"), 2);
    EXPECT_EQ(find("shop.example", "/cart/items/7"), 1);
    EXPECT_EQ(find("shop.example", "/cart/"), 3);
    EXPECT_EQ(find("shop.example", "/cart?page=1"), 3);
}

TEST_F(Routing, a_regular_expression_goes_between_exact_paths_and_prefixes) {
    add(prefix("shop.example", "/item/0/details"), 1);
    add(regex("shop.example", "/item/[0-9]+(/.*)?"), 2);
    add(equals("shop.example", "/item/0"), 3);
    EXPECT_EQ(find("shop.example", "/item/0"), 3);
    EXPECT_EQ(find("shop.example", "/item/0/details"), 2);
    EXPECT_EQ(find("shop.example", "/item/x"), 0);
}

TEST_F(Routing, a_path_expression_is_for_the_whole_path_with_its_query) {
    add(regex("shop.example", "/item/[0-9]+"), 1);
    add(regex("shop.example", R"(/page/[0-9]+(\?.*)?)"), 2);
    EXPECT_EQ(find("shop.example", "/item/7"), 1);
    EXPECT_EQ(find("shop.example", "/item/7/"), 0);
    EXPECT_EQ(find("shop.example", "/x/item/7"), 0);
    EXPECT_EQ(find("shop.example", "/item/7?a=b"), 0);
    EXPECT_EQ(find("shop.example", "/page/7?a=b"), 2);
    EXPECT_EQ(find("shop.example", "/ITEM/7"), 0);
}

TEST_F(Routing, bytes_that_are_no_text_match_as_bytes) {
    add(regex("shop.example", "/(.)x"), 1);
    add(regex("shop.example", "/caf\xC3\xA9"), 2);
    EXPECT_EQ(find("shop.example", "/\xFFx"), 1);
    EXPECT_EQ(find("shop.example", std::string_view("/\0x", 3)), 1);
    EXPECT_EQ(find("shop.example", "/\nx"), 1);
    EXPECT_EQ(find("shop.example", "/caf\xC3\xA9"), 2);
}

TEST_F(Routing, of_several_path_expressions_one_with_a_method_goes_first_then_the_longer_then_the_text) {
    add(regex("a", "/.*"), 1);
    add(regex("a", "/x.*"), 2);
    add(regex("a", "/y.*"), 3);
    add(regex("a", "/.y*"), 4);
    add(regex("a", "/", method("POST")), 5);
    add(regex("a", "/x+", method("POST")), 6);
    EXPECT_EQ(find("a", "/xy"), 4);
    EXPECT_EQ(find("a", "/xz"), 2);
    EXPECT_EQ(find("a", "/yz"), 3);
    EXPECT_EQ(find("a", "/zz"), 1);
    EXPECT_EQ(find("a", "/x"), 4);
    EXPECT_EQ(find("a", "/x", "POST"), 6);
    EXPECT_EQ(find("a", "/", "POST"), 5);
    EXPECT_EQ(find("a", "/", "GET"), 1);
}

TEST_F(Routing, many_path_expressions_are_found_like_few) {
    for (int i = 1; i <= 300; ++i) add(regex("a", "/service-" + std::to_string(i) + "/[0-9]+"), i);
    add(regex("a", "/service-.*"), 1000);
    for (int round = 0; round < 2; ++round) {
        for (int i = 1; i <= 300; ++i) EXPECT_EQ(find("a", "/service-" + std::to_string(i) + "/12"), i);
        EXPECT_EQ(find("a", "/service-7/x"), 1000);
        EXPECT_EQ(find("a", "/x"), 0);
    }
    EXPECT_EQ(router.remove(regex("a", "/service-7/[0-9]+")), 7);
    EXPECT_EQ(find("a", "/service-7/12"), 1000);
    EXPECT_EQ(find("a", "/service-8/12"), 8);
    add(regex("a", "/service-7/[0-9]+"), 77);
    EXPECT_EQ(find("a", "/service-7/12"), 77);
}

TEST_F(Routing, the_longer_prefix_wins_whatever_the_order_of_adding) {
    add(prefix("shop.example", "/a"), 1);
    add(prefix("shop.example", "/a/b/c"), 3);
    add(prefix("shop.example", "/a/b"), 2);
    EXPECT_EQ(find("shop.example", "/a/b/c/d"), 3);
    EXPECT_EQ(find("shop.example", "/a/b/d"), 2);
    EXPECT_EQ(find("shop.example", "/ab"), 1);
}

TEST_F(Routing, many_prefixes_are_found_like_few) {
    add(prefix("a", "/"), 1);
    add(prefix("a", "/s"), 2);
    add(prefix("a", "/s1", method("POST")), 3);
    for (int i = 1; i < 1000; ++i) add(prefix("a", "/s" + std::to_string(i) + "/"), 1000 + i);
    EXPECT_EQ(find("a", "/s12/x"), 1012);
    EXPECT_EQ(find("a", "/s999/"), 1999);
    EXPECT_EQ(find("a", "/s1000/"), 2);
    EXPECT_EQ(find("a", "/s1", "POST"), 3);
    EXPECT_EQ(find("a", "/s1x", "GET"), 2);
    EXPECT_EQ(find("a", "/zzz"), 1);
    EXPECT_EQ(find("a", "/"), 1);
    EXPECT_EQ(find("a", ""), 0);
}

TEST_F(Routing, a_rule_that_names_the_method_goes_before_one_that_takes_any) {
    add(prefix("shop.example", "/"), 1);
    add(prefix("shop.example", "/", method("POST")), 2);
    EXPECT_EQ(find("shop.example", "/", "POST"), 2);
    EXPECT_EQ(find("shop.example", "/", "GET"), 1);
    EXPECT_EQ(find("shop.example", "/", "post"), 1);
}

// ---- changes

TEST_F(Routing, the_same_rule_takes_the_place_of_the_first_and_goes_when_removed) {
    add(equals("shop.example", "/cart"), 1);
    EXPECT_EQ(router.put(compile(equals("SHOP.example", "/cart")).value(), 2), 1);
    EXPECT_EQ(find("shop.example", "/cart"), 2);
    EXPECT_EQ(router.size(), 1U);
    EXPECT_EQ(router.remove(prefix("shop.example", "/cart")), std::nullopt);
    EXPECT_EQ(router.remove(equals("Shop.example", "/cart")), 2);
    EXPECT_EQ(find("shop.example", "/cart"), 0);
    EXPECT_EQ(router.size(), 0U);
}

TEST_F(Routing, a_rule_in_another_position_is_the_same_rule) {
    for (const Rule& rule :
         {prefix("a", "/"), regex("a", "/.*"), prefix("*", ""), prefix("/x/.a", ""), prefix("*.a", "")}) {
        add(at(Position::pre, rule), 1);
        EXPECT_EQ(router.put(compile(rule).value(), 2), 1);
        EXPECT_EQ(router.put(compile(at(Position::post, rule)).value(), 3), 2);
        EXPECT_EQ(router.remove(rule), 3);
        EXPECT_EQ(router.remove(rule), std::nullopt);
    }
    EXPECT_EQ(router.size(), 0U);
}

TEST_F(Routing, every_kind_of_rule_can_be_removed) {
    const std::vector<Rule> rules{prefix("a", "/x"),
                                  equals("a", "/x"),
                                  regex("a", "/x"),
                                  prefix("a", "/x", method("GET")),
                                  prefix("*.a", "/x"),
                                  regex("*.a", "/x"),
                                  prefix("/[bc]/.a", "/x"),
                                  prefix("/[bd]/.a", "/x"),
                                  prefix("*", "/x"),
                                  equals("*", "/x"),
                                  prefix("/b/./a/", "/x"),
                                  prefix("/[b]/.a", "/x"),
                                  at(Position::post, regex("*", "/x", method("GET"))),
                                  at(Position::pre, prefix("a.b", "/x"))};
    for (size_t i = 0; i < rules.size(); ++i) add(rules[i], static_cast<int>(i));
    EXPECT_EQ(router.size(), rules.size());
    for (size_t i = 0; i < rules.size(); ++i) {
        EXPECT_EQ(router.remove(rules[i]), static_cast<int>(i));
        EXPECT_EQ(router.remove(rules[i]), std::nullopt);
    }
    EXPECT_EQ(router.size(), 0U);
    EXPECT_EQ(find("b.a", "/x"), 0);
}

}  // namespace
}  // namespace seki::routing
