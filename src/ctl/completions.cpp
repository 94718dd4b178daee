#include "ctl/completions.h"

#include <algorithm>
#include <fmt/format.h>

namespace seki::ctl {
namespace {

bool shares_a_name(const OptionDescription& one, const OptionDescription& other) {
    return std::ranges::any_of(
        one.names, [&](const std::string& name) { return std::ranges::find(other.names, name) != other.names.end(); });
}

// In bash and zsh alike: from "path option" to what may follow it. `offer` makes the command that offers these words.
template <typename Offer>
std::string value_cases(const CommandDescription& root, Offer offer, std::string_view files) {
    std::string cases;
    for_each_command(root, [&](const CommandDescription& command) {
        for (const OptionDescription& option : options_at(root, command)) {
            const std::vector<std::string> choices = option.choices();
            if (choices.empty() && !option.names_file()) continue;
            std::string pattern;
            for (const std::string& name : option.names) {
                pattern += fmt::format("{}{}", pattern.empty() ? "" : "|", shell_quoted(command.path + " " + name));
            }
            const std::string act = choices.empty() ? std::string(files) : offer(joined(choices));
            cases += fmt::format("        {}) {} ;;\n", pattern, act);
        }
    });
    return cases;
}

std::string names_of(const std::vector<OptionDescription>& options, bool valued_only) {
    std::vector<std::string> names;
    for (const OptionDescription& option : options) {
        if (option.positional || (valued_only && !option.takes_value())) continue;
        names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return joined(names);
}

std::string positional_of(const CommandDescription& command) {
    for (const OptionDescription& option : command.options) {
        if (option.positional) return option.names.front();
    }
    return {};
}

// Which command of the tree the words before the cursor have come to; the same text for bash and zsh, but for where
// words begin to count.
constexpr std::string_view walk = R"(    while (( i < here )); do
        word=${words[i]}
        _seki_at "$at"
        if [[ $word == -* ]]; then
            [[ ${words[i + 1]} == "=" ]] && (( i++ ))  # bash parts --option=value
            [[ " $valued " == *" $word "* ]] && (( i++ ))
        elif [[ " $commands " == *" $word "* ]]; then
            at="$at $word"
        fi
        (( i++ ))
    done
    _seki_at "$at"
)";

}  // namespace

std::vector<OptionDescription> options_at(const CommandDescription& root, const CommandDescription& command) {
    std::vector<const CommandDescription*> above;
    for_each_command(root, [&](const CommandDescription& other) {
        if (command.path.starts_with(other.path + " ")) above.push_back(&other);
    });
    std::vector<OptionDescription> options = command.options;
    for (size_t i = above.size(); i-- > 0;) {
        for (const OptionDescription& inherited : above[i]->options) {
            const bool known = std::ranges::any_of(
                options, [&](const OptionDescription& option) { return shares_a_name(option, inherited); });
            if (!known && !inherited.positional) options.push_back(inherited);
        }
    }
    return options;
}

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'') quoted += "'\\'";
        quoted += c;
    }
    return quoted + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

// ---- bash

std::string bash_completions(const CommandDescription& root) {
    std::string script =
        "# Completions of seki for bash, made by \"seki completions bash\".\n\n_seki_at() {\n"
        "    case $1 in\n";
    for_each_command(root, [&](const CommandDescription& command) {
        std::vector<std::string> commands;
        for (const CommandDescription& part : command.commands) commands.push_back(part.name);
        const std::vector<OptionDescription> options = options_at(root, command);
        script += fmt::format(
            "        {})\n            commands={} positional={}\n            options={}\n"
            "            valued={} ;;\n",
            shell_quoted(command.path), shell_quoted(joined(commands)), shell_quoted(positional_of(command)),
            shell_quoted(names_of(options, false)), shell_quoted(names_of(options, true)));
    });
    script += "    esac\n}\n\n_seki_values() {\n    case $1 in\n";
    script += value_cases(root, [](const std::string& words) { return "choices=" + shell_quoted(words); }, "files=yes");
    script +=
        "    esac\n}\n\n_seki() {\n"
        "    local words=(\"${COMP_WORDS[@]}\") here=$COMP_CWORD i=1 at=seki word current=${COMP_WORDS[COMP_CWORD]}\n"
        "    local commands= options= valued= positional= choices= files=\n";
    script += walk;
    script += R"(    COMPREPLY=()
    local before=${words[here - 1]}
    [[ $current != "=" ]] || { before== current=; (( here++ )); }
    [[ $before != "=" ]] || before=${words[here - 2]}
    if (( here > 1 )) && [[ $before == -* && " $valued " == *" $before "* ]]; then
        _seki_values "$at $before"
    elif [[ $current == -* ]]; then
        choices=$options
    else
        choices=$commands
        [[ -z $positional ]] || _seki_values "$at $positional"
    fi
    if [[ -n $files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
    fi
}

complete -F _seki seki
)";
    return script;
}

// ---- zsh

namespace {

// "name:help" for _describe.
std::string described(std::string_view name, std::string_view help) {
    std::string text(name);
    text += ':';
    for (const char c : help) {
        if (c == ':' || c == '\\') text += '\\';
        text += c;
    }
    return shell_quoted(text);
}

}  // namespace

std::string zsh_completions(const CommandDescription& root) {
    std::string script =
        "#compdef seki\n# Completions of seki for zsh, made by \"seki completions zsh\".\n\n"
        "_seki_at() {\n    told_commands=() told_options=()\n    case $1 in\n";
    for_each_command(root, [&](const CommandDescription& command) {
        std::vector<std::string> commands;
        std::string told_commands;
        for (const CommandDescription& part : command.commands) {
            commands.push_back(part.name);
            told_commands += " " + described(part.name, part.help);
        }
        const std::vector<OptionDescription> options = options_at(root, command);
        std::string told_options;
        for (const OptionDescription& option : options) {
            if (option.positional) continue;
            for (const std::string& name : option.names) told_options += " " + described(name, option.help);
        }
        script += fmt::format(
            "        {})\n            commands={} positional={} valued={}\n"
            "            told_commands=({} )\n            told_options=({} ) ;;\n",
            shell_quoted(command.path), shell_quoted(joined(commands)), shell_quoted(positional_of(command)),
            shell_quoted(names_of(options, true)), told_commands, told_options);
    });
    script += "    esac\n}\n\n_seki_values() {\n    case $1 in\n";
    script += value_cases(root, [](const std::string& words) { return "compadd -- " + words; }, "_files");
    script +=
        "        *) return 1 ;;\n    esac\n}\n\n_seki() {\n"
        "    local here=$CURRENT i=2 at=seki word\n"
        "    local commands= valued= positional= told_commands told_options\n";
    script += walk;
    script += R"(    local before=${words[here - 1]}
    compset -P '--*=' && before=${IPREFIX%=} here=3
    if (( here > 2 )) && [[ $before == -* && " $valued " == *" $before "* ]]; then
        _seki_values "$at $before"
    elif [[ $PREFIX == -* ]]; then
        _describe -o option told_options
    elif [[ -n $positional ]]; then
        _seki_values "$at $positional"
    else
        _describe command told_commands
    fi
}

if [[ ${funcstack[1]} == _seki ]]; then _seki "$@"; else compdef _seki seki; fi
)";
    return script;
}

// ---- fish

namespace {

std::string fish_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

std::string fish_option(const OptionDescription& option, std::string_view condition) {
    std::string line = fmt::format("complete -c seki -n {}", condition);
    for (const std::string& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    const std::vector<std::string> choices = option.choices();
    if (!choices.empty()) line += " -x -a " + fish_quoted(joined(choices));
    if (choices.empty() && option.takes_value()) line += option.names_file() ? " -r -F" : " -x";
    return line + " -d " + fish_quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completions(const CommandDescription& root) {
    std::string script =
        "# Completions of seki for fish, made by \"seki completions fish\".\n\n"
        "function __seki_valued\n    switch $argv[1]\n";
    std::string verbs = "function __seki_verbs\n    switch $argv[1]\n";
    std::string lines;
    for_each_command(root, [&](const CommandDescription& command) {
        const std::vector<OptionDescription> options = options_at(root, command);
        script += fmt::format("        case {}\n            string split ' ' -- {}\n", fish_quoted(command.path),
                              fish_quoted(names_of(options, true)));
        std::vector<std::string> names;
        const std::string here = fish_quoted("test (__seki_at) = \"" + command.path + "\"");
        const std::string behind = fish_quoted("string match -q -- \"" + command.path + " *\" (__seki_at)\" \"");
        for (const CommandDescription& part : command.commands) {
            names.push_back(part.name);
            lines += fmt::format("complete -c seki -n {} -a {} -d {}\n", here, part.name, fish_quoted(part.help));
        }
        verbs += fmt::format("        case {}\n            string split ' ' -- {}\n", fish_quoted(command.path),
                             fish_quoted(joined(names)));
        for (const OptionDescription& option : command.options) {
            if (!option.positional) {
                lines += fish_option(option, &command == &root ? "true" : behind);
                continue;
            }
            if (const auto choices = option.choices(); !choices.empty())
                lines += fmt::format("complete -c seki -n {} -a {}\n", here, fish_quoted(joined(choices)));
        }
    });
    script += "    end\nend\n\n" + verbs + "    end\nend\n";
    script += R"(
function __seki_at
    set -l at seki
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if string match -q -- '-*' $word
            contains -- $word (__seki_valued $at); and set skip 1
        else if contains -- $word (__seki_verbs $at)
            set at "$at $word"
        end
    end
    echo $at
end

complete -c seki -f
)";
    return script + lines;
}

}  // namespace seki::ctl
