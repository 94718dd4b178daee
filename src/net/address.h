#pragma once

// An IP address (base/ip_address.h) and a port, as a value of 20 bytes that can be a key. Names are never resolved
// here: an address is written as numbers ("192.0.2.1:80", "[2001:db8::1]:80") or it is none.

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "base/ip_address.h"
#include "base/result.h"

namespace seki {

class SocketAddress {
public:
    static constexpr size_t max_ip_text_size = IpAddress::max_text_size;
    static constexpr size_t max_text_size = max_ip_text_size + 8;  // brackets, colon and five digits

    // 0.0.0.0:0
    constexpr SocketAddress() = default;

    constexpr SocketAddress(const IpAddress& ip, uint16_t port) noexcept : ip_(ip), port_(port) {}

    static SocketAddress v4(uint32_t ip, uint16_t port) noexcept { return {IpAddress::v4(ip), port}; }
    static SocketAddress v6(const std::array<uint8_t, 16>& ip, uint16_t port) noexcept {
        return {IpAddress::v6(ip), port};
    }

    // "ip:port" or "[v6]:port"; a scope ("%eth0") is refused. The message of the error names what was wrong with the
    // text.
    static Result<SocketAddress> parse(std::string_view text);

    // What accept4, getsockname and recvfrom fill in; nothing for families other than IP.
    static std::optional<SocketAddress> from_kernel(const sockaddr_storage& from) noexcept;
    // Fills `to` for bind and connect and returns the size to pass with it.
    socklen_t to_kernel(sockaddr_storage& to) const noexcept;

    [[nodiscard]] const IpAddress& ip_address() const noexcept { return ip_; }
    [[nodiscard]] bool is_v4() const noexcept { return ip_.is_v4(); }
    [[nodiscard]] int family() const noexcept { return is_v4() ? AF_INET : AF_INET6; }
    [[nodiscard]] uint16_t port() const noexcept { return port_; }
    // 4 or 16 bytes in network order.
    [[nodiscard]] std::span<const uint8_t> ip() const noexcept { return ip_.bytes(); }
    [[nodiscard]] bool is_any() const noexcept { return ip_.is_any(); }  // 0.0.0.0 or ::
    [[nodiscard]] bool is_loopback() const noexcept;                     // 127.0.0.0/8 or ::1
    [[nodiscard]] SocketAddress with_port(uint16_t port) const noexcept { return {ip_, port}; }

    // Write at most max_text_size (max_ip_text_size) characters, no terminating zero, and return how many. Nothing is
    // allocated.
    size_t write(char* out) const noexcept;
    size_t write_ip(char* out) const noexcept { return ip_.write(out); }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string ip_text() const { return ip_.text(); }

    auto operator<=>(const SocketAddress&) const = default;

    [[nodiscard]] size_t hash() const noexcept;
    template <typename H>
    friend H AbslHashValue(H state, const SocketAddress& address) {
        return H::combine(std::move(state), address.hash());
    }

private:
    IpAddress ip_;
    uint16_t port_ = 0;
};
static_assert(sizeof(SocketAddress) <= 20);

}  // namespace seki

template <>
struct std::hash<seki::SocketAddress> {
    size_t operator()(const seki::SocketAddress& address) const noexcept { return address.hash(); }
};
