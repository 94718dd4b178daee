// What a file may say about HTTP and about limits.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>

#include "config/limits.h"
#include "config/things.h"
#include "config/toml/reading.h"

namespace seki::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view listener = "[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\n";
constexpr std::string_view cluster_a = "[clusters.a]\nprotocol = \"http\"\n";

std::string with(std::string_view table, std::string_view line) { return fmt::format("{}{}\n", table, line); }

// A disk with a few answers on it. Configurations that are good are in dir/, bad ones are not.
Result<std::string> read(const std::string& path, size_t max_size) {
    static const std::map<std::string, std::string> files{
        {"404.http", answer_text("404", "from a file")},
        {"/etc/503.http", answer_text("503", "from another")},
        {"empty.http", ""},
    };
    EXPECT_EQ(max_size, 65'536);
    const auto found = files.find(path.starts_with("dir/") ? path.substr(4) : path);
    if (found == files.end()) return failure("cannot open it: No such file or directory");
    return found->second;
}

TEST(TomlHttp, every_key_of_a_listener_arrives) {
    const FileConfig config = accepted(with(listener, R"(
trusted_proxies = ["10.0.0.0/8", "2001:db8::1"]
tunnel_timeout = 3600
max_header_bytes = 8192
max_header_fields = 50
max_uri_bytes = 4096
max_body_bytes = 10000000000
min_body_rate = 500
lingering_bytes = 10000000000
lingering_timeout = 0
client_half_close_timeout = 5
sticky_cookie = { secure = true, http_only = false, same_site = "Strict", path = "/shop", max_age = 60 }
path_normalization = "Strict"
forwarded_headers = "RFC7239"
)"));
    const command::HttpListenerConfig& http = config.changes[0]->add_http_listener();
    EXPECT_THAT(http.trusted_proxies().values(), ElementsAre("10.0.0.0/8", "2001:db8::1"));
    EXPECT_EQ(http.tunnel_timeout(), 3600);
    EXPECT_EQ(http.max_header_bytes(), 8192);
    EXPECT_EQ(http.max_header_fields(), 50);
    EXPECT_EQ(http.max_uri_bytes(), 4096);
    EXPECT_EQ(http.max_body_bytes(), 10'000'000'000U);
    EXPECT_EQ(http.min_body_rate(), 500);
    EXPECT_EQ(http.lingering_bytes(), 10'000'000'000U);
    EXPECT_EQ(http.lingering_timeout(), 0);
    EXPECT_EQ(http.client_half_close_timeout(), 5);
    EXPECT_TRUE(http.sticky_cookie().secure());
    EXPECT_FALSE(http.sticky_cookie().http_only());
    EXPECT_EQ(http.sticky_cookie().same_site(), command::STRICT);
    EXPECT_EQ(http.sticky_cookie().path(), "/shop");
    EXPECT_EQ(http.sticky_cookie().max_age(), 60);
    EXPECT_EQ(http.path_normalization(), command::PathNormalization::STRICT);
    EXPECT_EQ(http.forwarded_headers(), command::FORWARDED_HEADERS_RFC7239);
}

TEST(TomlHttp, how_paths_are_compared_is_one_of_three_words) {
    EXPECT_FALSE(accepted(with(listener, "")).changes[0]->add_http_listener().has_path_normalization());
    EXPECT_EQ(
        accepted(with(listener, "path_normalization = \"off\"")).changes[0]->add_http_listener().path_normalization(),
        command::PathNormalization::OFF);
    EXPECT_THAT(errors(with(listener, "path_normalization = \"yes\"")),
                ElementsAre("s.toml:4: listeners[0].path_normalization: 'yes' is none of on, off, strict"));
}

TEST(TomlHttp, the_time_of_half_closed_clients_may_be_off) {
    const auto half_close = [](std::string_view line) {
        return accepted(with(listener, line)).changes[0]->add_http_listener().client_half_close_timeout();
    };
    EXPECT_EQ(half_close(""), 2);
    EXPECT_EQ(half_close("client_half_close_timeout = 0"), 0);
    EXPECT_EQ(half_close("client_half_close_timeout = \"off\""), timeout_off);
    EXPECT_THAT(errors(with(listener, "client_half_close_timeout = \"on\"")),
                ElementsAre("s.toml:4: listeners[0].client_half_close_timeout: 'on' is neither a number nor \"off\""));
    EXPECT_THAT(errors(with(listener, "client_half_close_timeout = 4294967295")),
                ElementsAre(HasSubstr("4294967295 is not within 0 and 86400")));
}

TEST(TomlHttp, whom_to_believe_is_everybody_nobody_or_a_list) {
    const auto trusted = [](std::string_view line) {
        return accepted(with(listener, line)).changes[0]->add_http_listener().has_trusted_proxies();
    };
    EXPECT_FALSE(trusted(""));
    EXPECT_TRUE(trusted("trusted_proxies = []"));
    EXPECT_THAT(errors(with(listener, "trusted_proxies = \"10.0.0.0/8\"")),
                ElementsAre("s.toml:4: listeners[0].trusted_proxies: it must be a list of texts, not text"));
    EXPECT_THAT(errors(with(listener, "trusted_proxies = [\"10.0.0.0/40\"]")),
                ElementsAre(HasSubstr("s.toml:4: listeners[0].trusted_proxies: '10.0.0.0/40' is no network")));
}

TEST(TomlHttp, answers_are_texts_or_files) {
    const FileConfig config = accepted(with(listener, R"(
answers = { "404" = "file://404.http", "502" = "HTTP/1.1 502 X\n\nhere", "400" = "" }
answer_404 = "404.http"
answer_503 = "/etc/503.http"
)"),
                                       read);
    const auto& answers = config.changes[0]->add_http_listener().answers();
    EXPECT_EQ(answers.size(), 3);
    EXPECT_THAT(answers.at("404"), testing::EndsWith("from a file"));
    EXPECT_THAT(answers.at("502"), testing::EndsWith("here"));
    EXPECT_THAT(answers.at("503"), testing::EndsWith("from another"));
}

TEST(TomlHttp, answers_in_files_stand_beside_the_configuration) {
    std::vector<std::string> asked;
    const ReadFile note = [&](const std::string& path, size_t) -> Result<std::string> {
        asked.push_back(path);
        return "HTTP/1.1 404 Not Found\n\n";
    };
    parse(with(listener, "answers = { \"404\" = \"file://answers/404\" }\nanswer_404 = \"/etc/404\""), "dir/s.toml",
          note);
    EXPECT_THAT(asked, ElementsAre("dir/answers/404", "/etc/404"));
}

TEST(TomlHttp, an_answer_that_is_none_is_refused_where_it_is_written) {
    EXPECT_THAT(
        errors(with(listener, R"(
answers = { "404" = "file://500.http", "200" = "HTTP/1.1 200 X\n\n" }
answer_404 = "empty.http"
answer_503 = "404.http"
)"),
               read),
        ElementsAre("s.toml:5: listeners[0].answers: the file '500.http': cannot open it: No such file or "
                    "directory",
                    "s.toml:5: listeners[0].answers: '200' is no status that Seki answers with",
                    "s.toml:6: listeners[0].answer_404: the file 'empty.http': it is empty",
                    "s.toml:7: listeners[0].answer_503: the answer for 503: line 1: the status is 404, not 503"));
}

TEST(TomlHttp, limits_of_a_listener_that_exclude_others_are_refused) {
    EXPECT_THAT(errors("buffer_size = 16384\n" + with(listener, "max_header_bytes = 16385")),
                ElementsAre("s.toml:5: listeners[0].max_header_bytes: 16385 is more than buffer_size, 16384"));
    EXPECT_THAT(errors(with(listener, "max_header_bytes = 2000\nmax_uri_bytes = 3000")),
                ElementsAre("s.toml:5: listeners[0].max_uri_bytes: 3000 is more than max_header_bytes, 2000"));
    EXPECT_THAT(errors(with(listener, "sticky_cookie = { secure = false, same_site = \"none\" }")),
                ElementsAre(HasSubstr("s.toml:4: listeners[0].sticky_cookie: same_site: browsers take none only")));
}

TEST(TomlHttp, slips_in_the_cookie_are_found) {
    EXPECT_THAT(
        errors(with(listener, "sticky_cookie = { htp_only = true, same_site = \"maybe\" }")),
        UnorderedElementsAre("s.toml:4: listeners[0].sticky_cookie.htp_only: unknown key; did you mean 'http_only'?",
                             "s.toml:4: listeners[0].sticky_cookie.same_site: 'maybe' is none of lax, strict, none"));
}

TEST(TomlHttp, a_tcp_listener_has_none_of_it) {
    EXPECT_THAT(warnings(R"(
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:80"
trusted_proxies = []
tunnel_timeout = 1
sticky_cookie = {}
answer_404 = "x"
)"),
                testing::SizeIs(4));
}

TEST(TomlHttp, every_key_of_a_cluster_arrives) {
    const std::string hash(64, 'a');
    const FileConfig config = accepted(with(cluster_a, fmt::format(R"(
sticky_session = true
answers = {{ "502" = "HTTP/1.1 502 X\n\nhere" }}
answer_503 = "/etc/503.http"
authorized_hashes = ["ann:{}"]
www_authenticate = "Basic realm=\"shop\""
max_connections_per_ip = 3
max_connections_per_subnet = 6
max_connection_attempts = 7
retry_after = 5
rate_limit = {{ requests_per_second = 10, burst = 20 }}
front_timeout = 1
back_timeout = 2
connect_timeout = 3
tunnel_timeout = 4
backend_reuse = "Never"
)",
                                                                   hash)),
                                       read);
    const command::Cluster& cluster = config.changes[0]->add_cluster();
    EXPECT_TRUE(cluster.sticky_session());
    EXPECT_EQ(cluster.answers_size(), 1);
    EXPECT_THAT(cluster.answer_503(), testing::EndsWith("from another"));
    EXPECT_THAT(cluster.authorized_hashes(), ElementsAre("ann:" + hash));
    EXPECT_EQ(cluster.www_authenticate(), "Basic realm=\"shop\"");
    EXPECT_EQ(cluster.max_connections_per_subnet(), 6);
    EXPECT_EQ(cluster.max_connection_attempts(), 7);
    EXPECT_EQ(cluster.max_connections_per_ip(), 3);
    EXPECT_EQ(cluster.retry_after(), 5);
    EXPECT_EQ(cluster.rate_limit().requests_per_second(), 10);
    EXPECT_EQ(cluster.rate_limit().burst(), 20);
    EXPECT_EQ(cluster.front_timeout(), 1);
    EXPECT_EQ(cluster.back_timeout(), 2);
    EXPECT_EQ(cluster.connect_timeout(), 3);
    EXPECT_EQ(cluster.tunnel_timeout(), 4);
    EXPECT_EQ(cluster.backend_reuse(), command::NEVER);
}

TEST(TomlHttp, what_is_wrong_in_a_cluster_is_named_with_its_line) {
    EXPECT_THAT(errors(with(cluster_a, R"(authorized_hashes = ["ann"]
rate_limit = { burst = 2 }
answer_503 = "gone.http"
back_timeout = 0
tunnel_timeout = 90000
backend_reuse = "sometimes")"),
                       read),
                ElementsAre("s.toml:3: clusters.a.authorized_hashes: entry 1: a ':' between user and hash is missing",
                            "s.toml:4: clusters.a.rate_limit: the key 'requests_per_second' is missing",
                            "s.toml:4: clusters.a.rate_limit: requests_per_second: 0 is not within 1 and 1000000",
                            HasSubstr("s.toml:5: clusters.a.answer_503: the file 'gone.http': cannot open it"),
                            "s.toml:6: clusters.a.back_timeout: 0 s is not within 1 and 86400 s",
                            "s.toml:7: clusters.a.tunnel_timeout: 90000 s is not within 1 and 86400 s",
                            "s.toml:8: clusters.a.backend_reuse: 'sometimes' is none of safe, always, never"));
}

TEST(TomlHttp, a_tcp_cluster_has_timeouts_and_limits_but_nothing_of_http) {
    const FileConfig config = accepted(R"(
[clusters.a]
protocol = "tcp"
front_timeout = 1
max_connections_per_ip = 2
rate_limit = { requests_per_second = 3 }
tunnel_timeout = 4
answers = { "503" = "x" }
)");
    EXPECT_EQ(config.changes[0]->add_cluster().front_timeout(), 1);
    EXPECT_EQ(config.changes[0]->add_cluster().max_connections_per_ip(), 2);
    EXPECT_EQ(config.changes[0]->add_cluster().rate_limit().requests_per_second(), 3);
    EXPECT_THAT(warnings(config),
                ElementsAre(HasSubstr("tunnel_timeout: it has no effect"), HasSubstr("answers: it has no effect")));
}

TEST(TomlHttp, a_backend_may_begin_in_a_state) {
    const FileConfig config = accepted(with(cluster_a, R"(backends = [
    { address = "127.0.0.1:1", state = "ready" },
    { address = "127.0.0.1:2", state = "Drain" },
    { address = "127.0.0.1:3", state = "maintenance" },
])"));
    EXPECT_FALSE(config.changes[1]->add_backend().has_state());
    EXPECT_EQ(config.changes[2]->add_backend().state(), command::DRAIN);
    EXPECT_EQ(config.changes[3]->add_backend().state(), command::MAINTENANCE);
    EXPECT_THAT(errors(with(cluster_a, "backends = [{ address = \"127.0.0.1:1\", state = \"down\" }]")),
                ElementsAre(HasSubstr("backends[0].state: 'down' is none of ready, drain, maintenance")));
}

TEST(TomlHttp, a_host_is_a_backend_for_each_of_its_addresses) {
    const FileConfig config = accepted(with(cluster_a, R"(
backends = [
    { address = "two.example:8080", weight = 7, sticky_id = "s" },
    { address = "two.example:81", backend_id = "mine" },
]
)"));
    ASSERT_EQ(config.changes.size(), 5);
    const command::AddBackend& first = config.changes[1]->add_backend();
    EXPECT_EQ(first.backend_id(), "a-two.example:8080-10.0.0.1:8080");
    EXPECT_EQ(first.sticky_id(), "s-10.0.0.1:8080");
    EXPECT_EQ(checked_address(first.address()).text(), "10.0.0.1:8080");
    EXPECT_EQ(first.load_balancing_parameters().weight(), 7);
    EXPECT_EQ(checked_address(config.changes[2]->add_backend().address()).text(), "10.0.0.2:8080");
    EXPECT_EQ(config.changes[3]->add_backend().backend_id(), "mine-10.0.0.1:81");
    EXPECT_EQ(config.changes[4]->add_backend().backend_id(), "mine-10.0.0.2:81");
}

TEST(TomlHttp, a_host_that_has_no_address_is_refused_where_it_is_written) {
    const auto backend = [](std::string_view fields) {
        return errors(with(cluster_a, fmt::format("backends = [{{ {} }}]", fields)));
    };
    EXPECT_THAT(backend("address = \"one.example:80\""),
                ElementsAre("s.toml:3: clusters.a.backends[0].address: cannot resolve 'one.example': nobody knows it"));
    EXPECT_THAT(backend("address = \"two:80\", unix_path = \"/run/a\""),
                ElementsAre(HasSubstr("address: 'two' is a name, and unix_path has no address to be looked up")));
    for (const char* number : {"1.2.3:80", "010.0.0.1:80", "0x7f.1:80", "two.0x1:80", "127.1:80", "two.256:80"}) {
        EXPECT_THAT(backend(fmt::format("address = \"{}\"", number)), ElementsAre(HasSubstr("is not an IP address")))
            << number;
    }
    for (const char* odd :
         {"two", "two:", "two:0", "two:65536", "two:x", "::1:80", "t wo:80", "two..b:80", "-two:80"}) {
        EXPECT_EQ(backend(fmt::format("address = \"{}\"", odd)).size(), 1) << odd;
    }
}

TEST(TomlHttp, the_limit_of_connections_for_all_is_a_change_that_can_be_changed_again) {
    const FileConfig config = accepted("max_connections_per_ip = 9");
    ASSERT_THAT(verbs(config), ElementsAre("SetMaxConnectionsPerIp"));
    EXPECT_EQ(config.changes[0]->set_max_connections_per_ip(), 9);
    EXPECT_EQ(config.server.max_connections_per_ip(), 9);
    EXPECT_THAT(verbs(accepted("max_connections_per_ip = 0")), ElementsAre());
    const FileConfig more = accepted(
        "max_connections_per_subnet = 8\nmax_connection_attempts = 2\nsubnet_ipv4_prefix = 24\n"
        "subnet_ipv6_prefix = 0");
    ASSERT_THAT(verbs(more), ElementsAre("SetMaxConnectionsPerSubnet", "SetMaxConnectionAttempts"));
    EXPECT_EQ(more.changes[0]->set_max_connections_per_subnet(), 8);
    EXPECT_EQ(more.changes[1]->set_max_connection_attempts(), 2);
    EXPECT_EQ(more.server.subnet_ipv4_prefix(), 24);
    EXPECT_EQ(more.server.subnet_ipv6_prefix(), 0);
    EXPECT_THAT(verbs(accepted("max_connection_attempts = 5")), ElementsAre());
    EXPECT_THAT(errors("subnet_ipv4_prefix = 33\nsubnet_ipv6_prefix = 129\nmax_connection_attempts = 0"),
                ElementsAre(HasSubstr("33 is not within 0 and 32"), HasSubstr("129 is not within 0 and 128"),
                            HasSubstr("0 is not within 1 and 255")));
}

}  // namespace
}  // namespace seki::config
