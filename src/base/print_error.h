#pragma once

// Words for stderr, whatever has become of it: closed, full, a pipe that nobody reads. A complaint that cannot be made
// is lost, and the process goes on to say the same by its exit code.

#include <string_view>

namespace seki {

// The line end is added.
void print_error(std::string_view line) noexcept;

}  // namespace seki
