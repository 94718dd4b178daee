#include "supervisor/settings_difference.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/text_format.h>
#include <optional>
#include <string_view>

namespace seki::supervisor {
namespace {

using google::protobuf::FieldDescriptor;

// Changes of their own, or defaults of listeners, which have them by then.
constexpr auto taken_at_once =
    std::to_array<std::string_view>({"log_level", "max_connections_per_ip", "max_connections_per_subnet",
                                     "max_connection_attempts", "front_timeout", "back_timeout", "connect_timeout"});

// The schema has no value for one of them, and the field another name than the key.
std::string_view access_logs_format(const config::FileConfig& file) {
    if (file.json_access_log) return "json";
    return file.server.access_log_format() == command::Protobuf ? "protobuf" : "ascii";
}

std::string value_of(const command::ServerConfig& server, const FieldDescriptor* field) {
    if (!server.GetReflection()->HasField(server, field)) return "nothing";
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(server, field, -1, &text);
    return text;
}

std::string_view orphaned_workers(const config::FileConfig& file) {
    return file.orphaned_workers_serve ? "serve" : "drain";
}

class Settings {
public:
    template <typename Value>
    void compare(std::string_view key, const Value& now, const Value& then) {
        if (now != then) changed_.push_back(fmt::format("{}: {}, then {}", key, now, then));
    }
    void compare(std::string_view key, const std::optional<std::string>& now, const std::optional<std::string>& then) {
        compare(key, now.value_or("nothing"), then.value_or("nothing"));
    }
    void compare_modes(std::string_view key, uint32_t now, uint32_t then) {
        compare(key, fmt::format("{:04o}", now), fmt::format("{:04o}", then));
    }
    std::vector<std::string> take() { return std::move(changed_); }

private:
    std::vector<std::string> changed_;
};

}  // namespace

bool takes_effect_by_upgrade(const std::string& difference) {
    constexpr auto of_a_start = std::to_array<std::string_view>({"command_socket:", "user:", "group:"});
    return std::ranges::none_of(of_a_start, [&](std::string_view key) { return difference.starts_with(key); });
}

std::vector<std::string> after_restart(const config::FileConfig& now, const config::FileConfig& then) {
    Settings settings;
    settings.compare("worker_count", now.worker_count, then.worker_count);
    settings.compare("worker_automatic_restart", now.worker_automatic_restart, then.worker_automatic_restart);
    settings.compare("handle_process_affinity", now.handle_process_affinity, then.handle_process_affinity);
    settings.compare("worker_seccomp", now.worker_seccomp, then.worker_seccomp);
    settings.compare("worker_landlock", now.worker_landlock, then.worker_landlock);
    settings.compare("orphaned_workers", orphaned_workers(now), orphaned_workers(then));
    settings.compare("user", now.user, then.user);
    settings.compare("group", now.group, then.group);
    settings.compare("worker_timeout", now.worker_timeout_s, then.worker_timeout_s);
    settings.compare("shutdown_timeout", now.shutdown_timeout_s, then.shutdown_timeout_s);
    settings.compare("command_socket", now.command_socket, then.command_socket);
    settings.compare_modes("command_socket_mode", now.command_socket_mode, then.command_socket_mode);
    settings.compare("command_allowed_uids", now.command_allowed_uids, then.command_allowed_uids);
    settings.compare("command_readonly_uids", now.command_readonly_uids, then.command_readonly_uids);
    settings.compare("pid_file_path", now.pid_file_path, then.pid_file_path);
    settings.compare("saved_state", now.saved_state, then.saved_state);
    settings.compare("automatic_state_save", now.automatic_state_save, then.automatic_state_save);
    settings.compare("access_logs_format", access_logs_format(now), access_logs_format(then));
    const auto* server = command::ServerConfig::descriptor();
    for (int i = 0; i < server->field_count(); ++i) {
        const FieldDescriptor* field = server->field(i);
        if (field->number() == command::ServerConfig::kAccessLogFormatFieldNumber) continue;
        if (std::ranges::find(taken_at_once, field->name()) != taken_at_once.end()) continue;
        settings.compare(field->name(), value_of(now.server, field), value_of(then.server, field));
    }
    return settings.take();
}

}  // namespace seki::supervisor
