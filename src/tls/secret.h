#pragma once

// Bytes that nobody else may read: wiped when they go, and when others take their place.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <openssl/crypto.h>
#include <span>

namespace seki::tls {

template <size_t capacity_bytes>
class Secret {
public:
    static constexpr size_t capacity = capacity_bytes;

    Secret() = default;
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return std::span(bytes_).first(size_); }
    // For whoever fills it; at most `capacity`.
    [[nodiscard]] std::span<uint8_t> resize(size_t size) noexcept {
        size_ = static_cast<uint8_t>(std::min(size, capacity));
        return std::span(bytes_).first(size_);
    }
    // False when it is too long.
    bool assign(std::span<const uint8_t> bytes) noexcept {
        if (bytes.size() > capacity) return false;
        std::ranges::copy(bytes, resize(bytes.size()).begin());
        return true;
    }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    static_assert(capacity_bytes <= UINT8_MAX);
    std::array<uint8_t, capacity_bytes> bytes_{};
    uint8_t size_ = 0;
};

}  // namespace seki::tls
