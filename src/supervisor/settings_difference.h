#pragma once

// Which settings of the configuration file take effect only when another program begins with them: by an upgrade, which
// a reload does for their sake, or, those of the command socket's path, when it is started again.

#include <string>
#include <vector>

#include "config/toml/file.h"

namespace seki::supervisor {

// "worker_count: 2, then 4", in the order of the schema. Those that are taken at once are left out.
std::vector<std::string> after_restart(const config::FileConfig& now, const config::FileConfig& then);
// Of one of these.
bool takes_effect_by_upgrade(const std::string& difference);

}  // namespace seki::supervisor
