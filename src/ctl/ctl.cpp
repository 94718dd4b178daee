#include "ctl/ctl.h"

#include <algorithm>
#include <iostream>
#include <span>
#include <string_view>
#include <unistd.h>

#include "config/default_path.h"
#include "ctl/command_line.h"
#include "ctl/conversation.h"
#include "ctl/convert_file.h"
#include "ctl/format_file.h"
#include "ctl/init.h"
#include "ctl/json.h"
#include "ctl/settings.h"
#include "ctl/show/show.h"
#include "ctl/state_file.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

int fail(std::string_view message) {
    while (message.ends_with('\n')) message.remove_suffix(1);
    std::cerr << for_stderr(printable(message)) << "\n";
    return exit_error;
}

std::string config_path(const CommandLine& line) {
    return line.config_path.empty() ? config::default_path() : line.config_path;
}

// Where the default file is missing: how to name another one. Empty when the line names it, or it is there.
std::string how_to_name_it(const CommandLine& line) {
    if (!line.config_path.empty() || ::access(config_path(line).c_str(), F_OK) == 0) return {};
    return "name the configuration with -c FILE or $SEKI_CONFIG";
}

// Whoever names the socket needs no configuration, but a file that was named must be good.
Result<Settings> settings_of(const CommandLine& line) {
    Result<Settings> settings = load_settings(config_path(line));
    if (line.socket_path.empty()) {
        const std::string hint = how_to_name_it(line);
        if (settings || hint.empty()) return settings;
        return failure("{}; {}, or the socket of the server with --socket PATH", settings.error().message, hint);
    }
    if (!settings && !line.config_path.empty()) return settings;
    if (!settings) settings = Settings{};
    settings->socket_path = line.socket_path;
    return settings;
}

// Absent is null, as in every other answer.
Json diagnostics_json(const std::vector<config::Diagnostic>& diagnostics) {
    Json list = Json::array();
    for (const config::Diagnostic& diagnostic : diagnostics) {
        Json& entry = list.emplace_back();
        entry["severity"] = diagnostic.severity == config::Severity::error ? "error" : "warning";
        entry["file"] = diagnostic.file;
        entry["line"] = diagnostic.line > 0 ? Json(diagnostic.line) : Json();
        entry["column"] = diagnostic.column > 0 ? Json(diagnostic.column) : Json();
        entry["key"] = diagnostic.key.empty() ? Json() : Json(diagnostic.key);
        entry["message"] = diagnostic.reason;
        entry["suggestion"] = diagnostic.suggestion.empty() ? Json() : Json(diagnostic.suggestion);
    }
    return list;
}

int check_config(const CommandLine& line, const Roles& roles) {
    const std::string path = config_path(line);
    const std::vector<config::Diagnostic> diagnostics = roles.check_config(path);
    const bool valid =
        std::ranges::find(diagnostics, config::Severity::error, &config::Diagnostic::severity) == diagnostics.end();
    if (line.json) {
        std::cout << json_text(diagnostics_json(diagnostics), json_indent) << "\n";
    } else {
        std::cerr << for_stderr(printable(config::text(diagnostics)));
        if (const std::string hint = how_to_name_it(line); !hint.empty()) std::cerr << hint << "\n";
        if (valid) std::cout << path << " is valid\n";
    }
    return valid ? exit_ok : exit_error;
}

int converse(const CommandLine& line) {
    const Result<Settings> settings = settings_of(line);
    if (!settings) return fail(settings.error().message);
    const auto connect = [&] { return Client::connect(settings->socket_path, settings->max_frame_bytes); };
    const Streams streams{.out = std::cout, .err = std::cerr, .terminal = ::isatty(STDOUT_FILENO) == 1};
    return Conversation(line, *settings, connect, streams).run(line.action);
}

int diff_states(const CommandLine& line, const DiffStates& files) {
    const auto found = differences_between(files.from, files.to);
    if (!found) return fail(found.error().message);
    std::cout << (line.json ? json_text(to_json(*found, Spelling::plain), json_indent) + "\n"
                            : show_differences(*found));
    return exit_ok;
}

int convert(const CommandLine& line, const ConvertFile& file) {
    const auto converted = convert_file(file);
    if (!converted) return fail(converted.error().message);
    const Told told = line.json ? told_json(*converted) : told_text(*converted, line.verbose);
    std::cerr << for_stderr(printable(told.text));
    if (file.output.empty()) std::cout << converted->text;
    return file.strict && told.remarks > 0 ? exit_error : exit_ok;
}

int begin_file(const InitFile& said) {
    const auto next = init(said, ::isatty(STDIN_FILENO) == 1, std::cin, std::cerr);
    if (!next) return fail(next.error().message);
    std::cout << *next;
    return exit_ok;
}

int format(const CommandLine& line, FormatFile file) {
    const bool is_named = !file.path.empty();
    if (!is_named) file.path = config_path(line);
    const FormatOutcome outcome = format_file(file);
    std::cerr << for_stderr(printable(outcome.err));
    if (const std::string hint = is_named ? "" : how_to_name_it(line); !hint.empty()) std::cerr << hint << "\n";
    std::cout << outcome.out;
    return outcome.code;
}

int answer(const Exit& exit) {
    (exit.code == exit_ok ? std::cout : std::cerr) << exit.text;
    return exit.code;
}

int obey(std::span<const char* const> arguments, const Roles& roles) {
    const auto parsed = parse(arguments.empty() ? arguments : arguments.subspan(1), roles.commit);
    if (const auto* exit = std::get_if<Exit>(&parsed)) return answer(*exit);
    const auto& line = std::get<CommandLine>(parsed);
    if (std::holds_alternative<CheckConfig>(line.action)) return check_config(line, roles);
    if (const auto* files = std::get_if<DiffStates>(&line.action)) return diff_states(line, *files);
    if (const auto* file = std::get_if<ConvertFile>(&line.action)) return convert(line, *file);
    if (const auto* said = std::get_if<InitFile>(&line.action)) return begin_file(*said);
    if (const auto* file = std::get_if<FormatFile>(&line.action)) return format(line, *file);
    if (!std::holds_alternative<Start>(line.action)) return converse(line);
    const int code = roles.start(config_path(line));
    const std::string hint = code == exit_ok ? "" : how_to_name_it(line);
    return hint.empty() ? code : fail(hint);
}

}  // namespace

int run(int argc, const char* const* argv, const Roles& roles) {
    const int code = obey({argv, static_cast<size_t>(argc)}, roles);
    std::cout.flush();
    // What nobody can read was not answered.
    return code == exit_ok && !std::cout ? fail("stdout does not take the answer") : code;
}

}  // namespace seki::ctl
