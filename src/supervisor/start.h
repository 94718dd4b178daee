#pragma once

// The role "start": from a configuration file to a running supervisor, and to the exit code.

#include <string>
#include <vector>

#include "config/toml/diagnostic.h"

namespace seki::supervisor {

struct Options {
    std::string config_path;
    std::string version;  // of the program, for the log
};

// Whether this process was a supervisor before it became this program. Its signals are still blocked, as they were.
[[nodiscard]] bool takes_over();

// Runs until it is told to stop. 0: stopped as told; 1: it could not start, and stderr says why.
int supervisor_main(const Options& options);

// All that is to be said of the file; it is a valid configuration when none of that is an error.
std::vector<config::Diagnostic> check_config(const std::string& config_path);

}  // namespace seki::supervisor
