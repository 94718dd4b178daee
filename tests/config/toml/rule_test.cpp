#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "config/toml/reading.h"

namespace seki::config {
namespace {

using command::RequestHttpFrontend;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view clusters = R"(implicit_listeners = true
[clusters.shop]
protocol = "http"
[clusters.shop-next]
protocol = "http"
)";

std::string file_with(std::string_view keys) {
    return fmt::format("{}[[clusters.shop.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"*.shop.example\"\n{}",
                       clusters, keys);
}

RequestHttpFrontend rule(std::string_view keys) {
    for (const auto& change : accepted(file_with(keys)).changes) {
        if (change->has_add_http_frontend()) return change->add_http_frontend();
    }
    ADD_FAILURE() << keys;
    return {};
}

std::vector<std::string> rule_errors(std::string_view keys) { return errors(file_with(keys)); }

TEST(TomlRule, every_key_arrives) {
    const RequestHttpFrontend frontend = rule(R"(
path = "^/(v[12])/"
path_type = "REGEX"
method = "GET"
position = "PRE"
redirect = "Permanent_Redirect"
redirect_scheme = "use-https"
redirect_template = "HTTP/1.1 308 Moved\nLocation: %REDIRECT_LOCATION\n\n"
rewrite_host = "$HOST[1].example"
rewrite_path = "/$PATH[1]"
rewrite_port = 8443
required_auth = true
headers = [
    { position = "request", key = "X-Shop", value = "1" },
    { position = "both", key = "X-Other", value = "2", mode = "replace" },
    { position = "response", key = "Server", value = "", mode = "add" },
]
match_headers = [
    { name = "X-Beta", kind = "exact", value = "1" },
    { name = "X-Beta", kind = "present", invert = true },
]
match_cookies = [{ name = "group", value = "b" }]
match_query = [{ name = "page", kind = "regex", value = "[0-9]+" }, { name = "q", kind = "prefix", value = "a" }]
header_predicates = [{ name = "X-A", match = "Exact", value = "1" }, { name = "x-b", match = "present" }]
source_allow = ["192.0.2.0/24", "2001:db8::/32"]
source_deny = ["192.0.2.7"]
front_timeout = 1
back_timeout = 2
connect_timeout = 3
tunnel_timeout = 4
)");
    EXPECT_EQ(frontend.cluster_id(), "shop");
    EXPECT_EQ(frontend.hostname(), "*.shop.example");
    EXPECT_EQ(frontend.path().kind(), command::REGEX);
    EXPECT_EQ(frontend.path().value(), "^/(v[12])/");
    EXPECT_EQ(frontend.method(), "GET");
    EXPECT_EQ(frontend.position(), command::PRE);
    EXPECT_EQ(frontend.redirect(), command::PERMANENT_REDIRECT);
    EXPECT_EQ(frontend.redirect_scheme(), command::USE_HTTPS);
    EXPECT_THAT(frontend.redirect_template(), HasSubstr("%REDIRECT_LOCATION"));
    EXPECT_EQ(frontend.rewrite_host(), "$HOST[1].example");
    EXPECT_EQ(frontend.rewrite_path(), "/$PATH[1]");
    EXPECT_EQ(frontend.rewrite_port(), 8443);
    EXPECT_TRUE(frontend.required_auth());
    ASSERT_EQ(frontend.headers_size(), 3);
    EXPECT_EQ(frontend.headers(0).position(), command::REQUEST);
    EXPECT_FALSE(frontend.headers(0).has_mode());
    EXPECT_EQ(frontend.headers(1).mode(), command::REPLACE);
    EXPECT_EQ(frontend.headers(2).val(), "");
    ASSERT_EQ(frontend.match_headers_size(), 2);
    EXPECT_EQ(frontend.match_headers(0).name(), "x-beta");
    EXPECT_EQ(frontend.match_headers(0).value(), "1");
    EXPECT_EQ(frontend.match_headers(1).kind(), command::PRESENT);
    EXPECT_TRUE(frontend.match_headers(1).invert());
    EXPECT_EQ(frontend.match_cookies(0).kind(), command::EXACT);
    EXPECT_EQ(frontend.match_query(0).kind(), command::MATCHES);
    EXPECT_EQ(frontend.match_query(1).kind(), command::STARTS_WITH);
    EXPECT_THAT(frontend.source_allow(), ElementsAre("192.0.2.0/24", "2001:db8::/32"));
    EXPECT_THAT(frontend.source_deny(), ElementsAre("192.0.2.7"));
    EXPECT_EQ(frontend.front_timeout(), 1);
    EXPECT_EQ(frontend.back_timeout(), 2);
    EXPECT_EQ(frontend.connect_timeout(), 3);
    EXPECT_EQ(frontend.tunnel_timeout(), 4);
    ASSERT_EQ(frontend.header_predicates_size(), 2);
    EXPECT_EQ(frontend.header_predicates(0).name(), "x-a");
    EXPECT_EQ(frontend.header_predicates(0).kind(), command::HEADER_MATCH_KIND_EXACT);
    EXPECT_EQ(frontend.header_predicates(0).value(), "1");
    EXPECT_EQ(frontend.header_predicates(1).kind(), command::HEADER_MATCH_KIND_PRESENT);
}

TEST(TomlRule, what_is_wrong_with_a_predicate_is_named_with_its_place) {
    EXPECT_THAT(
        rule_errors("header_predicates = [{ name = \"a\" }, { match = \"exact\", name = \"b\", valeu = \"c\" },\n"
                    "{ name = \"c\", match = \"prefix\", value = \"d\" }]"),
        ElementsAre(HasSubstr("header_predicates[0]: the key 'match' is missing"),
                    HasSubstr("header_predicates[1].valeu: unknown key; did you mean 'value'"),
                    HasSubstr("header_predicates: 'b': a value is missing"),
                    HasSubstr("header_predicates[2].match: 'prefix' is none of exact, regex, present")));
}

TEST(TomlRule, redirects_are_spelled_in_any_case) {
    EXPECT_EQ(rule("redirect = \"found\"").redirect(), command::FOUND);
    EXPECT_EQ(rule("redirect = \"PERMANENT\"").redirect(), command::PERMANENT);
    EXPECT_EQ(rule("redirect = \"Unauthorized\"").redirect(), command::UNAUTHORIZED);
    EXPECT_EQ(rule("redirect = \"silent_close\"").redirect(), command::SILENT_CLOSE);
    EXPECT_THAT(rule_errors("redirect = \"301\""),
                ElementsAre(HasSubstr(
                    "'301' is none of forward, permanent, unauthorized, found, temporary_redirect, permanent_redirect, "
                    "silent_close")));
}

TEST(TomlRule, a_split_names_clusters_of_the_file_and_stands_in_any_of_them) {
    const RequestHttpFrontend frontend =
        rule("split = [{ cluster = \"shop-next\", weight = 10 }, { cluster = \"shop\", weight = 90 }]");
    EXPECT_FALSE(frontend.has_cluster_id());
    ASSERT_EQ(frontend.split_size(), 2);
    EXPECT_EQ(frontend.split(0).cluster_id(), "shop-next");
    EXPECT_EQ(frontend.split(0).weight(), 10);
    EXPECT_EQ(frontend.split(1).weight(), 90);
    EXPECT_EQ(rule("split = []").cluster_id(), "shop");
}

TEST(TomlRule, a_split_with_a_cluster_that_the_file_does_not_have_is_refused) {
    EXPECT_THAT(rule_errors("split = [{ cluster = \"shopnext\", weight = 1 }, { cluster = \"shop\", weight = 1 }]"),
                ElementsAre("s.toml:9: clusters.shop.frontends[0].split[0].cluster: there is no cluster 'shopnext' in "
                            "this file; did you mean 'shop-next'?"));
    EXPECT_THAT(rule_errors("split = [{ cluster = \"x\", weight = 1 }, { cluster = \"shop\", weight = 1 }]"),
                ElementsAre(HasSubstr("there is no cluster 'x' in this file")));
}

TEST(TomlRule, a_template_can_stand_in_a_file_beside_the_configuration) {
    std::string asked;
    const ReadFile read = [&](const std::string& path, size_t) -> Result<std::string> {
        asked = path;
        return "HTTP/1.1 302 Found\n\n";
    };
    const auto config =
        parse(file_with("redirect = \"found\"\nredirect_template = \"file://answers/moved\""), "dir/seki.toml", read);
    ASSERT_TRUE(config.has_value()) << text(config.error());
    EXPECT_EQ(asked, "dir/answers/moved");
    EXPECT_TRUE(
        parse(file_with("redirect = \"found\"\nredirect_template = \"file:///etc/moved\""), "dir/s.toml", read));
    EXPECT_EQ(asked, "/etc/moved");
    EXPECT_THAT(rule_errors("redirect = \"found\"\nredirect_template = \"file:///nonexistent\""),
                ElementsAre(HasSubstr("redirect_template: the file '/nonexistent': cannot open it")));
}

TEST(TomlRule, what_is_wrong_in_an_inner_table_is_named_with_its_place) {
    EXPECT_THAT(
        rule_errors(R"(headers = [{ position = "up", key = "a", value = "b", modus = "add" }, {}]
match_headers = [{ nam = "x" }, { name = 1 }, { name = "x", kind = "glob" }]
split = [{ cluster = 1, weight = 1001 }, { weigt = 3 }]
source_allow = [1]
)"),
        ElementsAre(HasSubstr(":9: clusters.shop.frontends[0].headers[0].position: 'up' is none of request, "),
                    HasSubstr(":9: clusters.shop.frontends[0].headers[0].modus: unknown key; did you mean 'mode'"),
                    HasSubstr(":9: clusters.shop.frontends[0].headers[1]: the key 'position' is missing"),
                    HasSubstr(":9: clusters.shop.frontends[0].headers[1]: the key 'key' is missing"),
                    HasSubstr(":9: clusters.shop.frontends[0].headers[1]: the key 'value' is missing"),
                    HasSubstr(":10: clusters.shop.frontends[0].match_headers[0].nam: unknown key; did you mean"),
                    HasSubstr(":10: clusters.shop.frontends[0].match_headers[1].name: it must be text"),
                    HasSubstr(":10: clusters.shop.frontends[0].match_headers[2].kind: 'glob' is none of exact"),
                    HasSubstr(":11: clusters.shop.frontends[0].split[0].weight: 1001 is not within 0 and 1000"),
                    HasSubstr(":11: clusters.shop.frontends[0].split[0].cluster: it must be text"),
                    HasSubstr(":11: clusters.shop.frontends[0].split[1].weigt: unknown key; did you mean"),
                    HasSubstr(":11: clusters.shop.frontends[0].split[1]: the key 'cluster' is missing"),
                    HasSubstr(":12: clusters.shop.frontends[0].source_allow[0]: it must be text")));
}

TEST(TomlRule, rules_of_check_are_told_at_the_key_that_breaks_them) {
    EXPECT_THAT(rule_errors("rewrite_path = \"/$PATH[7]\"\nfront_timeout = 0\nsource_deny = [\"x\"]"),
                ElementsAre(HasSubstr(":9: clusters.shop.frontends[0].rewrite_path: $PATH[7] is beyond 1"),
                            HasSubstr(":10: clusters.shop.frontends[0].front_timeout: 0 s is not within"),
                            HasSubstr(":11: clusters.shop.frontends[0].source_deny: 'x' is no network")));
}

TEST(TomlRule, keys_of_rules_are_nothing_for_tcp) {
    EXPECT_THAT(errors("implicit_listeners = true\n[clusters.a]\nprotocol = \"tcp\"\n[[clusters.a.frontends]]\naddress "
                       "= \"127.0.0.1:1\"\n"
                       "match_query = []\nfront_timeout = 1\nsplit = []\nheaders = []"),
                ElementsAre(HasSubstr(":6: clusters.a.frontends[0].match_query: only frontends of http clusters"),
                            HasSubstr(":7: clusters.a.frontends[0].front_timeout: only frontends of http clusters"),
                            HasSubstr(":8: clusters.a.frontends[0].split: only frontends of http clusters"),
                            HasSubstr(":9: clusters.a.frontends[0].headers: only frontends of http clusters")));
}

TEST(TomlRule, two_rules_may_differ_in_their_conditions_alone) {
    const std::string two = file_with("") + "[[clusters.shop-next.frontends]]\naddress = \"127.0.0.1:80\"\n" +
                            "hostname = \"*.shop.example\"\n";
    EXPECT_THAT(errors(two), ElementsAre(HasSubstr("clusters.shop.frontends[0] of line 6 is for the same requests")));
    EXPECT_THAT(errors(two + "match_cookies = [{ name = \"next\", kind = \"present\" }]"), testing::IsEmpty());
}

}  // namespace
}  // namespace seki::config
