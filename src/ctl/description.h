#pragma once

// What the command line is, as data: made from the tree that parses it, so that completions and the manual can say
// nothing that is not so.

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace seki::ctl {

struct OptionDescription {
    std::vector<std::string> names;  // "-c", "--config"; of a positional argument its name alone
    std::string type;                // what its value is called: "FILE", "pre|post|tree"; empty: it takes none
    std::string fallback;            // what it is without being given; empty: nothing in particular
    std::string help;
    bool positional = false;
    bool required = false;

    [[nodiscard]] bool takes_value() const noexcept { return !type.empty(); }
    // The words that the value may be, in small letters in its type; what is in capitals there stands for other values.
    [[nodiscard]] std::vector<std::string> choices() const;
    // The value may name a file.
    [[nodiscard]] bool names_file() const noexcept;
};

struct CommandDescription {
    std::string path;  // "seki frontend http"
    std::string name;  // its last word
    std::string help;
    std::vector<OptionDescription> options;
    std::vector<CommandDescription> commands;
};

CommandDescription describe(const CLI::App& app);

// Calls `visit` for the command and all below it, parents first.
template <typename Visit>
void for_each_command(const CommandDescription& command, Visit&& visit) {
    visit(command);
    for (const CommandDescription& part : command.commands) for_each_command(part, visit);
}

}  // namespace seki::ctl
