// Compares the help texts, which CLI11 makes from the tree of verbs, with the lines of spoken_lines.h.

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ctl/spoken.h"
#include "ctl/spoken_lines.h"

namespace seki::ctl {
namespace {

struct Help {
    std::vector<std::string> options;  // "--sticky-session"
    std::vector<std::string> verbs;
};

// The first long name in "  -s,--sticky-session   Bind …" or "  --hostname,--host TEXT …".
std::string long_option(const std::string& entry) {
    const std::string names = entry.substr(2, entry.find(' ', 2) - 2);
    const size_t begin = names.find("--");
    if (begin == std::string::npos) return {};
    return names.substr(begin, names.find(',', begin) - begin);
}

Help help_of(const std::string& path) {
    const auto spoken = speak(path + " --help");
    const auto* exit = std::get_if<Exit>(&spoken);
    if (exit == nullptr || exit->code != 0) {
        ADD_FAILURE() << path << ": no help";
        return {};
    }
    EXPECT_NE(exit->text.find("Usage: seki" + (path.empty() ? "" : " " + path)), std::string::npos) << exit->text;
    Help help;
    bool verbs = false;
    std::istringstream lines(exit->text);
    for (std::string line; std::getline(lines, line);) {
        if (line == "Subcommands:") verbs = true;
        const bool entry = line.starts_with("  ") && !line.starts_with("   ");
        if (!entry) continue;
        const std::string option = long_option(line);
        if (!option.empty() && option != "--help") help.options.push_back(option);
        if (verbs && option.empty()) help.verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
    return help;
}

std::vector<std::string> all_lines() {
    std::vector<std::string> lines;
    for (const SpokenLine& spoken : spoken_lines()) lines.emplace_back(spoken.line);
    for (const std::string_view line : other_lines()) lines.emplace_back(line);
    return lines;
}

bool has_words(const std::string& line, const std::string& path, const std::vector<std::string>& wanted) {
    const std::string padded = line + " ";
    if (!padded.starts_with(path + " ")) return false;
    return std::ranges::all_of(
        wanted, [&](const std::string& word) { return padded.find(" " + word + " ") != std::string::npos; });
}

TEST(Completeness, every_verb_and_every_option_is_in_a_line_that_is_tested) {
    const std::vector<std::string> lines = all_lines();
    const auto expect_line = [&](const std::string& path, const std::vector<std::string>& words) {
        const bool found = std::ranges::any_of(lines, [&](const auto& line) { return has_words(line, path, words); });
        EXPECT_TRUE(found) << "no line says: " << path << " " << (words.empty() ? "" : words.back());
    };
    const std::function<void(const std::string&)> visit = [&](const std::string& path) {
        const Help help = help_of(path);
        for (const std::string& option : help.options) expect_line(path, {option});
        if (help.verbs.empty()) expect_line(path, {});
        // Verbs have options, families have none; the words of a verb follow its options.
        for (const std::string& verb : help.verbs) {
            if (help.options.empty()) visit(path + " " + verb);
            if (!help.options.empty()) expect_line(path, {verb});
        }
    };
    for (const std::string& verb : help_of("").verbs) visit(verb);
}

TEST(Completeness, every_verb_of_the_schema_that_people_need_can_be_spoken) {
    // Replaced by others, for programs only, or several for one line.
    const std::vector<std::string> unspoken{"list_workers",
                                            "launch_worker",
                                            "subscribe_events",
                                            "return_listen_sockets",
                                            "set_metric_detail",
                                            "add_http_frontend_with_header_predicates",
                                            "remove_http_frontend_with_header_predicates",
                                            "add_https_frontend_with_header_predicates",
                                            "remove_https_frontend_with_header_predicates",
                                            "add_http_frontend_with_silent_close",
                                            "add_https_frontend_with_silent_close",
                                            "add_unix_backend",
                                            "apply_changes",
                                            "query_state",
                                            "set_max_connections_per_subnet",
                                            "query_max_connections_per_subnet",
                                            "set_max_connection_attempts",
                                            "close_sessions"};
    std::set<std::string> spoken(unspoken.begin(), unspoken.end());
    for (const SpokenLine& line : spoken_lines()) {
        const std::string request(line.request);
        spoken.insert(request.substr(0, request.find_first_of(": ")));
    }
    const auto& verbs = *command::Request::descriptor()->oneof_decl(0);
    for (int i = 0; i < verbs.field_count(); ++i) {
        EXPECT_TRUE(spoken.contains(verbs.field(i)->name())) << verbs.field(i)->name();
    }
}

}  // namespace
}  // namespace seki::ctl
