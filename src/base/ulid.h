#pragma once

// Identifiers of sessions and requests: 48 bits of Unix time in milliseconds, then 80 random bits; written as 26
// characters of Crockford's base 32 (https://github.com/ulid/spec). They sort by time and are unique without
// coordination.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace seki {

struct Ulid {
    static constexpr size_t text_size = 26;

    uint64_t high = 0;
    uint64_t low = 0;

    static Ulid make(WallTime now, Random& random) noexcept {
        const auto milliseconds = static_cast<uint64_t>(now.time_since_epoch().count()) / 1'000'000U;
        return Ulid{(milliseconds << 16U) | (random.next() & 0xFFFFU), random.next()};
    }

    // Writes exactly text_size characters.
    void write(char* out) const noexcept;
    [[nodiscard]] std::string text() const;

    bool operator==(const Ulid&) const = default;
};

}  // namespace seki
