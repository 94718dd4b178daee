#include "supervisor/settings_difference.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/text_format.h>
#include <string_view>

namespace seki::supervisor {
namespace {

using google::protobuf::FieldDescriptor;

// Changes of their own, or defaults of listeners, which have them by then.
constexpr auto taken_at_once = std::to_array<std::string_view>(
    {"log_level", "max_connections_per_ip", "max_connections_per_subnet", "max_connection_attempts", "front_timeout",
     "back_timeout", "connect_timeout", "request_timeout"});

// How the file calls it, where the schema has another name.
std::string_view key_of(std::string_view field) {
    if (field == "access_log_format") return "access_logs_format";
    return field;
}

std::string value_of(const command::ServerConfig& server, const FieldDescriptor* field) {
    if (!server.GetReflection()->HasField(server, field)) return "nothing";
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(server, field, -1, &text);
    return text;
}

class Settings {
public:
    void compare(std::string_view key, std::string_view now, std::string_view then) {
        if (now != then) changed_.push_back(fmt::format("{}: {}, then {}", key, now, then));
    }
    template <typename Value>
    void compare(std::string_view key, const Value& now, const Value& then) {
        compare(key, std::string_view(fmt::format("{}", now)), std::string_view(fmt::format("{}", then)));
    }
    std::vector<std::string> take() { return std::move(changed_); }

private:
    std::vector<std::string> changed_;
};

}  // namespace

std::vector<std::string> after_restart(const config::FileConfig& now, const config::FileConfig& then) {
    Settings settings;
    settings.compare("worker_count", now.worker_count, then.worker_count);
    settings.compare("worker_automatic_restart", now.worker_automatic_restart, then.worker_automatic_restart);
    settings.compare("handle_process_affinity", now.handle_process_affinity, then.handle_process_affinity);
    settings.compare("worker_timeout", now.worker_timeout_s, then.worker_timeout_s);
    settings.compare("shutdown_timeout", now.shutdown_timeout_s, then.shutdown_timeout_s);
    settings.compare("command_socket", std::string_view(now.command_socket), std::string_view(then.command_socket));
    settings.compare("command_allowed_uids", now.command_allowed_uids, then.command_allowed_uids);
    settings.compare("pid_file_path", std::string_view(now.pid_file_path.value_or("nothing")),
                     std::string_view(then.pid_file_path.value_or("nothing")));
    settings.compare("saved_state", std::string_view(now.saved_state.value_or("nothing")),
                     std::string_view(then.saved_state.value_or("nothing")));
    settings.compare("automatic_state_save", now.automatic_state_save, then.automatic_state_save);
    const auto* server = command::ServerConfig::descriptor();
    for (int i = 0; i < server->field_count(); ++i) {
        const FieldDescriptor* field = server->field(i);
        if (std::ranges::find(taken_at_once, field->name()) != taken_at_once.end()) continue;
        const std::string before = value_of(now.server, field);
        const std::string after = value_of(then.server, field);
        settings.compare(key_of(field->name()), std::string_view(before), std::string_view(after));
    }
    return settings.take();
}

}  // namespace seki::supervisor
