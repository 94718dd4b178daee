#include "ctl/settings.h"

#include <filesystem>
#include <limits>
#include <string_view>

#include <toml++/toml.h>

namespace seki::ctl {
namespace {

Result<toml::table> read_toml(const std::string& path) {
    try {
        return toml::parse_file(path);
    } catch (const toml::parse_error& error) {
        return failure("{}:{}: {}", path, error.source().begin.line, error.description());
    }
}

template <typename T>
Result<> read_number(const toml::table& table, std::string_view key, std::optional<T>& out) {
    const toml::node_view<const toml::node> node = table[key];
    if (!node) return {};
    const std::optional<int64_t> value = node.value_exact<int64_t>();
    if (!value || !std::in_range<T>(*value)) return failure("{} is not a number that fits", key);
    out = static_cast<T>(*value);
    return {};
}

// Relative to the directory of the configuration file, so that it means the same from everywhere.
std::string resolve(const std::string& config_path, const std::string& socket) {
    return (std::filesystem::path(config_path).parent_path() / socket).string();
}

Result<> read_limits(const toml::table& table, Settings& settings) {
    std::optional<uint64_t> frame;
    std::optional<uint64_t> timeout;
    for (const Result<>& read :
         {read_number(table, "max_command_buffer_size", frame), read_number(table, "ctl_command_timeout", timeout),
          read_number(table, "front_timeout", settings.front_timeout),
          read_number(table, "back_timeout", settings.back_timeout),
          read_number(table, "connect_timeout", settings.connect_timeout),
          read_number(table, "request_timeout", settings.request_timeout)}) {
        if (!read) return read;
    }
    if (frame) settings.max_frame_bytes = *frame;
    if (timeout) settings.timeout = Milliseconds(*timeout);
    return {};
}

// Listeners of all kinds carry these fields under the same names.
void inherit(auto& listener, const Settings& settings) {
    if (!listener.has_front_timeout() && settings.front_timeout) listener.set_front_timeout(*settings.front_timeout);
    if (!listener.has_back_timeout() && settings.back_timeout) listener.set_back_timeout(*settings.back_timeout);
    if (!listener.has_connect_timeout() && settings.connect_timeout)
        listener.set_connect_timeout(*settings.connect_timeout);
}

void inherit_http(auto& listener, const Settings& settings) {
    inherit(listener, settings);
    if (!listener.has_request_timeout() && settings.request_timeout)
        listener.set_request_timeout(*settings.request_timeout);
}

}  // namespace

Result<Settings> load_settings(const std::string& config_path) {
    const Result<toml::table> table = read_toml(config_path);
    if (!table) return std::unexpected(table.error());
    Settings settings;
    const Result<> read = read_limits(*table, settings);
    if (!read) return failure("{}: {}", config_path, read.error().message);
    const toml::node_view<const toml::node> socket = (*table)["command_socket"];
    if (socket && !socket.is_string()) return failure("{}: command_socket is not text", config_path);
    settings.socket_path = socket ? resolve(config_path, socket.ref<std::string>()) : "sozu.sock";
    return settings;
}

void inherit_timeouts(command::Request& request, const Settings& settings) {
    if (request.has_add_http_listener()) inherit_http(*request.mutable_add_http_listener(), settings);
    if (request.has_add_https_listener()) inherit_http(*request.mutable_add_https_listener(), settings);
    if (request.has_add_tcp_listener()) inherit(*request.mutable_add_tcp_listener(), settings);
}

}  // namespace seki::ctl
