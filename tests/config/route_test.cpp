// Which rules are the same one, and which clusters a rule belongs to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "config/conditions.h"
#include "config/query.h"
#include "config/state.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using command::RequestHttpFrontend;
using testing::ElementsAre;

Checked<Request> checked(const Request& request) {
    auto checked = check(request);
    SEKI_CHECK(checked.has_value());
    return std::move(*checked);
}

Request rule() { return http_frontend("c", "127.0.0.1:80", "a.example"); }

Request rule_with_header(const std::string& value) {
    Request request = rule();
    command::FieldMatch& match = *request.mutable_add_http_frontend()->add_match_headers();
    match.set_name("X-A");
    match.set_value(value);
    return request;
}

RouteKey key_of(const Request& request) { return route_key(checked(request)->add_http_frontend()); }

TEST(RouteKeys, have_the_text_of_Sozu_and_the_conditions_behind_it) {
    Request request = rule_with_header("1");
    RequestHttpFrontend& frontend = *request.mutable_add_http_frontend();
    frontend.mutable_path()->set_value("/api");
    frontend.set_method("GET");
    frontend.add_source_deny("192.0.2.0/24");
    EXPECT_EQ(key_of(request).text(), "127.0.0.1:80;a.example;P/api;GET;header x-a = 1;not from 192.0.2.0/24");
    EXPECT_EQ(key_of(rule()).text(), "127.0.0.1:80;a.example;P");
}

TEST(RouteKeys, differ_when_conditions_or_sources_do) {
    Request from = rule();
    from.mutable_add_http_frontend()->add_source_allow("192.0.2.0/24");
    Request not_from = rule();
    not_from.mutable_add_http_frontend()->add_source_deny("192.0.2.0/24");
    State state;
    for (const Request& request : {rule(), rule_with_header("1"), rule_with_header("2"), from, not_from}) {
        EXPECT_TRUE(state.apply(checked(request)).has_value());
        EXPECT_FALSE(state.apply(checked(request)).has_value());
    }
}

TEST(RouteKeys, are_the_same_whatever_the_order_of_conditions) {
    Request one = rule_with_header("1");
    Request other = rule_with_header("2");
    *one.mutable_add_http_frontend()->add_match_headers() = other.add_http_frontend().match_headers(0);
    *other.mutable_add_http_frontend()->add_match_headers() = one.add_http_frontend().match_headers(0);
    *other.mutable_add_http_frontend()->add_match_headers() = one.add_http_frontend().match_headers(0);
    EXPECT_EQ(key_of(one), key_of(other));
}

TEST(RouteKeys, ignore_what_a_rule_does) {
    Request request = rule();
    RequestHttpFrontend& frontend = *request.mutable_add_http_frontend();
    frontend.set_cluster_id("other");
    frontend.set_position(command::PRE);
    frontend.set_redirect(command::FOUND);
    frontend.set_rewrite_path("/x");
    frontend.set_front_timeout(5);
    EXPECT_EQ(key_of(request), key_of(rule()));
}

TEST(Conditions, are_lines_that_no_other_conditions_have) {
    RequestHttpFrontend frontend;
    const auto add = [](auto* matches, const char* name, command::MatchKind kind, const char* value, bool invert) {
        command::FieldMatch& match = *matches->Add();
        match.set_name(name);
        match.set_kind(kind);
        if (kind != command::PRESENT) match.set_value(value);
        match.set_invert(invert);
    };
    add(frontend.mutable_match_headers(), "x-a", command::EXACT, "", false);
    add(frontend.mutable_match_headers(), "x-a", command::PRESENT, "", true);
    add(frontend.mutable_match_cookies(), "g", command::STARTS_WITH, "b; c", false);
    add(frontend.mutable_match_query(), "a = b", command::MATCHES, "[0-9]+", false);
    frontend.add_source_allow("10.0.0.0/8");
    frontend.add_source_allow("192.0.2.0/24");
    EXPECT_THAT(conditions(frontend), ElementsAre("cookie g ^= b; c", "header x-a = ", "not header x-a",
                                                  "query a\\_=\\_b ~= [0-9]+", "from 10.0.0.0/8 192.0.2.0/24"));
}

Request split_rule(const std::string& host, std::initializer_list<const char*> clusters) {
    Request request = http_frontend("c", "127.0.0.1:80", host);
    request.mutable_add_http_frontend()->clear_cluster_id();
    for (const char* id : clusters) {
        command::ClusterShare& share = *request.mutable_add_http_frontend()->add_split();
        share.set_cluster_id(id);
        share.set_weight(1);
    }
    return request;
}

std::vector<std::string> hosts_of(const State& state, const std::string& cluster_id) {
    std::vector<std::string> hosts;
    const auto found = cluster_by_id(state, cluster_id);
    for (const auto& information : found.vec()) {
        for (const auto& frontend : information.http_frontends()) hosts.push_back(frontend.hostname());
    }
    return hosts;
}

TEST(SplitRules, belong_to_each_of_their_clusters) {
    State state;
    for (const Request& request : {cluster("a"), cluster("b"), cluster("c"), split_rule("x", {"a", "b"}), rule()}) {
        ASSERT_TRUE(state.apply(checked(request)).has_value());
    }
    EXPECT_THAT(hosts_of(state, "a"), ElementsAre("x"));
    EXPECT_THAT(hosts_of(state, "b"), ElementsAre("x"));
    EXPECT_THAT(hosts_of(state, "c"), ElementsAre("a.example"));

    command::QueryClusterByDomain query;
    query.set_hostname("X");
    EXPECT_EQ(clusters_by_domain(state, query).vec_size(), 2);
}

TEST(SplitRules, leave_all_their_clusters_at_once_and_come_back_so) {
    State state;
    for (const Request& request : {cluster("a"), cluster("b"), split_rule("x", {"a", "b"})}) {
        ASSERT_TRUE(state.apply(checked(request)).has_value());
    }
    Request removal;
    *removal.mutable_remove_http_frontend() = route_identity(split_rule("x", {}).add_http_frontend());
    auto undo = state.apply(checked(removal));
    ASSERT_TRUE(undo.has_value());
    EXPECT_THAT(hosts_of(state, "a"), testing::IsEmpty());
    EXPECT_FALSE(state.table<HttpFrontends>().has_any_of("b"));
    state.undo(std::move(*undo));
    EXPECT_THAT(hosts_of(state, "a"), ElementsAre("x"));
    EXPECT_THAT(hosts_of(state, "b"), ElementsAre("x"));
}

TEST(SplitRules, outlive_their_clusters) {
    State state;
    for (const Request& request : {cluster("a"), cluster("b"), split_rule("x", {"a", "b"})}) {
        ASSERT_TRUE(state.apply(checked(request)).has_value());
    }
    Request removal;
    removal.set_remove_cluster("a");
    ASSERT_TRUE(state.apply(checked(removal)).has_value());
    EXPECT_THAT(hosts_of(state, "b"), ElementsAre("x"));
    EXPECT_EQ(state.table<HttpFrontends>().entries().size(), 1);
    ASSERT_TRUE(state.apply(checked(cluster("a"))).has_value());
    EXPECT_THAT(hosts_of(state, "a"), ElementsAre("x"));
}

TEST(SplitRules, are_told_from_others_by_a_difference) {
    const auto state_with = [](std::initializer_list<const char*> clusters) {
        State state;
        SEKI_CHECK(state.apply(checked(split_rule("x", clusters))).has_value());
        return state;
    };
    const State from = state_with({"a", "b"});
    const State to = state_with({"a", "c"});
    State state = state_with({"a", "b"});
    for (const Request& change : diff(from, to)) ASSERT_TRUE(state.apply(checked(change)).has_value());
    EXPECT_TRUE(state.same_as(to));
    EXPECT_TRUE(state.table<HttpFrontends>().has_any_of("c"));
    EXPECT_FALSE(state.table<HttpFrontends>().has_any_of("b"));
}

TEST(Queries, find_patterns_as_they_are_written) {
    State state;
    ASSERT_TRUE(state.apply(checked(cluster("c"))).has_value());
    ASSERT_TRUE(state.apply(checked(http_frontend("c", "127.0.0.1:80", "/[A-Z]/.example"))).has_value());
    command::QueryClusterByDomain query;
    query.set_hostname("/[A-Z]/.Example");
    EXPECT_EQ(clusters_by_domain(state, query).vec_size(), 1);
    query.set_hostname("/(/");
    EXPECT_EQ(clusters_by_domain(state, query).vec_size(), 0);
}

}  // namespace
}  // namespace seki::config
