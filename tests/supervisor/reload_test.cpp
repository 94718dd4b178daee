// The configuration file is edited and read again.

#include <fstream>
#include <gmock/gmock.h>
#include <map>

#include "config/toml/file.h"
#include "config/toml/global.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view things = R"(
[[listeners]]
protocol = "http"
address = "127.0.0.1:8080"

[clusters.web]
protocol = "http"
frontends = [{ address = "127.0.0.1:8080", hostname = "example.com" }]
backends = [{ address = "127.0.0.1:9000" }]
)";

struct ReloadTest : Scene {
    std::string path = folder + "/seki.toml";
    ~ReloadTest() override { ::unlink(path.c_str()); }

    void write(const std::string& settings_of_file, std::string_view rest = things) {
        std::ofstream(path) << "activate_listeners = false\n" << settings_of_file << "\n" << rest;
    }
    void start_with(const std::string& settings_of_file) {
        write(settings_of_file);
        auto file = config::load(path);
        ASSERT_TRUE(file) << config::text(file.error());
        settings.config_path = path;
        const auto changes = std::exchange(file->changes, {});
        settings.file = std::move(*file);
        start(changes);
    }

    // Where the answer will be; it has no content before.
    using Pending = std::shared_ptr<command::Response>;
    Pending reload(const command::Reload& wanted = {}) {
        auto pending = std::make_shared<command::Response>();
        command::Request request;
        *request.mutable_reload() = wanted;
        supervisor->verbs().obey(std::move(request), [pending](const command::Response& came) { *pending = came; });
        return pending;
    }
    command::Response reloaded(const command::Reload& wanted = {}) {
        const Pending pending = reload(wanted);
        until([&] { return pending->IsInitialized(); });
        EXPECT_EQ(pending->status(), command::OK) << pending->message();
        return *pending;
    }

    // "+ Cluster web", and what is to wait as it is told.
    static std::vector<std::string> lines(const command::Response& response) {
        std::vector<std::string> lines;
        for (const auto& found : response.content().differences().vec())
            lines.push_back(command::DifferenceKind_Name(found.kind()) + " " + found.thing() + " " + found.name());
        for (const auto& setting : response.content().differences().after_restart()) lines.push_back(setting);
        return lines;
    }
};

// Of each key at the top of the file a value that is not its default, and what follows from it.
struct Sample {
    std::string line;
    enum Effect : uint8_t { at_once, after_restart, none } effect = after_restart;
};

const std::map<std::string_view, Sample> samples{
    {"accept_queue_timeout", {"accept_queue_timeout = 61"}},
    {"access_logs_colored", {"access_logs_colored = true", Sample::none}},  // it never has one
    {"access_logs_format", {"access_logs_format = 'json'"}},
    {"access_logs_target", {"access_logs_target = 'stderr'"}},
    {"activate_listeners", {"", Sample::none}},  // every file here has it
    {"audit_logs_json_target", {"audit_logs_json_target = 'stderr'"}},
    {"audit_logs_target", {"audit_logs_target = 'stderr'"}},
    {"automatic_state_save", {"automatic_state_save = true\nsaved_state = 'state.json'"}},
    {"back_timeout", {"back_timeout = 31", Sample::at_once}},
    {"backend_idle_connections", {"backend_idle_connections = 65"}},
    {"backend_idle_connections_total", {"backend_idle_connections_total = 65"}},
    {"backend_idle_timeout", {"backend_idle_timeout = 61"}},
    {"basic_auth_max_credential_bytes", {"basic_auth_max_credential_bytes = 100"}},
    {"buffer_size", {"buffer_size = 20000"}},
    {"clusters", {"clusters = { more = { protocol = 'http' } }", Sample::at_once}},
    {"command_allowed_uids", {"command_allowed_uids = [0]"}},
    {"command_buffer_size", {"command_buffer_size = 5000"}},
    {"command_readonly_uids", {"command_readonly_uids = [7]"}},
    {"command_socket", {"command_socket = 'other.sock'"}},
    {"command_socket_mode", {"command_socket_mode = '0660'"}},
    {"connect_timeout", {"connect_timeout = 4", Sample::at_once}},
    {"ctl_command_timeout", {"ctl_command_timeout = 2000", Sample::none}},  // the command line reads it each time
    {"disable_cluster_metrics", {"disable_cluster_metrics = true", Sample::at_once}},
    {"evict_on_queue_full", {"evict_on_queue_full = true"}},
    {"front_timeout", {"front_timeout = 61", Sample::at_once}},
    {"group", {"user = 'nobody'\ngroup = 'nogroup'"}},
    {"handle_process_affinity", {"handle_process_affinity = true"}},
    {"implicit_listeners", {"implicit_listeners = true", Sample::none}},  // that of its listeners
    {"listen_backlog", {"listen_backlog = 4097"}},
    {"listeners", {"listeners = [{ protocol = 'http', address = '127.0.0.1:8081' }]", Sample::at_once}},
    {"log_colored", {"log_colored = true"}},
    {"log_level", {"log_level = 'debug'", Sample::at_once}},
    {"log_target", {"log_target = 'stderr'"}},
    {"max_buffers", {"max_buffers = 1001"}},
    {"max_command_buffer_size", {"max_command_buffer_size = 3000000"}},
    {"max_connection_attempts", {"max_connection_attempts = 4", Sample::at_once}},
    {"max_connections", {"max_connections = 10001"}},
    {"max_connections_per_ip", {"max_connections_per_ip = 9", Sample::at_once}},
    {"max_connections_per_subnet", {"max_connections_per_subnet = 9", Sample::at_once}},
    {"metrics", {"metrics = { address = '127.0.0.1:8125' }"}},
    {"min_buffers", {"min_buffers = 2"}},
    {"orphaned_workers", {"orphaned_workers = 'drain'"}},
    {"pid_file_path", {"pid_file_path = 'seki.pid'"}},
    {"request_timeout", {"request_timeout = 11", Sample::at_once}},
    {"retry_after", {"retry_after = 61"}},
    {"saved_state", {"saved_state = 'state.json'"}},
    {"shutdown_timeout", {"shutdown_timeout = 1"}},
    {"slab_entries_per_connection", {"slab_entries_per_connection = 5"}},
    {"splice_pipe_capacity_bytes", {"splice_pipe_capacity_bytes = 131072"}},
    {"subnet_ipv4_prefix", {"subnet_ipv4_prefix = 24"}},
    {"subnet_ipv6_prefix", {"subnet_ipv6_prefix = 64"}},
    {"tls_ticket_lifetime", {"tls_ticket_lifetime = 100"}},
    {"tls_ticket_secret_file", {"tls_ticket_secret_file = 'secret'"}},
    {"user", {"user = 'nobody'"}},
    {"worker_automatic_restart", {"worker_automatic_restart = false"}},
    {"worker_count", {"worker_count = 3"}},
    {"worker_landlock", {"worker_landlock = false"}},
    {"worker_seccomp", {"worker_seccomp = false"}},
    {"worker_timeout", {"worker_timeout = 11"}},
    {"zombie_check_interval", {"zombie_check_interval = 1801"}},
};

std::vector<std::string_view> keys_of_the_file() {
    config::Diagnostics diagnostics("seki.toml");
    const config::TomlTable empty;
    config::TableReader table(empty, {}, config::TableKind::global, diagnostics);
    config::FileConfig file;
    config::read_global(table, "", file);
    std::vector<std::string_view> keys(table.known().begin(), table.known().end());
    keys.insert(keys.end(), {"clusters", "listeners"});
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    return keys;
}

TEST_F(ReloadTest, what_is_edited_is_told_with_when_it_takes_effect_whatever_its_key) {
    const std::vector<std::string_view> keys = keys_of_the_file();
    std::vector<std::string_view> known;
    for (const auto& [key, sample] : samples) known.push_back(key);
    ASSERT_EQ(known, keys) << "each key needs a sample";
    start_with("");
    command::Reload wanted;
    wanted.set_dry_run(true);
    for (const auto& [key, sample] : samples) {
        SCOPED_TRACE(sample.line);
        const bool is_thing = sample.line.starts_with("clusters") || sample.line.starts_with("listeners");
        write(sample.line, is_thing ? "" : things);
        const command::Response response = reloaded(wanted);
        const command::Differences& found = response.content().differences();
        EXPECT_EQ(!found.vec().empty(), sample.effect == Sample::at_once);
        const auto names_it = [&](const std::string& line) { return line.starts_with(std::string(key) + ": "); };
        EXPECT_EQ(std::ranges::count_if(found.after_restart(), names_it), sample.effect == Sample::after_restart);
    }
}

TEST_F(ReloadTest, whether_clusters_are_measured_is_changed_at_once_and_only_where_the_file_says_something_new) {
    const auto told = [this] {
        std::vector<command::MetricsConfiguration> asked;
        for (const worker::Order& order : worker(0).orders) {
            for (const command::Request& change : order.prepare().changes()) {
                if (change.has_configure_metrics()) asked.push_back(change.configure_metrics());
            }
        }
        return asked;
    };
    start_with("");
    write("disable_cluster_metrics = true");
    EXPECT_THAT(lines(reloaded()), ElementsAre("CHANGED Setting disable_cluster_metrics"));
    EXPECT_THAT(told(), ElementsAre(command::DISABLED));
    EXPECT_THAT(lines(reloaded()), IsEmpty());
    write("");
    EXPECT_THAT(lines(reloaded()), ElementsAre("CHANGED Setting disable_cluster_metrics"));
    EXPECT_THAT(told(), ElementsAre(command::DISABLED, command::ENABLED));
}

TEST_F(ReloadTest, what_waits_for_the_next_start_is_told_as_the_file_has_it) {
    start_with("");
    write("access_logs_format = 'json'\ncommand_socket_mode = '0660'\ncommand_readonly_uids = [7, 8]");
    EXPECT_THAT(lines(reloaded()),
                ElementsAre("command_socket_mode: 0600, then 0660", "command_readonly_uids: [], then [7, 8]",
                            "access_logs_format: ascii, then json"));
    write("access_logs_format = 'protobuf'\naccess_logs_target = 'stderr'");
    EXPECT_THAT(lines(reloaded()), ElementsAre("access_logs_format: ascii, then protobuf",
                                               "access_logs_target: nothing, then \"stderr\""));
}

TEST_F(ReloadTest, the_secret_of_tickets_stays_and_is_no_difference_even_where_all_is_to_be_as_in_the_file) {
    start_with("");
    command::Request secret;
    secret.set_set_tls_ticket_secret("0123456789abcdef0123456789abcdef");
    submit(secret);
    submit(add_cluster("live"));
    turns();
    command::Reload wanted;
    wanted.set_exact(true);
    EXPECT_THAT(lines(reloaded(wanted)), ElementsAre("REMOVED Cluster live"));
    EXPECT_EQ(supervisor->state().ticket_secret(), secret.set_tls_ticket_secret());
}

struct ReloadsTest : ReloadTest {
    std::vector<std::string> others{folder + "/one.toml", folder + "/other.toml"};
    ~ReloadsTest() override {
        for (const std::string& file : others) ::unlink(file.c_str());
    }

    // The file with one cluster more.
    command::Reload of_other(size_t number) {
        std::ofstream(others[number]) << "activate_listeners = false\n"
                                      << things << fmt::format("[clusters.c{}]\nprotocol = 'http'\n", number);
        command::Reload wanted;
        wanted.set_path(others[number]);
        return wanted;
    }
};

TEST_F(ReloadsTest, of_many_at_once_none_is_refused_though_the_state_changes_meanwhile) {
    start_with("");
    std::vector<Pending> all;
    for (size_t number = 0; number < ForkedTasks::max_tasks + 2; ++number) all.push_back(reload(of_other(number % 2)));
    submit(add_cluster("live"));
    until([&] { return std::ranges::all_of(all, [](const Pending& one) { return one->IsInitialized(); }); });
    for (const Pending& one : all) EXPECT_EQ(one->status(), command::OK) << one->message();
    EXPECT_THAT(lines(*all[0]), ElementsAre("ADDED Cluster c0"));
    EXPECT_THAT(lines(*all[1]), ElementsAre("REMOVED Cluster c0", "ADDED Cluster c1"));
    EXPECT_THAT(lines(*all[2]), ElementsAre("ADDED Cluster c0", "REMOVED Cluster c1"));
    EXPECT_TRUE(has_cluster("live"));
}

TEST_F(ReloadsTest, one_that_is_refused_keeps_no_other_waiting) {
    start_with("");
    command::Reload of_another_version = of_other(0);
    of_another_version.set_expect_version(1);
    command::Reload of_nothing;
    of_nothing.set_path(folder + "/nothing.toml");
    EXPECT_EQ(reloaded(of_other(0)).message(), "1 thing is different now");
    const std::vector<Pending> refused{reload(of_nothing), reload(of_another_version), reload(of_another_version)};
    EXPECT_EQ(reloaded(of_other(1)).message(), "2 things are different now");
    for (const Pending& response : refused) EXPECT_EQ(response->status(), command::FAILURE);
}

}  // namespace
}  // namespace seki::supervisor
