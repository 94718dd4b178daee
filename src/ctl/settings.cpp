#include "ctl/settings.h"

#include <filesystem>
#include <limits>
#include <string_view>

#include "config/file_text.h"
#include "config/toml/document.h"
#include "config/toml/table.h"

namespace seki::ctl {
namespace {

using config::TableReader;

template <typename T>
void read_number(TableReader& table, std::string_view key, std::optional<T>& out) {
    const auto number = table.number(key, 0, std::numeric_limits<T>::max());
    if (number) out = static_cast<T>(*number);
}

void read_limits(TableReader& table, Settings& settings) {
    std::optional<uint64_t> frame;
    std::optional<uint32_t> timeout;
    read_number(table, "max_command_buffer_size", frame);
    read_number(table, "ctl_command_timeout", timeout);
    read_number(table, "front_timeout", settings.front_timeout);
    read_number(table, "back_timeout", settings.back_timeout);
    read_number(table, "connect_timeout", settings.connect_timeout);
    read_number(table, "request_timeout", settings.request_timeout);
    if (frame) settings.max_frame_bytes = *frame;
    if (timeout) settings.timeout = Milliseconds(*timeout);
}

// Relative to the directory of the configuration file, so that it means the same from everywhere.
std::string resolve(const std::string& config_path, const std::string& socket) {
    return (std::filesystem::path(config_path).parent_path() / socket).lexically_normal().string();
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
    const Result<std::string> text = config::read_file_text(config_path);
    if (!text) return failure("{}: {}", config_path, text.error().message);
    config::Diagnostics diagnostics(config_path, *text);
    const config::TomlTable document = config::read_document(*text, diagnostics);
    TableReader table(document, {}, config::TableKind::global, diagnostics);
    Settings settings;
    read_limits(table, settings);
    const std::optional<std::string> socket = table.text("command_socket");
    settings.socket_path = socket ? resolve(config_path, *socket) : "sozu.sock";
    if (diagnostics.has_errors()) return failure("{}", diagnostics.take().front().shown());
    return settings;
}

void inherit_timeouts(command::Request& request, const Settings& settings) {
    if (request.has_add_http_listener()) inherit_http(*request.mutable_add_http_listener(), settings);
    if (request.has_add_https_listener()) inherit_http(*request.mutable_add_https_listener(), settings);
    if (request.has_add_tcp_listener()) inherit(*request.mutable_add_tcp_listener(), settings);
}

}  // namespace seki::ctl
