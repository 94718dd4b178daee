#pragma once

// SipHash (Aumasson and Bernstein, https://www.aumasson.jp/siphash/siphash.pdf): a hash that nobody can steer who does
// not know its key, and that is the same in every process that does. For tables that several processes share and whose
// keys that peers choose, and for numbers that others compute, too; abseil's hash differs from process to process.

#include <cstdint>
#include <string_view>

namespace seki {

struct SipKey {
    uint64_t low = 0;
    uint64_t high = 0;

    bool operator==(const SipKey&) const = default;
};

// SipHash-2-4, as its authors propose it.
[[nodiscard]] uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept;
// SipHash-1-3, which Rust's hash tables have.
[[nodiscard]] uint64_t siphash13(const SipKey& key, std::string_view bytes) noexcept;

}  // namespace seki
