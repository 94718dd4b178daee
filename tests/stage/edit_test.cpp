// What frontends do to requests and answers on their way: redirects, rewrites, edits of fields, shares of clusters.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

// A frontend of host "a" for cluster "c", before it is what the test wants.
command::Request frontend(std::string_view path = "/") { return add_frontend("c", "a", path); }

void edit(command::Request& request, command::HeaderPosition position, std::string_view name, std::string_view value,
          command::HeaderMode mode = command::ADD) {
    command::Header& header = *request.mutable_add_http_frontend()->add_headers();
    header.set_position(position);
    header.set_key(std::string(name));
    header.set_val(std::string(value));
    header.set_mode(mode);
}

struct Site : Stage {
    explicit Site(const command::Request& frontend) {
        for (uint8_t n = 1; n <= 2; ++n) network.listen(backend_address(n));
        EXPECT_TRUE(change({add_backend("c", 1), frontend}).has_done());
    }
    Message ask(std::string_view request) {
        const WirePtr wire = client(request);
        settle();
        return take_answer(wire);
    }
    // What the backend gets, and what the client gets of an answer with these fields.
    Message forwarded(std::string_view request) {
        last = client(request);
        at = backend(1);
        return take_request(at);
    }
    Message answered(std::string_view fields) {
        at->send(answer("x", fields));
        settle();
        return take_answer(last);
    }
    WirePtr last;
    WirePtr at;
};

// ---- redirects

TEST(Redirects, lead_where_the_frontend_says) {
    command::Request rule = frontend();
    rule.mutable_add_http_frontend()->set_redirect(command::FOUND);
    rule.mutable_add_http_frontend()->set_rewrite_host("b.example");
    rule.mutable_add_http_frontend()->set_rewrite_path("/new/$PATH[1]");
    Site site(rule);
    const Message got = site.ask(get("/old?q=1"));
    EXPECT_EQ(got.status(), 302);
    EXPECT_EQ(got.field("Location"), "http://b.example/new/old?q=1");
    EXPECT_FALSE(site.has_connection(1));
}

TEST(Redirects, have_the_status_and_scheme_of_their_policy) {
    const std::pair<command::RedirectPolicy, int> policies[] = {{command::PERMANENT, 301},
                                                                {command::FOUND, 302},
                                                                {command::TEMPORARY_REDIRECT, 307},
                                                                {command::PERMANENT_REDIRECT, 308}};
    for (const auto& [policy, status] : policies) {
        command::Request rule = frontend();
        rule.mutable_add_http_frontend()->set_redirect(policy);
        rule.mutable_add_http_frontend()->set_redirect_scheme(command::USE_HTTPS);
        Site site(rule);
        const Message got = site.ask("GET /x HTTP/1.1\r\nHost: a:8080\r\n\r\n");
        EXPECT_EQ(got.status(), status);
        EXPECT_EQ(got.field("Location"), "https://a/x");
    }
}

TEST(Redirects, keep_the_port_unless_told_otherwise) {
    command::Request rule = frontend();
    rule.mutable_add_http_frontend()->set_redirect(command::FOUND);
    rule.mutable_add_http_frontend()->set_rewrite_path("/x");
    EXPECT_EQ(Site(rule).ask("GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n").field("Location"), "http://a:8080/x");
    rule.mutable_add_http_frontend()->set_rewrite_port(81);
    EXPECT_EQ(Site(rule).ask("GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n").field("Location"), "http://a:81/x");
    rule.mutable_add_http_frontend()->set_rewrite_port(80);
    EXPECT_EQ(Site(rule).ask("GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n").field("Location"), "http://a/x");
}

TEST(Redirects, may_have_an_answer_of_their_own) {
    command::Request rule = frontend();
    rule.mutable_add_http_frontend()->set_redirect(command::PERMANENT);
    rule.mutable_add_http_frontend()->set_redirect_template(
        "HTTP/1.1 301 Gone Away\r\nLocation: %REDIRECT_LOCATION\r\nX-Mine: yes\r\n\r\nover there");
    const Message got = Site(rule).ask(get("/x"));
    EXPECT_EQ(got.first_line, "HTTP/1.1 301 Gone Away");
    EXPECT_EQ(got.field("Location"), "http://a/x");
    EXPECT_EQ(got.field("X-Mine"), "yes");
    EXPECT_EQ(got.body, "over there");
}

TEST(Redirects, to_https_and_refusals_may_have_an_answer_of_their_own_too) {
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_https_redirect(true);
    const std::pair<command::RedirectPolicy, std::string> policies[] = {{command::FORWARD, "301"},
                                                                        {command::UNAUTHORIZED, "401"}};
    for (const auto& [policy, status] : policies) {
        command::Request rule = frontend();
        rule.mutable_add_http_frontend()->set_redirect(policy);
        rule.mutable_add_http_frontend()->set_redirect_template("HTTP/1.1 " + status +
                                                                " Mine\r\n\r\n%REDIRECT_LOCATION");
        Site site(rule);
        ASSERT_TRUE(site.change({cluster}).has_done());
        const Message got = site.ask(get("/x"));
        EXPECT_EQ(got.first_line, "HTTP/1.1 " + status + " Mine");
        EXPECT_EQ(got.body, policy == command::FORWARD ? "https://a/x" : "");
    }
}

TEST(Redirects, to_https_are_a_matter_of_the_cluster_too) {
    Site site(frontend());
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_https_redirect(true);
    ASSERT_TRUE(site.change({cluster}).has_done());
    EXPECT_EQ(site.ask(get("/x")).status(), 301);
    EXPECT_EQ(site.ask(get("/x")).field("Location"), "https://a/x");
    cluster.mutable_add_cluster()->set_https_redirect_port(8443);
    ASSERT_TRUE(site.change({cluster}).has_done());
    EXPECT_EQ(site.ask(get("/x")).field("Location"), "https://a:8443/x");
}

// The path alone would lead to where the client is, or, with two slashes, wherever it says.
TEST(Redirects, lead_nowhere_without_a_host) {
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_https_redirect(true);
    command::Request rule = add_frontend("c", "*");
    for (const command::RedirectPolicy policy : {command::FORWARD, command::PERMANENT}) {
        rule.mutable_add_http_frontend()->set_redirect(policy);
        for (const char* path : {"/x", "//evil.example/x"}) {
            Site site(rule);
            ASSERT_TRUE(site.change({cluster}).has_done());
            const Message got = site.ask(fmt::format("GET {} HTTP/1.0\r\n\r\n", path));
            EXPECT_EQ(got.status(), 400);
            EXPECT_FALSE(got.has("Location"));
            EXPECT_EQ(site.ask(fmt::format("GET {} HTTP/1.0\r\nHost: a\r\n\r\n", path)).status(), 301);
        }
    }
    rule.mutable_add_http_frontend()->set_rewrite_host("b");
    EXPECT_EQ(Site(rule).ask("GET //x HTTP/1.0\r\n\r\n").field("Location"), "http://b//x");
}

// ---- rewrites

TEST(Rewrites, give_the_backend_another_host_and_path) {
    command::Request rule = frontend("/api/");
    rule.mutable_add_http_frontend()->set_rewrite_host("inner.example");
    rule.mutable_add_http_frontend()->set_rewrite_path("/v2/$PATH[1]");
    Site site(rule);
    const Message request = site.forwarded("GET /api/users?id=7 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(request.first_line, "GET /v2/users?id=7 HTTP/1.1");
    EXPECT_EQ(request.field("Host"), "inner.example");
    EXPECT_EQ(request.field("X-Forwarded-Host"), "a");
    EXPECT_EQ(site.answered("").body, "x");
}

TEST(Rewrites, that_a_client_makes_invalid_are_refused) {
    command::Request rule = frontend();
    rule.mutable_add_http_frontend()->set_rewrite_host("$PATH[1].example");
    Site site(rule);
    EXPECT_EQ(site.forwarded(get("/good")).field("Host"), "good.example");
    EXPECT_EQ(site.ask(get("/bad/one")).status(), 400);
}

// ---- fields

TEST(Rewrites, give_no_port_to_a_host_that_is_not_there) {
    command::Request rule = add_frontend("c", "*");
    rule.mutable_add_http_frontend()->set_rewrite_port(8080);
    EXPECT_EQ(Site(rule).forwarded("GET / HTTP/1.0\r\n\r\n").field("Host"), "127.0.0.1");
    EXPECT_EQ(Site(rule).forwarded("GET / HTTP/1.0\r\nHost: a\r\n\r\n").field("Host"), "a:8080");
}

TEST(FieldEdits, delete_then_replace_then_add) {
    command::Request rule = frontend();
    edit(rule, command::REQUEST, "X-Both", "added");
    edit(rule, command::REQUEST, "x-both", "");
    edit(rule, command::REQUEST, "X-Old", "new", command::REPLACE);
    edit(rule, command::REQUEST, "X-More", "2");
    Site site(rule);
    const Message request = site.forwarded(get("/", "X-Both: client\r\nX-Old: 1\r\nX-OLD: 2\r\nX-More: 1\r\n"));
    EXPECT_EQ(request.field("X-Both"), "added");
    EXPECT_EQ(request.field("X-Old"), "new");
    EXPECT_EQ(request.field("X-More"), "1 | 2");
}

TEST(FieldEdits, see_what_seki_adds_by_itself) {
    command::Request rule = frontend();
    edit(rule, command::BOTH, "Sozu-Id", "");
    edit(rule, command::REQUEST, "X-Forwarded-For", "hidden", command::REPLACE);
    Site site(rule);
    const Message request = site.forwarded(get());
    EXPECT_FALSE(request.has("Sozu-Id"));
    EXPECT_EQ(request.field("X-Forwarded-For"), "hidden");
    EXPECT_FALSE(site.answered("").has("Sozu-Id"));
}

TEST(FieldEdits, take_along_what_a_backend_cannot_tell_from_it) {
    command::Request rule = frontend();
    edit(rule, command::REQUEST, "X-User", "", command::REPLACE);
    edit(rule, command::REQUEST, "X-Gate", "open", command::REPLACE);
    Site site(rule);
    const Message request = site.forwarded(get("/", "X_User: me\r\nx-user: me\r\nX.Gate: closed\r\nX_Other: 1\r\n"));
    EXPECT_FALSE(request.has("X_User"));
    EXPECT_FALSE(request.has("X-User"));
    EXPECT_FALSE(request.has("X.Gate"));
    EXPECT_EQ(request.field("X-Gate"), "open");
    EXPECT_EQ(request.field("X_Other"), "1");
}

TEST(FieldEdits, of_the_host_replace_it) {
    command::Request rule = frontend();
    edit(rule, command::REQUEST, "Host", "other.example");
    Site site(rule);
    EXPECT_EQ(site.forwarded(get()).field("Host"), "other.example");
}

TEST(FieldEdits, change_answers) {
    command::Request rule = frontend();
    edit(rule, command::RESPONSE, "Server", "");
    edit(rule, command::RESPONSE, "Cache-Control", "no-store", command::REPLACE);
    edit(rule, command::RESPONSE, "X-Frame-Options", "DENY");
    Site site(rule);
    site.forwarded(get());
    const Message got = site.answered("Server: secret\r\nCache-Control: public\r\n");
    EXPECT_FALSE(got.has("Server"));
    EXPECT_EQ(got.field("Cache-Control"), "no-store");
    EXPECT_EQ(got.field("X-Frame-Options"), "DENY");
}

// ---- shares

TEST(Shares, deal_requests_out_by_weight) {
    command::Request rule = add_frontend("", "a");
    for (const auto& [cluster, weight] : {std::pair("c", 3U), std::pair("d", 1U)}) {
        command::ClusterShare& share = *rule.mutable_add_http_frontend()->add_split();
        share.set_cluster_id(cluster);
        share.set_weight(weight);
    }
    Site site(rule);
    ASSERT_TRUE(site.change({add_backend("d", 2)}).has_done());
    constexpr int requests = 400;
    for (int i = 0; i < requests; ++i) site.client(get("/", "Connection: close\r\n"));
    site.settle();
    int of_d = 0;
    while (site.has_connection(2)) {
        site.backend(2);
        ++of_d;
    }
    EXPECT_GT(of_d, requests / 4 - 50);
    EXPECT_LT(of_d, requests / 4 + 50);
}

}  // namespace
}  // namespace seki::stage
