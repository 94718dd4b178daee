#pragma once

// Counts what this executable allocates, for code that must do without.

#include <cstddef>

namespace seki {

// By operator new, since the program began.
[[nodiscard]] size_t allocations() noexcept;

}  // namespace seki
