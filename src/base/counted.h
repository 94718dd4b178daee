#pragma once

// Numbers of things in messages.

#include <concepts>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace seki {

// "1 worker", "2 workers"; for what takes an s.
std::string counted(std::integral auto count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

}  // namespace seki
