#pragma once

// From arguments to a CommandLine: which server is meant, how to show the answer, and what to do.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "ctl/action.h"

namespace seki::ctl {

struct CommandLine {
    std::string config_path;                           // empty: the default (config::default_path)
    std::string socket_path;                           // empty: the one of the configuration
    std::optional<std::chrono::milliseconds> timeout;  // absent: the one of the configuration; 0: none
    bool json = false;
    bool verbose = false;
    Action action;
};

// Arguments that are answered at once: --help, --version (code 0) or a mistake (code 2).
struct Exit {
    int code;
    std::string text;
};

constexpr int exit_ok = 0;
constexpr int exit_error = 1;
constexpr int exit_usage = 2;

// `arguments` without the program's name; `commit` is the one that it was built from, or empty.
std::variant<CommandLine, Exit> parse(std::span<const char* const> arguments, std::string_view commit = {});

}  // namespace seki::ctl
