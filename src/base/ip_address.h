#pragma once

// An IP address as a value of 17 bytes. Names are never resolved here: an address is written as numbers ("192.0.2.1",
// "2001:db8::1") or it is none.
//
// One address, one value: an IPv4 address that arrives inside IPv6 (::ffff:192.0.2.1, RFC 4291 §2.5.5.2) becomes IPv4,
// whether it was typed or read from a dual-stack socket, so that comparing and counting by address needs no second
// look.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seki {

class IpAddress {
public:
    static constexpr size_t max_text_size = 45;  // INET6_ADDRSTRLEN without the terminating zero

    // 0.0.0.0
    constexpr IpAddress() = default;

    // `ip` as an integer: 127.0.0.1 is 0x7F000001.
    static IpAddress v4(uint32_t ip) noexcept;
    // `ip` in the order in which it is written.
    static IpAddress v6(const std::array<uint8_t, 16>& ip) noexcept;
    // Without brackets, port or scope ("%eth0").
    static std::optional<IpAddress> parse(std::string_view text) noexcept;

    [[nodiscard]] bool is_v4() const noexcept { return v4_; }
    // 4 or 16 bytes in network order.
    [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return {bytes_.data(), v4_ ? 4U : 16U}; }
    // The same, an IPv4 address followed by zeros.
    [[nodiscard]] const std::array<uint8_t, 16>& padded() const noexcept { return bytes_; }
    [[nodiscard]] bool is_any() const noexcept { return bytes_ == std::array<uint8_t, 16>{}; }  // 0.0.0.0 or ::

    // Writes at most max_text_size characters, no terminating zero, and returns how many. Nothing is allocated.
    size_t write(char* out) const noexcept;
    [[nodiscard]] std::string text() const;

    bool operator==(const IpAddress&) const = default;
    // IPv4 comes before IPv6.
    std::strong_ordering operator<=>(const IpAddress& other) const noexcept;

private:
    std::array<uint8_t, 16> bytes_{};  // an IPv4 address uses the first four, the others are zero
    bool v4_ = true;
};

}  // namespace seki
