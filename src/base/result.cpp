#include "base/result.h"

#include <system_error>

namespace seki {

std::string system_error(int error) { return std::generic_category().message(error); }

}  // namespace seki
