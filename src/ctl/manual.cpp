#include "ctl/manual.h"

#include <cstdint>
#include <fmt/format.h>
#include <string_view>

namespace seki::ctl {
namespace {

// The character at the beginning of UTF-8 text that is not ASCII, which roff wants by its number.
std::string by_number(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    char32_t code = first >= 0xF0 ? first & 0x07U : first >= 0xE0 ? first & 0x0FU : first & 0x1FU;
    for (const char c : text.substr(1)) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80) break;
        code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
    }
    return fmt::format("\\[u{:04X}]", static_cast<uint32_t>(code));
}

// As text of a page: what roff would take for its own is escaped, also at the beginning of a line.
std::string text(std::string_view plain) {
    std::string escaped;
    for (size_t i = 0; i < plain.size(); ++i) {
        const char c = plain[i];
        if (escaped.empty() && (c == '.' || c == '\'')) escaped += "\\&";
        if ((static_cast<unsigned char>(c) & 0x80U) != 0) {
            if ((static_cast<unsigned char>(c) & 0x40U) != 0) escaped += by_number(plain.substr(i));
            continue;
        }
        if (c == '\\') {
            escaped += "\\e";
        } else if (c == '-') {
            escaped += "\\-";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string bold(std::string_view plain) { return "\\fB" + text(plain) + "\\fR"; }
std::string italic(std::string_view plain) { return "\\fI" + text(plain) + "\\fR"; }

std::string head_of(const OptionDescription& option) {
    std::string head;
    for (const std::string& name : option.names) {
        head += (head.empty() ? "" : ", ") + (option.positional ? italic(name) : bold(name));
    }
    if (option.takes_value() && !(option.positional && option.choices().empty())) head += " " + italic(option.type);
    return head;
}

std::string explained(const OptionDescription& option) {
    std::string line = option.help;
    if (!option.fallback.empty()) line += fmt::format(" (default: {})", option.fallback);
    if (option.required) line += " (required)";
    return line + ".";
}

std::string options_of(const CommandDescription& command) {
    std::string page;
    for (const OptionDescription& option : command.options) {
        if (option.names.front() == "-h" && command.path.contains(' ')) continue;  // everywhere the same
        page += fmt::format(".TP\n{}\n{}\n", head_of(option), text(explained(option)));
    }
    return page;
}

// What is said of one command, behind the words before it.
std::string synopsis_of(const CommandDescription& command) {
    std::string line = bold(command.name);
    bool optional = false;
    for (const OptionDescription& option : command.options) {
        if (option.required && !option.positional) line += " " + bold(option.names.back()) + " " + italic(option.type);
        optional |= !option.required && option.names.front() != "-h";
    }
    if (optional) line += " [" + italic("options") + "]";
    for (const OptionDescription& option : command.options) {
        if (option.positional) line += " " + italic(option.names.front());
    }
    return line;
}

// Only what can be said: families have no section of their own. `before`: the words that lead to these commands.
std::string commands_of(const CommandDescription& parent, const std::string& before) {
    std::string page;
    for (const CommandDescription& command : parent.commands) {
        const bool family = !command.commands.empty() && command.options.size() == 1;
        const std::string said = before + " " + (family ? bold(command.name) : synopsis_of(command));
        if (!family) page += fmt::format(".SS {}\n{}.\n{}", said, text(command.help), options_of(command));
        page += commands_of(command, said);
    }
    return page;
}

}  // namespace

std::string manual_page(const CommandDescription& root, const std::string& version) {
    std::string page = fmt::format(".TH SEKI 1 \"\" \"{}\" \"User Commands\"\n", text(version));
    page += ".SH NAME\nseki \\- dynamic reverse proxy for HTTP, TCP and UDP\n.SH SYNOPSIS\n";
    page += bold("seki") + " [" + italic("options") + "] " + italic("command") + " [" + italic("arguments") + "]\n";
    page += R"(.SH DESCRIPTION
.B seki start
runs the proxy: a supervisor, which owns the listening sockets, and its workers, which serve.
Every other command is a client of the supervisor's command socket: it asks, or it changes what is served.
A change is in force in every worker when the command ends with 0, and nowhere when it does not.
.SH OPTIONS
They may stand anywhere on the command line.
)";
    page += options_of(root);
    page += ".SH COMMANDS\n" + commands_of(root, bold(root.name));
    page += R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
The server refused, could not be reached, or did not answer in time; or the configuration is not valid.
.TP
.B 2
The arguments are wrong.
.SH ENVIRONMENT
.TP
.B SEKI_CONFIG
Configuration file, when there is no
.BR \-\-config .
.SH FILES
.TP
.I /etc/seki/seki.toml
Configuration file, when nothing else is named.
.SH EXAMPLES
.nf
seki \-c seki.toml start
seki \-c seki.toml backend add \-\-id web \-\-backend\-id web\-2 \-\-address 192.0.2.2:8080
seki \-c seki.toml \-\-json status
.fi
)";
    return page;
}

}  // namespace seki::ctl
