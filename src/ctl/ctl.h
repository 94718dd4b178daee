#pragma once

// The command line: `seki <verb> …`. All of it but the verb `start` is a client of the command socket.

#include <functional>
#include <string>
#include <vector>

#include "config/toml/diagnostic.h"

namespace seki::ctl {

// What main does for the command line.
struct Roles {
    // Runs the supervisor until it ends; the exit code.
    std::function<int(const std::string& config_path)> start;
    // All that is to be said of the file; without an error among it, it is a valid configuration.
    std::function<std::vector<config::Diagnostic>(const std::string& config_path)> check_config;
    // That it was built from; may be empty.
    std::string commit{};
};

// The exit code: 0 done, 1 any error, 2 wrong arguments.
int run(int argc, const char* const* argv, const Roles& roles);

}  // namespace seki::ctl
