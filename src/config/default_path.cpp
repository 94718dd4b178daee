#include "config/default_path.h"

#include <cstdlib>

namespace seki::config {

std::string default_path() {
    const char* const named = std::getenv("SEKI_CONFIG");
    return named != nullptr && *named != '\0' ? named : "/etc/seki/seki.toml";
}

}  // namespace seki::config
