#pragma once

// The manual page seki(1), for man(7) of groff and mandoc, from the description of the command line.

#include <string>

#include "ctl/description.h"

namespace seki::ctl {

std::string manual_page(const CommandDescription& root, const std::string& version);

}  // namespace seki::ctl
