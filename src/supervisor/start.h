#pragma once

// The role "start": from a configuration file to a running supervisor, and to the exit code.

#include <string>

#include "base/result.h"

namespace seki::supervisor {

struct Options {
    std::string config_path;
};

// Runs until it is told to stop. 0: stopped as told; 1: it could not start, and stderr says why.
int supervisor_main(const Options& options);

// Whether the file is a valid configuration; all that is wrong with it, one line each.
Result<> check_config(const std::string& config_path);

}  // namespace seki::supervisor
