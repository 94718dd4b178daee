#pragma once

// Strict-Transport-Security (RFC 6797): what answers over TLS tell browsers, so that they never come without it again.

#include <string>
#include <string_view>

namespace seki::proxy {

inline constexpr std::string_view hsts_field = "Strict-Transport-Security";

struct Hsts {
    std::string value;      // of the field; empty: none is sent
    bool replaces = false;  // what a backend says of it; else the backend's word goes before
};

}  // namespace seki::proxy
