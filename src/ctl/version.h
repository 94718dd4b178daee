#pragma once

#include <string>

namespace seki::ctl {

// Name, version and what is built in ("+tls") or not ("-udp").
std::string version_text();

}  // namespace seki::ctl
