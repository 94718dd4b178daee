#pragma once

// The verb `fmt`: a configuration file with its blanks, empty lines and line breaks by one rule (config/toml/format.h).

#include <string>

#include "ctl/action.h"

namespace seki::ctl {

// What is to be printed, and the exit code. The name of the file is known here.
struct FormatOutcome {
    std::string out{};
    std::string err{};
    int code = 0;
};
FormatOutcome format_file(const FormatFile& file);

}  // namespace seki::ctl
