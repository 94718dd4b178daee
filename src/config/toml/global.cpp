#include "config/toml/global.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/unix_address.h"
#include "config/check/available.h"
#include "config/consequences.h"
#include "config/convert.h"
#include "config/limits.h"
#include "config/text.h"
#include "config/toml/message.h"
#include "net/pipe_pool.h"
#include "observe/log_target.h"

namespace seki::config {
namespace {

namespace fs = std::filesystem;

struct NumberKey {
    std::string_view key;
    uint64_t min;
    uint64_t max;
};

// Of which one in a hundred is none.
constexpr uint64_t few_connections = 100;

// These have the same names in command::ServerConfig.
constexpr std::array server_numbers{
    NumberKey{"max_connections", 1, max_connections_per_worker},
    NumberKey{"front_timeout", min_timeout_s, max_timeout_s},
    NumberKey{"back_timeout", min_timeout_s, max_timeout_s},
    NumberKey{"connect_timeout", min_timeout_s, max_timeout_s},
    NumberKey{"zombie_check_interval", min_timeout_s, max_timeout_s},
    NumberKey{"accept_queue_timeout", min_timeout_s, max_timeout_s},
    NumberKey{"min_buffers", 0, max_buffers_per_worker},
    NumberKey{"max_buffers", 1, max_buffers_per_worker},
    NumberKey{"buffer_size", min_buffer_size, max_buffer_size},
    NumberKey{"command_buffer_size", min_command_buffer_size, max_command_buffer_size},
    NumberKey{"max_command_buffer_size", min_command_buffer_size, max_command_buffer_size},
    NumberKey{"slab_entries_per_connection", 2, 32},
    NumberKey{"basic_auth_max_credential_bytes", 0, max_credential_size},
    NumberKey{"max_connections_per_ip", 0, max_connections_per_worker},
    NumberKey{"max_connections_per_subnet", 0, max_connections_per_worker},
    NumberKey{"subnet_ipv4_prefix", 0, 32},
    NumberKey{"subnet_ipv6_prefix", 0, 128},
    NumberKey{"max_connection_attempts", 1, max_connection_attempts},
    NumberKey{"retry_after", 0, max_timeout_s},
    NumberKey{"splice_pipe_capacity_bytes", 0, max_pipe_size},
    NumberKey{"backend_idle_connections", 0, max_idle_connections},
    NumberKey{"backend_idle_connections_total", 0, max_idle_connections},
    NumberKey{"backend_idle_timeout", min_timeout_s, max_timeout_s},
    NumberKey{"listen_backlog", 1, max_listen_backlog},
    NumberKey{"tls_ticket_lifetime", 1, max_ticket_lifetime_s},
};

// Of Seki: the schema has no name for it.
constexpr int json_format = 0;
constexpr std::array access_log_formats{
    Choice{"ascii", command::Ascii},
    Choice{"protobuf", command::Protobuf},
    Choice{"json", json_format},
};

constexpr std::array metric_details{
    Choice{"process", command::DETAIL_PROCESS},
    Choice{"frontend", command::DETAIL_FRONTEND},
    Choice{"cluster", command::DETAIL_CLUSTER},
    Choice{"backend", command::DETAIL_BACKEND},
};

constexpr int orphans_drain = 0;
constexpr int orphans_serve = 1;
constexpr std::array orphaned_workers{
    Choice{"serve", orphans_serve},
    Choice{"drain", orphans_drain},
};

// What is absent in the schema but has a value all the same; 0 in the file means these too.
void fill_defaults(command::ServerConfig& server) {
    fill_required(server);
    // Enough that each of many backends keeps a connection, and in proportion to the descriptors that there are.
    if (!server.has_backend_idle_connections_total()) {
        server.set_backend_idle_connections_total(
            static_cast<uint32_t>(std::max<uint64_t>(server.max_connections() / 2, 64)));
    }
    if (!server.has_tls_ticket_lifetime()) server.set_tls_ticket_lifetime(server.tls_ticket_lifetime());
    if (server.slab_entries_per_connection() == 0) server.set_slab_entries_per_connection(4);
    if (server.basic_auth_max_credential_bytes() == 0) server.set_basic_auth_max_credential_bytes(4096);
    if (server.splice_pipe_capacity_bytes() == 0)
        server.set_splice_pipe_capacity_bytes(net::PipePool::default_capacity);
}

void check_buffers(TableReader& table, command::ServerConfig& server) {
    if (server.min_buffers() > server.max_buffers()) {
        table.warn("min_buffers", "{} is more than max_buffers, {}, which is taken instead", server.min_buffers(),
                   server.max_buffers());
        server.set_min_buffers(server.max_buffers());
    }
    if (server.command_buffer_size() > server.max_command_buffer_size()) {
        table.refuse("command_buffer_size", "{} is more than max_command_buffer_size, {}", server.command_buffer_size(),
                     server.max_command_buffer_size());
    }
}

void read_log_target(TableReader& table, command::ServerConfig& server, std::string_view key) {
    const auto target = table.text(key);
    if (!target) return;
    if (has_control(*target)) return table.refuse(key, "'{}' is no log target: it has a control character", *target);
    if (const auto known = observe::LogTarget::parse(*target); !known)
        return table.refuse(key, "{}", known.error().message);
    if (key == "log_target") return server.set_log_target(*target);
    server.set_access_logs_target(*target);
}

void read_logs(TableReader& table, FileConfig& config) {
    command::ServerConfig& server = config.server;
    read_fields(table, server, {"log_level", "log_colored"});
    const std::string_view why = why_no_log_filter(server.log_level());
    if (!why.empty()) table.refuse("log_level", "'{}' is no log filter: {}", server.log_level(), why);
    if (const std::string odd = why_filter_is_odd(server.log_level()); !odd.empty()) table.warn("log_level", "{}", odd);

    read_log_target(table, server, "log_target");
    read_log_target(table, server, "access_logs_target");
    const auto format = table.choice("access_logs_format", access_log_formats);
    config.json_access_log = format == json_format;
    if (format == command::Protobuf) {
        server.set_access_log_format(command::Protobuf);
        const bool mixed = !server.has_access_logs_target() || server.access_logs_target() == server.log_target();
        if (mixed)
            table.refuse("access_logs_format", "records and lines cannot share a target: set access_logs_target");
    }
    const auto colored = table.flag("access_logs_colored");
    if (colored && *colored != server.log_colored()) {
        table.warn("access_logs_colored", "it has no effect: the access log is colored as log_colored says");
    }
}

// What names no kind of target is the path of a file, as Sōzu has it.
void read_audit_logs(TableReader& table, const fs::path& directory, command::ServerConfig& server) {
    const auto target = [&](std::string_view key) -> std::optional<std::string> {
        const auto text = table.text(key);
        if (!text) return {};
        const bool is_path = !text->contains("://") && *text != "stdout" && *text != "stderr" && !text->empty();
        std::string named = is_path ? "file://" + (directory / *text).lexically_normal().string() : *text;
        const auto known = observe::LogTarget::parse(named);
        if (known && !has_control(named)) return named;
        table.refuse(key, "{}", known ? "it has a control character" : known.error().message);
        return {};
    };
    if (auto text = target("audit_logs_target")) server.set_audit_logs_target(std::move(*text));
    if (auto json = target("audit_logs_json_target")) server.set_audit_logs_json_target(std::move(*json));
}

// It stands at the front of each line, where nothing may separate it.
bool is_statsd_prefix(std::string_view prefix) {
    const auto is_allowed = [](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    return !prefix.empty() && prefix.size() <= max_statsd_prefix_size && std::ranges::all_of(prefix, is_allowed);
}

void read_metrics(TableReader& global, command::ServerConfig& server) {
    auto table = global.table("metrics", TableKind::metrics);
    if (!table) return;
    command::ServerMetricsConfig& metrics = *server.mutable_metrics();
    table->require({"address"});
    if (table->address("address")) metrics.set_address(*table->text("address"));
    metrics.set_prefix("sozu");
    metrics.set_tagged_metrics(false);
    read_fields(*table, metrics, {"tagged_metrics", "prefix"});
    if (!is_statsd_prefix(metrics.prefix()))
        table->refuse("prefix", "it must be 1 to {} letters, digits, '.', '_' and '-'", max_statsd_prefix_size);
    const auto detail = table->choice("detail", metric_details);
    metrics.set_detail(static_cast<command::MetricDetail>(detail.value_or(command::DETAIL_CLUSTER)));
    table->finish();
}

std::optional<std::string> read_path(TableReader& table, std::string_view key, const fs::path& directory) {
    const auto path = table.text(key);
    if (!path) return {};
    if (path->empty()) {
        table.refuse(key, "it must not be empty");
        return {};
    }
    if (has_control(*path)) {
        table.refuse(key, "it has a control character");
        return {};
    }
    return (directory / *path).lexically_normal().string();
}

void read_paths(TableReader& table, const fs::path& directory, FileConfig& config) {
    config.command_socket = read_path(table, "command_socket", directory).value_or("sozu.sock");
    if (config.command_socket.size() > UnixAddress::max_path_size) {
        table.refuse("command_socket", "the path {} is longer than {} bytes", config.command_socket,
                     UnixAddress::max_path_size);
    }
    config.pid_file_path = read_path(table, "pid_file_path", directory);
    config.saved_state = read_path(table, "saved_state", directory);
    if (const auto secret = read_path(table, "tls_ticket_secret_file", directory)) {
        config.server.set_tls_ticket_secret_file(*secret);
    }
    config.automatic_state_save = table.flag("automatic_state_save").value_or(false);
    if (config.automatic_state_save && !table.has("saved_state")) {
        table.refuse("automatic_state_save", "it needs the key 'saved_state'");
    }
}

// Octal digits, as chmod(1) has them. The owner keeps his rights: he is who starts and stops.
void read_socket_mode(TableReader& table, FileConfig& config) {
    constexpr uint32_t owner = 0600;
    const auto text = table.text("command_socket_mode");
    if (!text) return;
    uint32_t mode = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mode, 8);
    const bool digits = error == std::errc() && end == text->data() + text->size() && text->size() <= 4;
    if (!digits || mode > 0777)
        return table.refuse("command_socket_mode", "'{}' is no mode from \"0\" to \"0777\"", *text);
    if ((mode & owner) != owner)
        return table.refuse("command_socket_mode", "'{}' would lock the owner out: it must have 0600", *text);
    config.command_socket_mode = mode;
}

std::optional<std::string> read_account(TableReader& table, std::string_view key) {
    auto name = table.text(key);
    if (!name || (!name->empty() && !has_control(*name))) return name;
    table.refuse(key, "it must be the name of a {} of this system", key);
    return {};
}

void read_privileges(TableReader& table, FileConfig& config) {
    config.user = read_account(table, "user");
    config.group = read_account(table, "group");
    if (config.group && !table.has("user")) table.refuse("group", "it needs the key 'user'");
    config.worker_seccomp = table.flag("worker_seccomp").value_or(true);
    config.worker_landlock = table.flag("worker_landlock").value_or(true);
}

void read_supervisor(TableReader& table, FileConfig& config) {
    const auto number = [&](std::string_view key, uint64_t min, uint64_t max, auto& value) {
        if (const auto read = table.number(key, min, max)) value = static_cast<std::decay_t<decltype(value)>>(*read);
    };
    number("worker_count", 1, max_workers, config.worker_count);
    number("worker_timeout", min_timeout_s, max_timeout_s, config.worker_timeout_s);
    number("shutdown_timeout", 0, max_timeout_s, config.shutdown_timeout_s);
    number("request_timeout", min_timeout_s, max_timeout_s, config.request_timeout_s);
    number("ctl_command_timeout", 0, max_timeout_s * 1000, config.ctl_command_timeout_ms);
    config.implicit_listeners = table.flag("implicit_listeners").value_or(false);
    config.worker_automatic_restart = table.flag("worker_automatic_restart").value_or(true);
    read_socket_mode(table, config);
    for (const uint64_t uid : table.numbers("command_readonly_uids", UINT32_MAX)) {
        config.command_readonly_uids.push_back(static_cast<uint32_t>(uid));
    }
    for (const uint64_t uid : table.numbers("command_allowed_uids", UINT32_MAX)) {
        config.command_allowed_uids.push_back(static_cast<uint32_t>(uid));
    }
    if (table.has("command_allowed_uids") && config.command_allowed_uids.empty()) {
        table.refuse("command_allowed_uids", "an empty list would lock everybody out; leave the key out to allow all");
    }
    config.orphaned_workers_serve =
        table.choice("orphaned_workers", orphaned_workers).value_or(orphans_serve) == orphans_serve;
    config.handle_process_affinity = table.flag("handle_process_affinity").value_or(false);
    read_privileges(table, config);
}

}  // namespace

void wants(TableReader& table, std::string_view key, bool asked, Feature feature) {
    if (!asked) return;
    const std::string_view why = why_unavailable(feature);
    if (!why.empty()) table.refuse(key, "{}", why);
}

ListenerSwitches read_global(TableReader& table, const fs::path& directory, FileConfig& config) {
    command::ServerConfig& server = config.server;
    for (const NumberKey& number : server_numbers) read_number(table, server, number.key, number.min, number.max);
    fill_defaults(server);
    check_buffers(table, server);
    read_field(table, server, "evict_on_queue_full");
    if (server.evict_on_queue_full() && server.max_connections() < few_connections) {
        table.warn("evict_on_queue_full", "with max_connections = {} one idle client is closed for each that comes",
                   server.max_connections());
    }
    read_logs(table, config);
    read_audit_logs(table, directory, server);
    read_metrics(table, server);
    read_paths(table, directory, config);
    read_supervisor(table, config);

    ListenerSwitches switches;
    switches.activate_listeners = table.flag("activate_listeners").value_or(true);
    if (!switches.activate_listeners)
        table.warn("activate_listeners", "nothing is served until listeners are activated");
    switches.disable_cluster_metrics = table.flag("disable_cluster_metrics").value_or(false);
    return switches;
}

}  // namespace seki::config
