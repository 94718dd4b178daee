#pragma once

// What is spoken inside of TLS, as client and server agree upon during the handshake (RFC 7301).

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace seki::tls {

enum class Alpn : uint8_t { none, http11, h2 };

[[nodiscard]] constexpr std::string_view name_of(Alpn protocol) noexcept {
    switch (protocol) {
        case Alpn::none:
            return {};
        case Alpn::http11:
            return "http/1.1";
        case Alpn::h2:
            return "h2";
    }
    return {};
}

[[nodiscard]] constexpr std::optional<Alpn> find_alpn(std::string_view name) noexcept {
    for (const Alpn protocol : {Alpn::http11, Alpn::h2}) {
        if (name == name_of(protocol)) return protocol;
    }
    return std::nullopt;
}

// The first of ours that is among theirs: names with their lengths in front (RFC 7301 §3.1).
[[nodiscard]] inline std::optional<Alpn> choose_alpn(std::span<const Alpn> ours,
                                                     std::span<const uint8_t> theirs) noexcept {
    for (const Alpn mine : ours) {
        for (auto rest = theirs; !rest.empty() && rest.size() > rest[0]; rest = rest.subspan(1U + rest[0])) {
            if (std::ranges::equal(rest.subspan(1, rest[0]), name_of(mine))) return mine;
        }
    }
    return std::nullopt;
}

}  // namespace seki::tls
