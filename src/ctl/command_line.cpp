#include "ctl/command_line.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/schema/schema.h"
#include "config/toml/keys.h"
#include "ctl/completions.h"
#include "ctl/description.h"
#include "ctl/help.h"
#include "ctl/manual.h"
#include "ctl/verbs/verbs.h"
#include "ctl/version.h"

namespace seki::ctl {
namespace {

constexpr int64_t longest_timeout_ms = 86'400'000;
constexpr const char* description = "Seki, a dynamic reverse proxy for HTTP, TCP and UDP";

void add_global_options(CLI::App& app, CommandLine& line, int64_t& timeout) {
    app.add_option("-c,--config", line.config_path,
                   "Configuration file (TOML); default: $SEKI_CONFIG, else /etc/seki/seki.toml")
        ->type_name("FILE");
    app.add_option("--socket", line.socket_path, "Command socket to talk to, in place of that of the configuration")
        ->type_name("PATH");
    app.add_option("-t,--timeout", timeout, "Milliseconds to wait for each message of the server; 0 = no limit")
        ->type_name("MS")
        ->check(CLI::Range(int64_t{0}, longest_timeout_ms));
    app.add_flag("-j,--json", line.json, "Print the answer's content as JSON");
    app.add_flag("-v,--verbose", line.verbose, "Tell on stderr what the server says while it works");
    app.set_version_flag("-V,--version", std::string(), "Print the version and what is built in");
}

// A part of the tree, and the first words of its verbs.
struct Part {
    std::array<std::string_view, 3> names;
    void (*add)(Family& root);
};

constexpr Part all_parts[] = {
    {{"events", "metrics", "sessions"}, add_observation_verbs},
    {{"state", "apply"}, add_state_verbs},
    {{"cluster"}, add_cluster_verbs},
    {{"backend"}, add_backend_verbs},
    {{"frontend"}, add_frontend_verbs},
    {{"listener"}, add_listener_verbs},
    {{"certificate", "ticket-secret"}, add_certificate_verbs},
    {{"convert"}, add_convert_verbs},
    {{"init"}, add_init_verb},
    {{"connection-limit", "subnet-connection-limit", "connection-attempts"}, add_limit_verbs},
};

enum class Extent : uint8_t { named, whole };

using Arguments = std::span<const char* const>;

// To declare all that there is takes longer than to obey most verbs.
void add_verbs(CLI::App& app, std::deque<Verb>& verbs, Arguments arguments, Extent extent) {
    Family root(app, verbs);
    add_process_verbs(root);
    const auto said = [arguments](std::string_view name) {
        return std::ranges::any_of(arguments, [name](const char* word) { return name == word; });
    };
    for (const Part& part : all_parts) {
        if (extent == Extent::whole || std::ranges::any_of(part.names, said)) part.add(root);
    }
}

// How far the arguments went into the tree: "seki frontend http" and its part "add".
struct Spoken {
    std::string parents;
    const CLI::App* last;

    [[nodiscard]] std::string path() const {
        return parents.empty() ? last->get_name() : parents + " " + last->get_name();
    }
};

Spoken spoken(const CLI::App& app) {
    Spoken found{.parents = {}, .last = &app};
    for (auto chosen = app.get_subcommands(); !chosen.empty(); chosen = found.last->get_subcommands()) {
        found = {.parents = found.path(), .last = chosen.front()};
    }
    return found;
}

Exit mistake(const CLI::App& app, const std::string& message) {
    const std::string path = spoken(app).path();
    return {exit_usage, path + ": " + message + "\nTry '" + path + " --help'.\n"};
}

std::string verb_names(const CLI::App& family) {
    std::string names;
    for (const CLI::App* verb : family.get_subcommands({})) names += (names.empty() ? "" : ", ") + verb->get_name();
    return names;
}

// The one that is near among the verbs that may follow, else all of them.
std::string unknown_verb(const CLI::App& family, const std::string& written) {
    std::vector<std::string> names;
    for (const CLI::App* verb : family.get_subcommands({})) names.push_back(verb->get_name());
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view nearest = config::nearest_word(written, known);
    if (!nearest.empty()) return fmt::format("'{}' is unknown; did you mean '{}'?", written, nearest);
    return fmt::format("'{}' is unknown; what may follow is: {}", written, verb_names(family));
}

// Those of the verb, and of all that it stands below.
std::string unknown_option(const CLI::App& verb, const std::string& written) {
    const std::string name = written.substr(0, written.find('='));
    std::vector<std::string> names;
    for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
        }
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    return fmt::format("unknown option '{}'{}", name,
                       name.starts_with("--") ? config::did_you_mean(config::nearest_word(name, known)) : "");
}

// Of what was not understood, an option comes first: it is no value of what is missing.
std::string reason_of(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App& last = *spoken(app).last;
    const std::string verbs = verb_names(last);
    const std::vector<std::string> unknown = app.remaining(true);
    const auto option =
        std::ranges::find_if(unknown, [](const auto& word) { return word.size() > 1 && word.starts_with('-'); });
    if (option != unknown.end()) return unknown_option(last, *option);
    // CLI11 misses a verb before it wonders about the word that stands in its place.
    if (!unknown.empty() && !verbs.empty()) return unknown_verb(last, unknown.front());
    if (verbs.empty() && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) && !unknown.empty())
        return fmt::format("'{}' is not expected here", unknown.front());
    if (verbs.empty()) return error.what();
    const bool ended = std::string_view(error.what()) == CLI::RequiredError::Subcommand(1).what();
    return ended ? "one of these must follow: " + verbs : error.what();
}

Exit help_of(CLI::App& root, const std::vector<std::string>& words) {
    complete_help(root);
    const CLI::App* app = &root;
    std::string path = root.get_name();
    for (const std::string& word : words) {
        const auto parts = app->get_subcommands({});
        const auto part = std::ranges::find(parts, word, [](const CLI::App* each) { return each->get_name(); });
        if (part == parts.end())
            return {exit_usage, fmt::format("{}: {}\nTry '{} --help'.\n", path, unknown_verb(*app, word), path)};
        app = *part;
        path += " " + word;
    }
    // App::help() of the root would explain the verb that was said, which is this one.
    return {exit_ok, app->get_formatter()->make_help(app, path, CLI::AppFormatMode::Normal)};
}

std::string completions_for(std::string_view shell, const CommandDescription& root) {
    if (shell == "zsh") return zsh_completions(root);
    return shell == "fish" ? fish_completions(root) : bash_completions(root);
}

bool describes_the_tree(const Action& action) {
    return std::holds_alternative<PrintHelp>(action) || std::holds_alternative<PrintCompletions>(action) ||
           std::holds_alternative<PrintManual>(action);
}

Exit description_of(CLI::App& app, const Action& action) {
    if (const auto* completions = std::get_if<PrintCompletions>(&action))
        return {exit_ok, completions_for(completions->shell, describe(app))};
    if (const auto* help = std::get_if<PrintHelp>(&action)) return help_of(app, help->words);
    complete_help(app);
    return {exit_ok, manual_page(describe(app), program_version())};
}

// Nothing: it takes the whole tree to say what is wrong, or what there is.
std::optional<std::variant<CommandLine, Exit>> parse(Arguments arguments, std::string_view commit, Extent extent) {
    CommandLine line;
    int64_t timeout = -1;
    std::deque<Verb> verbs;
    CLI::App app(description, "seki");
    app.fallthrough();  // global options may stand anywhere
    app.require_subcommand(1);
    add_global_options(app, line, timeout);
    add_verbs(app, verbs, arguments, extent);
    if (arguments.empty()) return Exit{exit_usage, app.help()};

    try {
        // CLI11 takes the arguments from the back.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForVersion&) {
        return Exit{exit_ok, version_text(commit)};
    } catch (const CLI::CallForHelp&) {
        if (extent == Extent::named) return {};
        complete_help(app);
        return Exit{exit_ok, spoken(app).last->help(spoken(app).parents)};
    } catch (const CLI::ParseError& error) {
        if (extent == Extent::named) return {};
        return mistake(app, reason_of(app, error));
    }

    if (timeout >= 0) line.timeout = std::chrono::milliseconds(timeout);
    const auto verb = std::ranges::find_if(verbs, &Verb::chosen);
    Result<Action> action = verb->action();
    if (!action) return mistake(app, action.error().message);
    if (std::holds_alternative<PrintVersion>(*action)) return Exit{exit_ok, version_text(commit)};
    if (std::holds_alternative<PrintSchema>(*action)) return Exit{exit_ok, config::file_schema()};
    if (!describes_the_tree(*action)) {
        line.action = std::move(*action);
        return line;
    }
    if (extent == Extent::named) return {};
    return description_of(app, *action);
}

}  // namespace

std::variant<CommandLine, Exit> parse(Arguments arguments, std::string_view commit) {
    if (auto parsed = parse(arguments, commit, arguments.empty() ? Extent::whole : Extent::named))
        return std::move(*parsed);
    return *parse(arguments, commit, Extent::whole);
}

}  // namespace seki::ctl
