#pragma once

// Which configuration file is read when the command line names none.

#include <string>

namespace seki::config {

// $SEKI_CONFIG, else /etc/seki/seki.toml.
std::string default_path();

}  // namespace seki::config
