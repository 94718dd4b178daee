// Which frontend a request finds, through a whole worker: each kind of rule, and which of two goes first. Whatever is
// shown holds in both orders of adding, and nothing of it is left when the rules have gone.

#include <algorithm>
#include <gtest/gtest.h>
#include <span>
#include <vector>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

// A frontend whose cluster tells it from the others.
class Rule {
public:
    Rule(std::string_view cluster, std::string_view host, std::string_view path = "",
         command::PathRuleKind kind = command::PREFIX)
        : request_(add_frontend(cluster, host, path)) {
        frontend().mutable_path()->set_kind(kind);
    }
    Rule& at(command::RulePosition position) {
        frontend().set_position(position);
        return *this;
    }
    Rule& method(std::string_view name) {
        frontend().set_method(std::string(name));
        return *this;
    }
    Rule& header(std::string_view name, std::string_view value, command::MatchKind kind = command::EXACT) {
        return add(*frontend().add_match_headers(), name, value, kind);
    }
    Rule& predicate(std::string_view name, std::string_view value) {
        command::HeaderPredicate& added = *frontend().add_header_predicates();
        added.set_name(std::string(name));
        added.set_kind(command::HEADER_MATCH_KIND_EXACT);
        added.set_value(std::string(value));
        return *this;
    }
    Rule& cookie(std::string_view name, std::string_view value) {
        return add(*frontend().add_match_cookies(), name, value, command::EXACT);
    }
    Rule& query(std::string_view name, std::string_view value) {
        return add(*frontend().add_match_query(), name, value, command::EXACT);
    }
    Rule& from(std::string_view network) {
        frontend().add_source_allow(std::string(network));
        return *this;
    }
    Rule& not_from(std::string_view network) {
        frontend().add_source_deny(std::string(network));
        return *this;
    }
    [[nodiscard]] const command::Request& request() const { return request_; }
    [[nodiscard]] command::Request removal() const {
        command::Request removal;
        *removal.mutable_remove_http_frontend() = request_.add_http_frontend();
        return removal;
    }

private:
    command::RequestHttpFrontend& frontend() { return *request_.mutable_add_http_frontend(); }
    Rule& add(command::FieldMatch& match, std::string_view name, std::string_view value, command::MatchKind kind) {
        match.set_name(std::string(name));
        match.set_value(std::string(value));
        match.set_kind(kind);
        return *this;
    }

    command::Request request_;
};

struct Asked {
    std::string_view host;
    std::string_view path = "/";
    std::string_view cluster;  // where it goes; empty: nowhere
    std::string_view method = "GET";
    std::string_view fields = "";
    uint8_t source = 1;
};

// No cluster has a backend, so each answers 503, and the listener's answer says which one it was.
struct Site : Stage {
    Site() {
        command::Request listen;
        command::HttpListenerConfig& listener = *listen.mutable_add_http_listener();
        *listener.mutable_address() = config::to_wire(http.address);
        (*listener.mutable_answers())["503"] = "HTTP/1.1 503 Found\r\nContent-Type: text/plain\r\n\r\n%CLUSTER_ID";
        EXPECT_TRUE(change({listen}).has_done());
    }
    std::string cluster_of(const Asked& asked) {
        const WirePtr wire = client_from(asked.source, std::string(asked.method) + " " + std::string(asked.path) +
                                                           " HTTP/1.1\r\nHost: " + std::string(asked.host) + "\r\n" +
                                                           std::string(asked.fields) + "\r\n");
        settle();
        const Message got = take_answer(wire);
        EXPECT_TRUE(got.status() == 503 || got.status() == 404) << got.status();
        return got.status() == 503 ? got.body : "";
    }
};

void expect_in_order(std::span<const Rule> rules, const std::vector<Asked>& requests) {
    Site site;
    for (const Rule& rule : rules) ASSERT_TRUE(site.change({rule.request()}).has_done());
    for (const Asked& asked : requests) {
        EXPECT_EQ(site.cluster_of(asked), asked.cluster) << asked.method << " " << asked.host << asked.path;
    }
    for (const Rule& rule : rules) ASSERT_TRUE(site.change({rule.removal()}).has_done());
    for (const Asked& asked : requests) EXPECT_EQ(site.cluster_of(asked), "") << asked.host << asked.path;
}

void expect_routes(std::vector<Rule> rules, const std::vector<Asked>& requests) {
    expect_in_order(rules, requests);
    std::ranges::reverse(rules);
    SCOPED_TRACE("added in the other order");
    expect_in_order(rules, requests);
}

// ---- hosts

TEST(Routes, go_by_the_exact_host_without_regard_to_case_port_and_last_dot) {
    expect_routes({{"shop", "Shop.Example"}, {"other", "other.example"}}, {{"shop.example", "/", "shop"},
                                                                           {"SHOP.example:8080", "/", "shop"},
                                                                           {"shop.example.", "/", "shop"},
                                                                           {"other.example", "/", "other"},
                                                                           {"my.shop.example", "/", ""},
                                                                           {"example", "/", ""}});
}

TEST(Routes, go_by_a_wildcard_for_exactly_one_label) {
    expect_routes({{"any", "*.example"}}, {{"a.example", "/", "any"},
                                           {"B.EXAMPLE", "/", "any"},
                                           {"example", "/", ""},
                                           {"a.b.example", "/", ""},
                                           {"aexample", "/", ""}});
}

TEST(Routes, go_by_a_regular_expression_for_a_label) {
    expect_routes({{"cdn", "/cdn[0-9]+/.example"}, {"inner", "www./[a-z]+-shop/.example"}},
                  {{"cdn7.example", "/", "cdn"},
                   {"CDN42.example", "/", "cdn"},
                   {"xcdn7.example", "/", ""},
                   {"cdn7x.example", "/", ""},
                   {"www.my-shop.example", "/", "inner"},
                   {"www.shop.example", "/", ""}});
}

TEST(Routes, go_by_the_catch_all_for_every_host) {
    for (const auto position : {command::PRE, command::TREE, command::POST}) {
        expect_routes({Rule("all", "*").at(position)},
                      {{"a", "/", "all"}, {"a.b.c.example:1", "/", "all"}, {"[::1]", "/", "all"}});
    }
}

TEST(Routes, go_by_international_names_in_their_ascii_form) {
    expect_routes({{"shop", "Bücher.example"}}, {{"xn--bcher-kva.example", "/", "shop"}, {"bucher.example", "/", ""}});
}

TEST(Routes, prefer_the_more_specific_host) {
    expect_routes({{"exact", "a.example"}, {"wildcard", "*.example"}, {"expression", "/[ab]/.example"}, {"all", "*"}},
                  {{"a.example", "/", "exact"}, {"b.example", "/", "wildcard"}, {"a.b", "/", "all"}});
    expect_routes({{"longer", "/[a-c]+/.example"}, {"shorter", "/.+/.example"}, {"all", "*"}},
                  {{"abc.example", "/", "longer"}, {"xyz.example", "/", "shorter"}, {"x.y.example", "/", "all"}});
    // The host decides before the path does.
    expect_routes({{"exact", "a.example", "/only"}, {"wildcard", "*.example"}},
                  {{"a.example", "/only", "exact"}, {"a.example", "/else", ""}, {"b.example", "/only", "wildcard"}});
}

// ---- positions

TEST(Routes, are_looked_for_before_in_and_behind_the_tree) {
    expect_routes({Rule("before", "*", "/admin").at(command::PRE), Rule("tree", "a.example"),
                   Rule("behind", "*").at(command::POST)},
                  {{"a.example", "/admin/x", "before"},
                   {"a.example", "/", "tree"},
                   {"b.example", "/admin", "before"},
                   {"b.example", "/", "behind"}});
    // There, less specific hosts have their turn when the path does not fit.
    expect_routes({Rule("exact", "a.example", "/only").at(command::PRE), Rule("all", "*").at(command::PRE)},
                  {{"a.example", "/only", "exact"}, {"a.example", "/else", "all"}});
}

// ---- paths and methods

TEST(Routes, go_by_prefixes_of_bytes_the_longest_first) {
    expect_routes({{"root", "a"}, {"api", "a", "/api"}, {"v2", "a", "/api/v2/"}}, {{"a", "/", "root"},
                                                                                   {"a", "/apis", "api"},
                                                                                   {"a", "/api/v2", "api"},
                                                                                   {"a", "/api/v2/x?q=1", "v2"},
                                                                                   {"a", "/API", "root"}});
}

TEST(Routes, go_by_equal_paths_with_their_query) {
    expect_routes({{"exact", "a", "/login", command::EQUALS}, {"asked", "a", "/login?next=/", command::EQUALS}},
                  {{"a", "/login", "exact"}, {"a", "/login?next=/", "asked"}, {"a", "/login/", ""}, {"a", "/", ""}});
}

TEST(Routes, go_by_regular_expressions_for_the_whole_path) {
    expect_routes(
        {{"users", "a", "/users/[0-9]+", command::REGEX}},
        {{"a", "/users/42", "users"}, {"a", "/users/42/", ""}, {"a", "/x/users/42", ""}, {"a", "/users/42?x", ""}});
}

TEST(Routes, prefer_equal_paths_then_expressions_then_prefixes) {
    expect_routes({{"equal", "a", "/api/v2", command::EQUALS},
                   {"expression", "a", "/api/.*", command::REGEX},
                   {"longer", "a", "/api/[a-z0-9]+/x", command::REGEX},
                   {"prefix", "a", "/api/v2/even/longer/than/those"}},
                  {{"a", "/api/v2", "equal"},
                   {"a", "/api/v3", "expression"},
                   {"a", "/api/v3/x", "longer"},
                   {"a", "/api/v2/even/longer/than/those", "expression"}});
}

TEST(Routes, go_by_the_method_and_prefer_rules_that_name_it) {
    for (const auto& [kind, path] :
         {std::pair(command::PREFIX, "/x"), std::pair(command::EQUALS, "/x"), std::pair(command::REGEX, "/x.*")}) {
        expect_routes({Rule("any", "a", path, kind), Rule("post", "a", path, kind).method("POST")},
                      {{"a", "/x", "any"}, {"a", "/x", "post", "POST"}, {"a", "/x", "any", "post"}});
    }
    expect_routes({Rule("post", "a").method("POST")}, {{"a", "/", ""}, {"a", "/", "post", "POST"}});
    // A method does not make up for a shorter prefix.
    expect_routes({Rule("longer", "a", "/api"), Rule("post", "a", "/").method("POST")},
                  {{"a", "/api", "longer", "POST"}, {"a", "/", "post", "POST"}});
}

// ---- conditions

TEST(Routes, go_by_headers_cookies_and_parameters) {
    expect_routes({Rule("rest", "a"), Rule("header", "a").header("X-Version", "beta"),
                   Rule("prefix", "a", "/p").header("X-Version", "be", command::STARTS_WITH),
                   Rule("expression", "a", "/e").header("X-Version", "b.*a", command::MATCHES),
                   Rule("cookie", "a", "/c").cookie("group", "b"), Rule("query", "a", "/q").query("v", "2")},
                  {{"a", "/", "rest"},
                   {"a", "/", "header", "GET", "x-version: beta\r\n"},
                   {"a", "/", "rest", "GET", "X-Version: alpha\r\n"},
                   {"a", "/p", "prefix", "GET", "X-Version: bexx\r\n"},
                   {"a", "/e", "expression", "GET", "X-Version: bXXa\r\n"},
                   {"a", "/e", "rest", "GET", "X-Version: bXXax\r\n"},
                   {"a", "/c", "cookie", "GET", "Cookie: x=y; group=b\r\n"},
                   {"a", "/c", "rest", "GET", "Cookie: group=c\r\n"},
                   {"a", "/q?x&v=2", "query"},
                   {"a", "/q?v=3", "rest"}});
}

TEST(Routes, go_by_predicates_before_everything_else) {
    expect_routes({Rule("plain", "a", "/api"), Rule("beta", "a").predicate("X-Beta", "1"),
                   Rule("both", "a").predicate("x-beta", "1").predicate("x-env", "e")},
                  {{"a", "/api", "plain"},
                   {"a", "/api", "beta", "GET", "x-BETA: 1\r\n"},
                   {"a", "/api", "plain", "GET", "x-beta: 11\r\n"},
                   {"a", "/api", "both", "GET", "x-beta: 1\r\nx-env: e\r\n"}});
}

TEST(Routes, go_by_the_source) {
    expect_routes({Rule("inside", "a").from("192.0.2.0/29"), Rule("outside", "a").not_from("192.0.2.0/29")},
                  {{"a", "/", "inside", "GET", "", 1}, {"a", "/", "outside", "GET", "", 9}});
}

TEST(Routes, prefer_rules_that_ask_for_more) {
    expect_routes(
        {Rule("rest", "a"), Rule("one", "a").header("X", "1"), Rule("both", "a").header("X", "1").cookie("c", "1")},
        {{"a", "/", "both", "GET", "X: 1\r\nCookie: c=1\r\n"},
         {"a", "/", "one", "GET", "X: 1\r\n"},
         {"a", "/", "rest", "GET", "Cookie: c=1\r\n"}});
    // Conditions do not make up for a shorter path.
    expect_routes({Rule("longer", "a", "/api"), Rule("header", "a", "/").header("X", "1")},
                  {{"a", "/api", "longer", "GET", "X: 1\r\n"}, {"a", "/", "header", "GET", "X: 1\r\n"}});
}

}  // namespace
}  // namespace seki::stage
