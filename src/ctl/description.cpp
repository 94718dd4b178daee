#include "ctl/description.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace seki::ctl {
namespace {

// CLI11 appends what it checks: "N:INT in [1 - 65535]". A colon may be part of the name: "IP:PORT".
std::string type_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const size_t bounds = type.find(" in [");
    return bounds == std::string::npos ? type : type.substr(0, type.rfind(':', bounds));
}

OptionDescription describe(const CLI::Option& option) {
    OptionDescription described;
    described.positional = option.get_positional();
    if (described.positional) described.names.push_back(option.get_name());
    for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
    if (option.get_expected_min() > 0 || described.positional) described.type = type_of(option);
    described.fallback = option.get_default_str();
    described.help = option.get_description();
    described.required = option.get_required();
    return described;
}

CommandDescription describe(const CLI::App& app, const std::string& parents) {
    CommandDescription described;
    described.name = app.get_name();
    described.path = parents.empty() ? described.name : parents + " " + described.name;
    described.help = app.get_description();
    for (const CLI::Option* option : app.get_options()) described.options.push_back(describe(*option));
    for (const CLI::App* part : app.get_subcommands({})) described.commands.push_back(describe(*part, described.path));
    return described;
}

}  // namespace

std::vector<std::string> OptionDescription::choices() const {
    std::vector<std::string> words;
    std::string_view rest = type;
    if (!rest.contains('|')) return words;
    for (size_t bar = 0; bar != std::string_view::npos;) {
        bar = rest.find('|');
        const std::string_view word = rest.substr(0, bar);
        if (std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) {
            words.emplace_back(word);
        }
        rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
    }
    return words;
}

bool OptionDescription::names_file() const noexcept {
    return type == "FILE" || type == "PATH" || type.ends_with("file://PATH");
}

CommandDescription describe(const CLI::App& app) { return describe(app, ""); }

}  // namespace seki::ctl
