#pragma once

// What `seki --version` prints, so that people and scripts can tell what this executable can do before they ask for it.

#include <string>

namespace seki::ctl {

// Name and version, then in a line what is built in ("+http") and what is not available yet ("-udp").
std::string version_text();

}  // namespace seki::ctl
