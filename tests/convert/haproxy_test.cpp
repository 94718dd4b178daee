#include <fmt/format.h>
#include <gmock/gmock.h>

#include "convert/converted.h"

namespace seki::convert {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string file(std::string_view rules) {
    return "frontend web\n mode http\n bind 127.0.0.1:80\n" + std::string(rules) +
           "\n default_backend a\nbackend a\n server s 192.0.2.1:80\nbackend b\n server s 192.0.2.2:80\n";
}
std::string said(std::string_view rule) { return said_of(Format::haproxy, file(rule), 4); }

TEST(Haproxy, defaults_hold_until_a_section_says_otherwise) {
    const std::string text = haproxy_text(
        "defaults\n mode http\n timeout client 7s\n timeout server 8s\n balance leastconn\ndefaults other\n mode "
        "http\n timeout client 9s\n"
        "frontend web from other\n bind 127.0.0.1:80\n default_backend a\nbackend a\n timeout server 5000\n server s "
        "192.0.2.1:80\n");
    EXPECT_THAT(text, HasSubstr("front_timeout = 9\n"));
    EXPECT_THAT(text, HasSubstr("back_timeout = 5\n"));
    EXPECT_THAT(text, Not(HasSubstr("LEAST_LOADED")));
}

TEST(Haproxy, each_host_has_the_rules_that_concern_it) {
    const std::string text = haproxy_text(file(" use_backend b if { hdr(host) -i b.example }"));
    EXPECT_THAT(text, HasSubstr("[[clusters.b.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"b.example\"\n"));
    EXPECT_THAT(text, HasSubstr("[[clusters.a.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"*\"\n"));
}

TEST(Haproxy, what_stands_first_is_asked_first) {
    const std::string text =
        haproxy_text(file(" use_backend b if { path_beg /x }\n use_backend a if { path_beg /x/longer }"));
    EXPECT_THAT(text, HasSubstr("path = \"/x.*\"\npath_type = \"REGEX\"\n"));
}

TEST(Haproxy, redirects_come_behind_what_is_refused) {
    const std::string text =
        haproxy_text(file(" redirect location /x if { path_beg /a }\n http-request deny if { path_beg /a }"));
    EXPECT_THAT(text, HasSubstr("path = \"/a.*\"\npath_type = \"REGEX\"\nredirect = \"unauthorized\""));
}

TEST(Haproxy, exceptions_go_where_the_rules_behind_lead) {
    const std::string text = haproxy_text(file(" use_backend b unless { path_beg /keep/ }"));
    EXPECT_THAT(
        text, HasSubstr("[[clusters.a.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"*\"\npath = \"/keep/\"\n"));
}

TEST(Haproxy, schemes_are_decided_for_each_listener) {
    const std::string text =
        haproxy_text(file(" bind 127.0.0.1:443 ssl crt /x.pem\n redirect scheme https if !{ ssl_fc }"));
    EXPECT_THAT(text, HasSubstr("[[clusters.answers.frontends]]\naddress = \"127.0.0.1:80\""));
    EXPECT_THAT(text, Not(HasSubstr("[[clusters.answers.frontends]]\naddress = \"127.0.0.1:443\"")));
    EXPECT_THAT(text, HasSubstr("certificate = \"/x.pem\"\nkey = \"/x.pem\"\n"));
}

TEST(Haproxy, every_line_that_has_an_effect_is_told_or_converted) {
    for (const char* line :
         {" compression algo gzip", " stats uri /s", " use_backend %[hdr(host)]", " use_backend b if { nbsrv(a) lt 1 }",
          " frobnicate", " http-request lua.x", " stick-table type ip size 1m",
          " http-request deny if { sc_conn_cur(0) gt 5 }", " http-request set-header X %[src]",
          " http-request return status 200", " http-request auth unless { http_auth(u) }", " http-request deny",
          " redirect location %[var(txn.x)]", " use_backend b if { hdr_sub(host) x }"}) {
        EXPECT_NE(said(line), "") << line;
    }
    EXPECT_EQ(said(" http-request set-header X-A b"), "");
}

TEST(Haproxy, what_it_asked_a_password_for_is_not_opened) {
    EXPECT_THAT(haproxy_text(file(" http-request auth unless { http_auth(u) }")),
                HasSubstr("redirect = \"unauthorized\""));
}

TEST(Haproxy, a_backend_that_wants_a_password_wants_one_here) {
    const std::string rule = " use_backend b if { path_beg /admin } { http_auth(u) }";
    EXPECT_THAT(haproxy_text(file(rule)), HasSubstr("path = \"/admin\"\nrequired_auth = true\n"));
    EXPECT_THAT(said(rule), HasSubstr("nobody may pass until"));
}

TEST(Haproxy, what_a_refusal_would_miss_here_is_told) {
    for (const char* line :
         {" http-request deny if { url_sub evil }", " http-request deny if { pathq_reg x=1 }",
          " http-request deny if { hdr_end(host) .int.example }", " http-request deny if { hdr_dom(host) int.example }",
          " http-request deny if { ssl_fc_sni s.example }"}) {
        EXPECT_THAT(said(line), HasSubstr("what it refuses or redirects passes")) << line;
    }
    EXPECT_THAT(haproxy_text(file(" http-request deny unless { hdr_end(host) .ok.example }")),
                HasSubstr("redirect = \"unauthorized\""))
        << "it refuses more";
}

TEST(Haproxy, alternatives_that_are_too_many_are_not_dropped_in_silence) {
    std::string deny = " http-request deny if { hdr(host)";
    for (int number = 0; number < 400; ++number) deny += fmt::format(" x{}.example", number);
    deny += " } { method";
    for (int number = 0; number < 3; ++number) deny += fmt::format(" M{}", number);
    EXPECT_THAT(said(deny + " }"), HasSubstr("more than 512 alternatives"));
}

TEST(Haproxy, mistakes_are_told_with_their_places) {
    EXPECT_EQ(error_of(Format::haproxy, "\nmode http\n"), "/f:2: 'mode' stands in no section");
    EXPECT_EQ(error_of(Format::haproxy, "global\n log 'a\n"), "/f:2: this quote has no end");
    EXPECT_EQ(error_of(Format::haproxy, ""), "/f: there is no frontend in it, so nothing to convert");
}

}  // namespace
}  // namespace seki::convert
