#include "base/ip_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

#include "base/check.h"

namespace seki {
namespace {

static_assert(IpAddress::max_text_size + 1 == INET6_ADDRSTRLEN);

constexpr std::array<uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// An octet as it is written, with the dot behind it: every request tells its client's address, more than once.
struct Octet {
    std::array<char, 4> text;
    uint8_t size;  // with the dot
};

constexpr auto octets = [] {
    std::array<Octet, 256> all{};
    for (size_t value = 0; value < all.size(); ++value) {
        Octet& octet = all[value];
        if (value >= 100) octet.text[octet.size++] = static_cast<char>('0' + value / 100);
        if (value >= 10) octet.text[octet.size++] = static_cast<char>('0' + value / 10 % 10);
        octet.text[octet.size++] = static_cast<char>('0' + value % 10);
        octet.text[octet.size++] = '.';
    }
    return all;
}();

}  // namespace

IpAddress IpAddress::v4(uint32_t ip) noexcept {
    IpAddress address;
    const uint32_t network_order = htonl(ip);
    std::memcpy(address.bytes_.data(), &network_order, sizeof network_order);
    return address;
}

IpAddress IpAddress::v6(const std::array<uint8_t, 16>& ip) noexcept {
    IpAddress address;
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), ip.begin())) {
        std::copy(ip.begin() + mapped_prefix.size(), ip.end(), address.bytes_.begin());
        return address;
    }
    address.bytes_ = ip;
    address.v4_ = false;
    return address;
}

// inet_pton(3) wants a terminated string and, of the numeric forms, accepts only the plain one (no "127.1", no octal).
std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
    std::array<char, max_text_size + 1> terminated{};
    if (text.size() >= terminated.size() || text.contains('\0')) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    if (text.contains(':')) {
        std::array<uint8_t, 16> ip{};
        if (inet_pton(AF_INET6, terminated.data(), ip.data()) != 1) return std::nullopt;
        return v6(ip);
    }
    in_addr ip{};
    if (inet_pton(AF_INET, terminated.data(), &ip) != 1) return std::nullopt;
    return v4(ntohl(ip.s_addr));
}

size_t IpAddress::write(char* out) const noexcept {
    if (v4_) {  // the common case; inet_ntop goes through snprintf
        char* end = out;
        for (size_t i = 0; i < 4; ++i) {
            const Octet& octet = octets[bytes_[i]];
            std::memcpy(end, octet.text.data(), octet.text.size());
            end += octet.size;
        }
        return static_cast<size_t>(end - 1 - out);  // without the last dot
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    SEKI_CHECK(inet_ntop(AF_INET6, bytes_.data(), terminated.data(), terminated.size()) != nullptr);
    const size_t size = std::strlen(terminated.data());
    std::memcpy(out, terminated.data(), size);
    return size;
}

std::string IpAddress::text() const {
    std::array<char, max_text_size> buffer;
    return {buffer.data(), write(buffer.data())};
}

std::strong_ordering IpAddress::operator<=>(const IpAddress& other) const noexcept {
    if (v4_ != other.v4_) return v4_ ? std::strong_ordering::less : std::strong_ordering::greater;
    return bytes_ <=> other.bytes_;
}

}  // namespace seki
