#pragma once

// What `seki --version` prints, so that people and scripts can tell what this executable can do before they ask for it.

#include <string>
#include <string_view>

namespace seki::ctl {

// Name and version, then in a line what is built in ("+http") and what is not available yet ("-udp").
std::string version_text(std::string_view commit);
// Its first line: "seki 0.1.0 (3c4b87a1b2)"; without a commit, "seki 0.1.0".
std::string program_version(std::string_view commit = {});

}  // namespace seki::ctl
