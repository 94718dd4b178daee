#include "ctl/ctl.h"

#include <iostream>
#include <span>
#include <unistd.h>

#include "ctl/command_line.h"
#include "ctl/conversation.h"
#include "ctl/settings.h"

namespace seki::ctl {
namespace {

constexpr const char* no_config = "which configuration? Name it by --config FILE or in the environment, SEKI_CONFIG";

int fail(const std::string& message) {
    std::cerr << message << "\n";
    return exit_error;
}

Result<Settings> settings_of(const CommandLine& line) {
    Settings settings;
    if (!line.config_path.empty()) {
        Result<Settings> loaded = load_settings(line.config_path);
        if (!loaded && line.socket_path.empty()) return loaded;
        if (loaded) settings = std::move(*loaded);
    }
    if (!line.socket_path.empty()) settings.socket_path = line.socket_path;
    if (settings.socket_path.empty()) return failure("{}; or the server, by --socket PATH", no_config);
    return settings;
}

int check_config(const CommandLine& line, const Roles& roles) {
    if (line.config_path.empty()) return fail(no_config);
    const Result<> valid = roles.check_config(line.config_path);
    if (!valid) return fail(valid.error().message);
    std::cout << line.config_path << " is valid\n";
    return exit_ok;
}

int converse(const CommandLine& line) {
    const Result<Settings> settings = settings_of(line);
    if (!settings) return fail(settings.error().message);
    const auto connect = [&] { return Client::connect(settings->socket_path, settings->max_frame_bytes); };
    const Streams streams{.out = std::cout, .err = std::cerr, .terminal = ::isatty(STDOUT_FILENO) == 1};
    return Conversation(line, *settings, connect, streams).hold(line.action);
}

int answer(const Exit& exit) {
    (exit.code == exit_ok ? std::cout : std::cerr) << exit.text;
    return exit.code;
}

}  // namespace

int run(int argc, const char* const* argv, const Roles& roles) {
    const std::span arguments(argv, static_cast<size_t>(argc));
    const auto parsed = parse(arguments.empty() ? arguments : arguments.subspan(1));
    if (const auto* exit = std::get_if<Exit>(&parsed)) return answer(*exit);
    const auto& line = std::get<CommandLine>(parsed);
    if (std::holds_alternative<CheckConfig>(line.action)) return check_config(line, roles);
    if (!std::holds_alternative<Start>(line.action)) return converse(line);
    return line.config_path.empty() ? fail(no_config) : roles.start(line.config_path);
}

}  // namespace seki::ctl
