#pragma once

// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that nobody can steer who does not know its key, and that is the
// same in every process that does. For tables that several processes share and whose keys strangers choose; abseil's
// hash differs from process to process.

#include <cstdint>
#include <string_view>

namespace seki {

struct SipKey {
    uint64_t low = 0;
    uint64_t high = 0;

    bool operator==(const SipKey&) const = default;
};

[[nodiscard]] uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept;

}  // namespace seki
