#include "http/host.h"

#include <charconv>

#include "base/ip_address.h"
#include "http/characters.h"
#include "http/message.h"

namespace seki::http {

namespace {

// The address between the brackets.
std::optional<IpAddress> address_in(std::string_view host) noexcept {
    const std::string_view text = host.substr(1, host.size() - 2);
    return text.contains(':') ? IpAddress::parse(text) : std::nullopt;
}

bool same_host(std::string_view left, std::string_view right) noexcept {
    if (equal_ignoring_case(left, right)) return true;
    return left.starts_with('[') && right.starts_with('[') && address_in(left) == address_in(right);
}

// Where the host ends, or 0.
size_t host_size(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos) return 0;
        return address_in(text.substr(0, close + 1)) ? close + 1 : 0;
    }
    return static_cast<size_t>(find_other_than<table::host>(text.data(), text.data() + text.size()) - text.data());
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
    const size_t size = host_size(text);
    if (size == 0) return std::nullopt;
    Authority authority{text.substr(0, size), 0};
    std::string_view rest = text.substr(size);
    if (rest.empty()) return authority;
    if (rest.front() != ':') return std::nullopt;
    rest.remove_prefix(1);
    if (rest.empty()) return authority;  // "host:" is the default port (RFC 3986 §3.2.3)
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), authority.port);
    if (parsed.ec != std::errc{} || parsed.ptr != rest.data() + rest.size() || authority.port == 0) return std::nullopt;
    return authority;
}

bool same_place(const Authority& left, const Authority& right, uint16_t default_port) noexcept {
    const auto port = [default_port](const Authority& authority) {
        return authority.port != 0 ? authority.port : default_port;
    };
    return same_host(left.host, right.host) && port(left) == port(right);
}

}  // namespace seki::http
