#pragma once

// A text as abseil takes it, which Debian builds with a string_view of its own.

#include <absl/strings/string_view.h>
#include <string_view>

namespace seki {

inline absl::string_view absl_view(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace seki
