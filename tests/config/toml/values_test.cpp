#include <cctype>
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

constexpr std::string_view web = R"(
[[listeners]]
protocol = "http"
address = "127.0.0.1:8080"

[clusters.web]
protocol = "http"
frontends = [{ address = "127.0.0.1:8080", hostname = "Example.COM." }]
backends = [{ address = "127.0.0.1:9000" }]
)";

TEST(TomlFile, an_empty_file_has_every_default) {
    const FileConfig config = accepted("");
    EXPECT_TRUE(config.server.IsInitialized());
    EXPECT_EQ(config.server.max_connections(), 10'000);
    EXPECT_EQ(config.server.buffer_size(), 16'393);
    EXPECT_EQ(config.server.log_level(), "info");
    EXPECT_EQ(config.server.log_target(), "stdout");
    EXPECT_EQ(config.server.access_log_format(), command::Ascii);
    EXPECT_EQ(config.server.slab_entries_per_connection(), 4);
    EXPECT_EQ(config.server.basic_auth_max_credential_bytes(), 4096);
    EXPECT_EQ(config.server.splice_pipe_capacity_bytes(), 262'144);
    EXPECT_EQ(config.server.backend_idle_connections(), 64);
    EXPECT_EQ(config.server.backend_idle_connections_total(), config.server.max_connections() / 2);
    EXPECT_EQ(config.server.backend_idle_timeout(), 60);
    EXPECT_EQ(config.server.listen_backlog(), 4096);
    EXPECT_EQ(config.command_socket, "sozu.sock");
    EXPECT_EQ(config.worker_count, 2);
    EXPECT_TRUE(config.worker_automatic_restart);
    EXPECT_TRUE(config.worker_seccomp);
    EXPECT_TRUE(config.worker_landlock);
    EXPECT_TRUE(config.orphaned_workers_serve);
    EXPECT_FALSE(config.user);
    EXPECT_TRUE(config.changes.empty());
    EXPECT_THAT(lines(config.warnings), ElementsAre("dir/seki.toml: no listener is active: nothing is served"));
}

TEST(TomlFile, every_global_key_arrives) {
    const FileConfig config = accepted(R"(
command_socket = "run/seki.sock"
command_buffer_size = 5000
max_command_buffer_size = 6000
max_connections = 77
min_buffers = 3
max_buffers = 8
buffer_size = 20000
slab_entries_per_connection = 5
basic_auth_max_credential_bytes = 100
max_connections_per_ip = 9
retry_after = 7
splice_pipe_capacity_bytes = 131072
command_allowed_uids = [0, 1000]
log_level = "warn,proxy=debug"
log_target = "file:///var/log/seki.log"
log_colored = true
access_logs_target = "file:///var/log/access.log"
access_logs_format = "ascii"
access_logs_colored = true
worker_count = 4
worker_automatic_restart = false
worker_timeout = 11
worker_seccomp = false
worker_landlock = false
orphaned_workers = "drain"
user = "seki"
group = "www"
shutdown_timeout = 90
handle_process_affinity = false
ctl_command_timeout = 2000
pid_file_path = "/run/seki.pid"
activate_listeners = true
front_timeout = 61
back_timeout = 31
connect_timeout = 4
request_timeout = 12
zombie_check_interval = 1801
accept_queue_timeout = 62
evict_on_queue_full = false
disable_cluster_metrics = false
automatic_state_save = false
backend_idle_connections = 65
backend_idle_connections_total = 1025
backend_idle_timeout = 63
listen_backlog = 4097
)");
    const command::ServerConfig& server = config.server;
    EXPECT_EQ(config.command_socket, "dir/run/seki.sock");
    EXPECT_EQ(server.command_buffer_size(), 5000);
    EXPECT_EQ(server.max_command_buffer_size(), 6000);
    EXPECT_EQ(server.max_connections(), 77);
    EXPECT_EQ(server.min_buffers(), 3);
    EXPECT_EQ(server.max_buffers(), 8);
    EXPECT_EQ(server.buffer_size(), 20'000);
    EXPECT_EQ(server.slab_entries_per_connection(), 5);
    EXPECT_EQ(server.basic_auth_max_credential_bytes(), 100);
    EXPECT_EQ(server.max_connections_per_ip(), 9U);
    EXPECT_EQ(server.retry_after(), 7);
    EXPECT_EQ(server.splice_pipe_capacity_bytes(), 131'072);
    EXPECT_THAT(config.command_allowed_uids, ElementsAre(0, 1000));
    EXPECT_EQ(server.log_level(), "warn,proxy=debug");
    EXPECT_EQ(server.log_target(), "file:///var/log/seki.log");
    EXPECT_TRUE(server.log_colored());
    EXPECT_EQ(server.access_logs_target(), "file:///var/log/access.log");
    EXPECT_EQ(config.worker_count, 4);
    EXPECT_FALSE(config.worker_automatic_restart);
    EXPECT_EQ(config.worker_timeout_s, 11);
    EXPECT_FALSE(config.worker_seccomp);
    EXPECT_FALSE(config.worker_landlock);
    EXPECT_FALSE(config.orphaned_workers_serve);
    EXPECT_EQ(config.user, "seki");
    EXPECT_EQ(config.group, "www");
    EXPECT_EQ(config.shutdown_timeout_s, 90);
    EXPECT_EQ(config.ctl_command_timeout_ms, 2000);
    EXPECT_EQ(config.pid_file_path, "/run/seki.pid");
    EXPECT_EQ(server.front_timeout(), 61);
    EXPECT_EQ(server.back_timeout(), 31);
    EXPECT_EQ(server.connect_timeout(), 4);
    EXPECT_EQ(config.request_timeout_s, 12);
    EXPECT_EQ(server.zombie_check_interval(), 1801);
    EXPECT_EQ(server.accept_queue_timeout(), 62);
    EXPECT_EQ(server.backend_idle_connections(), 65);
    EXPECT_EQ(server.backend_idle_connections_total(), 1025);
    EXPECT_EQ(server.backend_idle_timeout(), 63);
    EXPECT_EQ(server.listen_backlog(), 4097);
    EXPECT_THAT(warnings(config), testing::IsEmpty());
}

TEST(TomlFile, things_become_changes_with_owners_first_and_activation_last) {
    const FileConfig config = accepted(web);
    EXPECT_THAT(verbs(config),
                ElementsAre("AddHttpListener", "AddCluster", "AddHttpFrontend", "AddBackend", "ActivateListener"));
    EXPECT_EQ(config.changes[2]->add_http_frontend().hostname(), "example.com");
    EXPECT_EQ(config.changes[3]->add_backend().backend_id(), "web-0-127.0.0.1:9000");
    EXPECT_EQ(config.changes[3]->add_backend().load_balancing_parameters().weight(), 100);
    EXPECT_EQ(config.changes[4]->activate_listener().proxy(), command::HTTP);
    State state;
    for (const auto& change : config.changes) EXPECT_TRUE(state.apply(change).has_value());
}

TEST(TomlFile, listeners_can_wait_for_their_activation) {
    EXPECT_THAT(verbs(accepted("activate_listeners = false\n" + std::string(web))),
                ElementsAre("AddHttpListener", "AddCluster", "AddHttpFrontend", "AddBackend"));
}

TEST(TomlFile, every_key_of_an_http_listener_arrives) {
    const FileConfig config = accepted(R"(
[[listeners]]
protocol = "http"
address = "[::1]:8080"
public_address = "198.51.100.1:80"
expect_proxy = false
sticky_name = "STICK"
front_timeout = 1
back_timeout = 2
connect_timeout = 3
request_timeout = 4
sozu_id_header = "X-Id"
elide_x_real_ip = true
elide_lookalike_fields = false
send_x_real_ip = true
answers = { "404" = "" }
h2_max_rst_stream_per_window = 5
h2_max_ping_per_window = 6
h2_max_settings_per_window = 7
h2_max_empty_data_per_window = 8
h2_max_window_update_stream0_per_window = 9
h2_max_continuation_frames = 10
h2_max_glitch_count = 11
h2_initial_connection_window = 70000
h2_max_concurrent_streams = 12
h2_stream_shrink_ratio = 13
h2_max_rst_stream_lifetime = 14
h2_max_rst_stream_abusive_lifetime = 15
h2_max_rst_stream_emitted_lifetime = 16
h2_max_header_list_size = 17
h2_max_header_table_size = 18
h2_max_header_fields = 19
h2_stream_idle_timeout_seconds = 20
h2_graceful_shutdown_deadline_seconds = 0
h2_stream_refusal_percent = 23
)");
    ASSERT_EQ(config.changes.size(), 2);
    const command::HttpListenerConfig& listener = config.changes[0]->add_http_listener();
    EXPECT_EQ(checked_address(listener.address()).text(), "[::1]:8080");
    EXPECT_EQ(checked_address(listener.public_address()).text(), "198.51.100.1:80");
    EXPECT_EQ(listener.sticky_name(), "STICK");
    EXPECT_EQ(listener.front_timeout(), 1);
    EXPECT_EQ(listener.back_timeout(), 2);
    EXPECT_EQ(listener.connect_timeout(), 3);
    EXPECT_EQ(listener.request_timeout(), 4);
    EXPECT_EQ(listener.sozu_id_header(), "X-Id");
    EXPECT_TRUE(listener.elide_x_real_ip());
    EXPECT_FALSE(listener.elide_lookalike_fields());
    EXPECT_TRUE(listener.send_x_real_ip());
    EXPECT_EQ(listener.h2_max_rst_stream_per_window(), 5);
    EXPECT_EQ(listener.h2_max_ping_per_window(), 6);
    EXPECT_EQ(listener.h2_max_settings_per_window(), 7);
    EXPECT_EQ(listener.h2_max_empty_data_per_window(), 8);
    EXPECT_EQ(listener.h2_max_window_update_stream0_per_window(), 9);
    EXPECT_EQ(listener.h2_max_continuation_frames(), 10);
    EXPECT_EQ(listener.h2_max_glitch_count(), 11);
    EXPECT_EQ(listener.h2_initial_connection_window(), 70'000);
    EXPECT_EQ(listener.h2_max_concurrent_streams(), 12);
    EXPECT_EQ(listener.h2_stream_shrink_ratio(), 13);
    EXPECT_EQ(listener.h2_max_rst_stream_lifetime(), 14);
    EXPECT_EQ(listener.h2_max_rst_stream_abusive_lifetime(), 15);
    EXPECT_EQ(listener.h2_max_rst_stream_emitted_lifetime(), 16);
    EXPECT_EQ(listener.h2_max_header_list_size(), 17);
    EXPECT_EQ(listener.h2_max_header_table_size(), 18);
    EXPECT_EQ(listener.h2_max_header_fields(), 19);
    EXPECT_EQ(listener.h2_stream_idle_timeout_seconds(), 20);
    EXPECT_EQ(listener.h2_graceful_shutdown_deadline_seconds(), 0);
    EXPECT_EQ(listener.h2_stream_refusal_percent(), 23);
}

TEST(TomlFile, a_listener_takes_the_global_timeouts_that_it_does_not_name) {
    const FileConfig config = accepted(R"(
front_timeout = 100
back_timeout = 101
connect_timeout = 102
request_timeout = 103
listeners = [
    { protocol = "http", address = "127.0.0.1:80", back_timeout = 5 },
    { protocol = "tcp", address = "127.0.0.1:81", connect_timeout = 6 },
]
)");
    const command::HttpListenerConfig& http = config.changes[0]->add_http_listener();
    EXPECT_EQ(http.front_timeout(), 100);
    EXPECT_EQ(http.back_timeout(), 5);
    EXPECT_EQ(http.connect_timeout(), 102);
    EXPECT_EQ(http.request_timeout(), 103);
    EXPECT_EQ(http.sticky_name(), "SOZUBALANCEID");
    const command::TcpListenerConfig& tcp = config.changes[1]->add_tcp_listener();
    EXPECT_EQ(tcp.front_timeout(), 100);
    EXPECT_EQ(tcp.back_timeout(), 101);
    EXPECT_EQ(tcp.connect_timeout(), 6);
}

TEST(TomlFile, every_key_of_a_cluster_and_what_is_in_it_arrives) {
    const FileConfig config = accepted(R"(implicit_listeners = true
[clusters.shop]
protocol = "http"
sticky_session = false
https_redirect = true
https_redirect_port = 8443
load_balancing = "LEAST_LOADED"
load_metric = "REQUESTS"
http2 = false
authorized_hashes = []
max_connections_per_ip = 5
retry_after = 9

[[clusters.shop.frontends]]
address = "127.0.0.1:80"
hostname = "shop.example"
path = "/api"
path_type = "EQUALS"
method = "GET"
position = "TREE"
tags = { team = "shop", tier = "1" }
redirect = "Forward"
redirect_scheme = "use-same"
required_auth = false
headers = []

[[clusters.shop.backends]]
address = "[2001:db8::1]:9000"
backend_id = "one"
weight = 7
sticky_id = "s1"
backup = true
)");
    ASSERT_THAT(verbs(config),
                ElementsAre("AddHttpListener", "AddCluster", "AddHttpFrontend", "AddBackend", "ActivateListener"));
    const command::Cluster& cluster = config.changes[1]->add_cluster();
    EXPECT_EQ(cluster.cluster_id(), "shop");
    EXPECT_TRUE(cluster.https_redirect());
    EXPECT_EQ(cluster.https_redirect_port(), 8443);
    EXPECT_EQ(cluster.load_balancing(), command::LEAST_LOADED);
    EXPECT_EQ(cluster.load_metric(), command::REQUESTS);
    EXPECT_EQ(cluster.max_connections_per_ip(), 5U);
    EXPECT_EQ(cluster.retry_after(), 9);
    const command::RequestHttpFrontend& frontend = config.changes[2]->add_http_frontend();
    EXPECT_EQ(frontend.cluster_id(), "shop");
    EXPECT_EQ(frontend.path().kind(), command::EQUALS);
    EXPECT_EQ(frontend.path().value(), "/api");
    EXPECT_EQ(frontend.method(), "GET");
    EXPECT_EQ(frontend.tags().at("team"), "shop");
    const command::AddBackend& backend = config.changes[3]->add_backend();
    EXPECT_EQ(backend.backend_id(), "one");
    EXPECT_EQ(checked_address(backend.address()).text(), "[2001:db8::1]:9000");
    EXPECT_EQ(backend.load_balancing_parameters().weight(), 7);
    EXPECT_EQ(backend.sticky_id(), "s1");
    EXPECT_TRUE(backend.backup());
}

TEST(TomlFile, a_tcp_cluster_gets_its_listener_where_the_file_wants_it) {
    const FileConfig config = accepted(R"(implicit_listeners = true
connect_timeout = 9
[clusters.db]
protocol = "tcp"
frontends = [{ address = "127.0.0.1:5432", tags = { a = "b" } }]
backends = [{ address = "127.0.0.1:5433" }, { address = "127.0.0.1:5433" }]
)");
    ASSERT_THAT(verbs(config), ElementsAre("AddTcpListener", "AddCluster", "AddTcpFrontend", "AddBackend", "AddBackend",
                                           "ActivateListener"));
    EXPECT_EQ(config.changes[0]->add_tcp_listener().connect_timeout(), 9);
    EXPECT_EQ(config.changes[2]->add_tcp_frontend().tags().at("a"), "b");
    EXPECT_EQ(config.changes[4]->add_backend().backend_id(), "db-1-127.0.0.1:5433");
}

TEST(TomlFile, logs_go_to_standard_streams_files_and_sockets) {
    for (const char* target : {"stdout", "stderr", "file:///var/log/a", "file://a", "unix:///run/log",
                               "udp://127.0.0.1:514", "tcp://[::1]:514"}) {
        EXPECT_EQ(accepted(fmt::format("log_target = \"{}\"", target)).server.log_target(), target);
    }
    for (const char* target :
         {"", "file://", "unix://", "syslog", "/var/log/a", "file://a\\nb", "udp://localhost:514", "tcp://127.0.0.1"}) {
        EXPECT_THAT(errors(fmt::format("log_target = \"{}\"", target)), ElementsAre(HasSubstr("is no log target")));
    }
}

TEST(TomlFile, paths_are_relative_to_the_file) {
    EXPECT_EQ(accepted("command_socket = \"/run/s\"").command_socket, "/run/s");
    EXPECT_EQ(accepted("command_socket = \"./s\"").command_socket, "dir/s");
    EXPECT_EQ(accepted("pid_file_path = \"../p\"").pid_file_path, "p");
    EXPECT_THAT(errors("command_socket = \"\""), ElementsAre(HasSubstr("it must not be empty")));
    EXPECT_THAT(errors(fmt::format("command_socket = \"{}\"", std::string(108, 'x'))),
                ElementsAre(HasSubstr("is longer than 107 bytes")));
}

}  // namespace
}  // namespace seki::config
