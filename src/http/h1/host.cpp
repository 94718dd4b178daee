#include "http/h1/host.h"

#include <algorithm>
#include <charconv>

#include "http/h1/characters.h"

namespace seki::http::h1 {

namespace {

bool literal_letter(char c) noexcept { return is_host(c) || c == ':'; }

// Where the host ends, or 0.
size_t host_size(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos || close == 1) return 0;
        const std::string_view literal = text.substr(1, close - 1);
        return std::all_of(literal.begin(), literal.end(), literal_letter) ? close + 1 : 0;
    }
    size_t size = 0;
    while (size < text.size() && is_host(text[size])) ++size;
    return size;
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

}  // namespace seki::http::h1
