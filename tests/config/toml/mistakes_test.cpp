#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "config/state.h"
#include "config/toml/reading.h"

namespace seki::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view listener = "[[listeners]]\nprotocol = \"http\"\naddress = \"127.0.0.1:80\"\n";
constexpr std::string_view frontend =
    "implicit_listeners = true\n[clusters.a]\nprotocol = \"http\"\n"
    "[[clusters.a.frontends]]\naddress = \"127.0.0.1:80\"\nhostname = \"a\"\n";

TEST(TomlFile, what_is_not_utf8_is_named_with_its_line) {
    EXPECT_THAT(errors("\n\nlog_level = \"\xFF\""),
                ElementsAre(HasSubstr("s.toml:3: this line has bytes that are not UTF-8")));
}

TEST(TomlFile, unknown_keys_anywhere_name_the_nearest_known_one) {
    EXPECT_THAT(errors(R"(
worker_cuont = 2
colour = "red"

[[listeners]]
protocol = "http"
address = "127.0.0.1:80"
front_timeot = 3

[clusters.web]
protocol = "http"
frontend = []
frontends = [{ address = "127.0.0.1:80", host = "a", hostname = "a" }]
backends = [
    { adress = "127.0.0.1:1", address = "127.0.0.1:1" },
]
health_check = { uri = "/", intervall = 1 }
)"),
                ElementsAre("s.toml:2: worker_cuont: unknown key; did you mean 'worker_count'?",
                            "s.toml:3: colour: unknown key",
                            "s.toml:8: listeners[0].front_timeot: unknown key; did you mean 'front_timeout'?",
                            "s.toml:12: clusters.web.frontend: unknown key; did you mean 'frontends'?",
                            "s.toml:13: clusters.web.frontends[0].host: unknown key; did you mean 'hostname'?",
                            "s.toml:15: clusters.web.backends[0].adress: unknown key; did you mean 'address'?",
                            "s.toml:17: clusters.web.health_check.intervall: unknown key; did you mean 'interval'?",
                            "s.toml:17: clusters.web.health_check: health checks are not available yet"));
}

TEST(TomlFile, all_mistakes_are_reported_at_once_in_the_order_of_lines) {
    EXPECT_THAT(errors(R"(max_connections = "many"
front_timeout = 0

[[listeners]]
protocol = "http"
address = "127.0.0.1"
back_timeout = 90000
sticky_name = "a b"

[clusters."a b"]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "-a" }]
backends = [{ address = "localhost:80", weight = 300 }, { address = "127.0.0.1:80", weight = 0 }]
)"),
                ElementsAre("s.toml:1: max_connections: it must be a number, not text",
                            "s.toml:2: front_timeout: 0 is not within 1 and 86400",
                            HasSubstr("s.toml:6: listeners[0].address: "),
                            "s.toml:7: listeners[0].back_timeout: 90000 s is not within 1 and 86400 s",
                            HasSubstr("s.toml:8: listeners[0].sticky_name: 'a b' is no token"),
                            HasSubstr("s.toml:12: clusters.\"a b\".frontends[0].hostname: '-a' is no host name"),
                            "s.toml:13: clusters.\"a b\".backends[0].weight: 300 is not within 1 and 256",
                            HasSubstr("s.toml:13: clusters.\"a b\".backends[0].address: cannot resolve 'localhost'"),
                            "s.toml:13: clusters.\"a b\".backends[1].weight: 0 is not within 1 and 256; a backend "
                            "without traffic has state = \"drain\" or \"maintenance\""));
}

TEST(TomlFile, values_of_another_kind_are_refused_with_the_kind_that_is_wanted) {
    EXPECT_THAT(errors(R"(
worker_count = 1.5
log_colored = "yes"
log_target = 1
command_allowed_uids = ["root", -1]
listeners = {}
clusters = []
metrics = 1
max_buffers = 1979-05-27
)"),
                ElementsAre("s.toml:2: worker_count: it must be a number, not a fraction",
                            "s.toml:3: log_colored: it must be true or false, not text",
                            "s.toml:4: log_target: it must be text, not a number; write \"1\"",
                            "s.toml:5: command_allowed_uids[0]: it must be a number, not text",
                            "s.toml:5: command_allowed_uids[1]: -1 is not within 0 and 4294967295",
                            HasSubstr("s.toml:5: command_allowed_uids: an empty list"),
                            "s.toml:6: listeners: it must be a list of tables, not a table; write [[listeners]]",
                            "s.toml:7: clusters: it must be a table of tables, not a list",
                            "s.toml:8: metrics: it must be a table, not a number",
                            "s.toml:9: max_buffers: it must be a number, not a date or time"));
}

struct Bounds {
    std::string_view key;
    uint64_t min;
    uint64_t max;
};

class GlobalBounds : public testing::TestWithParam<Bounds> {};

TEST_P(GlobalBounds, both_ends_are_taken_and_what_is_beyond_is_named) {
    const auto& [key, min, max] = GetParam();
    const std::string both = key == "command_buffer_size"       ? "max_command_buffer_size = 1073741824\n"
                             : key == "max_command_buffer_size" ? "command_buffer_size = 1024\n"
                                                                : "";
    for (const uint64_t value : {min, max}) {
        EXPECT_THAT(errors(fmt::format("{}{} = {}", both, key, value)), ElementsAre()) << key;
    }
    EXPECT_THAT(errors(fmt::format("{} = {}", key, max + 1)),
                ElementsAre(fmt::format("s.toml:1: {}: {} is not within {} and {}", key, max + 1, min, max)));
    const std::string below = min == 0 ? "-1" : std::to_string(min - 1);
    EXPECT_THAT(errors(fmt::format("{} = {}", key, below)),
                ElementsAre(fmt::format("s.toml:1: {}: {} is not within {} and {}", key, below, min, max)));
}

INSTANTIATE_TEST_SUITE_P(
    TomlFile, GlobalBounds,
    testing::Values(
        Bounds{"max_connections", 1, 10'000'000}, Bounds{"front_timeout", 1, 86'400}, Bounds{"back_timeout", 1, 86'400},
        Bounds{"connect_timeout", 1, 86'400}, Bounds{"request_timeout", 1, 86'400},
        Bounds{"zombie_check_interval", 1, 86'400}, Bounds{"accept_queue_timeout", 1, 86'400},
        Bounds{"min_buffers", 0, 10'000'000}, Bounds{"max_buffers", 1, 10'000'000},
        Bounds{"buffer_size", 16'384, 16'777'216}, Bounds{"command_buffer_size", 1024, 1'073'741'824},
        Bounds{"max_command_buffer_size", 1024, 1'073'741'824}, Bounds{"slab_entries_per_connection", 2, 32},
        Bounds{"basic_auth_max_credential_bytes", 0, 65'536}, Bounds{"retry_after", 0, 86'400},
        Bounds{"splice_pipe_capacity_bytes", 0, 1'048'576}, Bounds{"backend_idle_connections", 0, 1'000'000},
        Bounds{"backend_idle_connections_total", 0, 1'000'000}, Bounds{"backend_idle_timeout", 1, 86'400},
        Bounds{"listen_backlog", 1, 65'535}, Bounds{"worker_count", 1, 1024}, Bounds{"worker_timeout", 1, 86'400},
        Bounds{"shutdown_timeout", 0, 86'400}, Bounds{"ctl_command_timeout", 0, 86'400'000}),
    [](const auto& instance) { return std::string(instance.param.key); });

TEST(TomlFile, a_listener_of_all_addresses_beside_one_of_them_is_refused) {
    const std::string_view listeners = R"(
[[listeners]]
protocol = "http"
address = "0.0.0.0:80"

[[listeners]]
protocol = "tcp"
address = "127.0.0.1:80"
)";
    EXPECT_THAT(
        errors(listeners),
        ElementsAre("s.toml:8: listeners[1].address: 127.0.0.1:80 cannot be listened on beside 0.0.0.0:80 (line "
                    "2): one of them is all addresses of that port"));
    EXPECT_THAT(errors("activate_listeners = false\n" + std::string(listeners)), ElementsAre());
    EXPECT_THAT(errors(R"(
[[listeners]]
protocol = "http"
address = "0.0.0.0:80"

[[listeners]]
protocol = "http"
address = "[::]:80"

[[listeners]]
protocol = "http"
address = "127.0.0.1:81"
)"),
                ElementsAre());
}

TEST(TomlFile, two_listeners_with_one_address_are_refused) {
    EXPECT_THAT(
        errors(R"(
[[listeners]]
protocol = "http"
address = "127.0.0.1:80"

[[listeners]]
protocol = "tcp"
address = "[::ffff:127.0.0.1]:80"
front_timeout = 0
)"),
        ElementsAre("s.toml:8: listeners[1].address: the listener of line 2 has the address 127.0.0.1:80 already",
                    "s.toml:9: listeners[1].front_timeout: 0 s is not within 1 and 86400 s"));
}

TEST(TomlFile, two_frontends_with_one_route_are_refused) {
    EXPECT_THAT(errors(R"(implicit_listeners = true
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "x" }]
[clusters.b]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "X." }]
)"),
                ElementsAre("s.toml:7: clusters.b.frontends[0]: clusters.a.frontends[0] of line 4 is for the same "
                            "requests; change or remove one of them"));
}

TEST(TomlFile, the_same_backend_twice_is_a_warning) {
    EXPECT_THAT(warnings(R"(
[clusters.a]
protocol = "http"
backends = [
    { backend_id = "x", address = "127.0.0.1:1" },
    { backend_id = "x", address = "127.0.0.1:1" },
]
)"),
                ElementsAre(HasSubstr(
                    "dir/seki.toml:6: clusters.a.backends[1].address: the same backend is there already, in line 5")));
}

TEST(TomlFile, a_frontend_must_suit_its_listener) {
    EXPECT_THAT(errors(R"(
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:80"
[[listeners]]
protocol = "http"
address = "127.0.0.1:81"
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:80", hostname = "x" }]
[clusters.b]
protocol = "tcp"
frontends = [{ address = "127.0.0.1:81" }]
)"),
                ElementsAre("s.toml:10: clusters.a.frontends[0].address: the listener of line 2 is one of tcp, not of "
                            "http",
                            "s.toml:13: clusters.b.frontends[0].address: the listener of line 5 is one of http, not of "
                            "tcp"));
}

TEST(TomlFile, a_frontend_without_its_listener_is_refused_unless_the_file_wants_it_made) {
    constexpr std::string_view file = R"(
[[listeners]]
protocol = "http"
address = "127.0.0.1:8080"
[clusters.a]
protocol = "http"
frontends = [{ address = "127.0.0.1:8008", hostname = "x", tags = { a = "\u0001" } }]
backends = [{ address = "127.0.0.1:1" }]
[clusters.b]
protocol = "tcp"
frontends = [{ address = "127.0.0.1:8081" }]
backends = [{ address = "127.0.0.1:1" }]
)";
    EXPECT_THAT(
        errors(file),
        ElementsAre("s.toml:7: clusters.a.frontends[0].address: no listener has this address; [[listeners]] with "
                    "protocol = \"http\" and this address adds it, implicit_listeners = true at the top of the "
                    "file adds one for every such frontend",
                    HasSubstr("s.toml:7: clusters.a.frontends[0].tags: "),
                    HasSubstr("s.toml:11: clusters.b.frontends[0].address: no listener has this address; "
                              "[[listeners]] with protocol = \"tcp\"")));
    EXPECT_THAT(errors("implicit_listeners = true" + std::string(file)), ElementsAre(HasSubstr("tags: ")));
}

TEST(TomlFile, missing_keys_are_named) {
    EXPECT_THAT(
        errors(R"(
[[listeners]]
front_timeout = 1
[clusters.a]
frontends = [{}]
backends = [{}]
[clusters.b]
protocol = "http"
frontends = [{}]
[clusters.c]
protocol = "tcp"
frontends = [{ hostname = "x" }]
)"),
        ElementsAre("s.toml:2: listeners[0]: the key 'address' is missing",
                    "s.toml:2: listeners[0]: the key 'protocol' is missing",
                    "s.toml:4: clusters.a: the key 'protocol' is missing",
                    "s.toml:6: clusters.a.backends[0]: the key 'address' is missing",
                    "s.toml:9: clusters.b.frontends[0]: the key 'address' is missing",
                    "s.toml:9: clusters.b.frontends[0]: the key 'hostname' is missing",
                    "s.toml:12: clusters.c.frontends[0].hostname: routing TCP by SNI or ALPN is not available yet",
                    "s.toml:12: clusters.c.frontends[0]: the key 'address' is missing"));
}

TEST(TomlFile, keys_of_older_versions_are_warnings) {
    EXPECT_THAT(warnings(R"(
log_access_target = "stdout"
forwarded_for_mode = "all"
[[listeners]]
protocol = "http"
address = "127.0.0.1:80"
tls_provider = "rustls"
[clusters.a]
protocol = "http"
load_balancing_policy = "roundrobin"
)"),
                ElementsAre("dir/seki.toml:2: log_access_target: this key of older versions is not read; use "
                            "'access_logs_target'",
                            HasSubstr("dir/seki.toml:3: forwarded_for_mode: "),
                            HasSubstr("dir/seki.toml:7: listeners[0].tls_provider: "),
                            HasSubstr("dir/seki.toml:10: clusters.a.load_balancing_policy: ")));
}

TEST(TomlFile, keys_in_the_wrong_table_are_told_where_they_belong) {
    EXPECT_THAT(errors(std::string(frontend) + "sticky_session = true"),
                ElementsAre(HasSubstr("frontends[0].sticky_session: it belongs to the cluster")));
    EXPECT_THAT(errors("[applications.a]\nprotocol = \"http\""),
                ElementsAre(HasSubstr("applications: it is called 'clusters' now")));
    EXPECT_THAT(errors("[metrics]\naddress = \"127.0.0.1:1\"\ndisable_cluster_metrics = true"),
                testing::Contains(HasSubstr("it belongs to the top of the file")));
}

TEST(TomlFile, keys_of_another_protocol_are_warnings) {
    EXPECT_THAT(warnings(R"(
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:80"
sticky_name = "x"
[[listeners]]
protocol = "http"
address = "127.0.0.1:81"
cipher_list = []
)"),
                ElementsAre(HasSubstr(":5: listeners[0].sticky_name: it has no effect: only http and https"),
                            HasSubstr(":9: listeners[1].cipher_list: it has no effect: only https")));
    EXPECT_THAT(errors(std::string(listener) + "hsts = { enabled = true }"),
                ElementsAre(HasSubstr("listeners[0].hsts: only https")));
    EXPECT_THAT(errors("listeners = [{ protocol = \"udp\", address = \"127.0.0.1:1\", expect_proxy = true }]"),
                testing::Contains(HasSubstr("udp listeners do not have it")));
}

TEST(TomlFile, settings_that_exclude_each_other_are_refused) {
    EXPECT_THAT(errors("group = 'www'"), ElementsAre(HasSubstr("it needs the key 'user'")));
    EXPECT_THAT(errors("user = ''"), ElementsAre(HasSubstr("user: it must be the name of a user of this system")));
    EXPECT_THAT(errors("automatic_state_save = true"), ElementsAre(HasSubstr("it needs the key 'saved_state'")));
    EXPECT_THAT(errors("command_buffer_size = 3000\nmax_command_buffer_size = 2000"),
                ElementsAre(HasSubstr("s.toml:1: command_buffer_size: 3000 is more than")));
    EXPECT_THAT(errors(std::string(listener) + "public_address = \"127.0.0.1:1\"\nexpect_proxy = true"),
                testing::Contains(HasSubstr("public_address: it excludes expect_proxy")));
    const FileConfig config = accepted("min_buffers = 9\nmax_buffers = 8");
    EXPECT_EQ(config.server.min_buffers(), 8);
    EXPECT_THAT(warnings(config), ElementsAre(HasSubstr("min_buffers: 9 is more than max_buffers, 8")));
}

TEST(TomlFile, a_diagnostic_stays_on_one_line) {
    EXPECT_THAT(errors("\"a\\nb\" = 1"), ElementsAre("s.toml:1: \"a\\x0ab\": unknown key"));
    EXPECT_THAT(errors("log_target = \"\\u001b[2J\""), ElementsAre(HasSubstr("'\\x1b[2J' is no log target")));
}

TEST(TomlFile, a_file_that_cannot_be_read_is_an_error) {
    EXPECT_THAT(lines(load("/nonexistent/seki.toml").error()),
                ElementsAre("/nonexistent/seki.toml: cannot open it: No such file or directory"));
    EXPECT_THAT(lines(load("/dev/null").error()), ElementsAre("/dev/null: it is not a regular file"));
}

TEST(TomlFile, characters_where_none_belongs_are_refused_without_harm) {
    for (const char* text : {"[@", "[\a", "a = Ж", "a = [1, Ж]", "Ж = 1", "a = \"\"\"\\Ж\"\"\"", "a = \u00a0 1"}) {
        EXPECT_THAT(errors(text), testing::Not(testing::IsEmpty())) << text;
    }
    EXPECT_EQ(errors("log_target = \"\"\"\\\n   Ж\"\"\""), errors("log_target = \"Ж\""));
}

TEST(TomlFile, deeply_nested_text_is_refused_without_harm) {
    EXPECT_FALSE(errors("a = " + std::string(100'000, '[')).empty());
    std::string dotted = "a";
    for (int i = 0; i < 100'000; ++i) dotted += ".a";
    EXPECT_FALSE(errors(dotted + " = 1").empty());
    EXPECT_FALSE(errors("[" + dotted + "]").empty());
}

}  // namespace
}  // namespace seki::config
