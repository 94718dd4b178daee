#pragma once

// Redirects in the words of nginx ("https://$host$request_uri") as keys of a frontend.

#include <cstdint>
#include <optional>
#include <string_view>

#include "convert/keys.h"

namespace seki::convert {

// Through what the request came that is redirected.
struct Arrival {
    bool secure = false;
    uint16_t port = 0;
    std::string_view name;  // the first one of the server
};

// Nothing where the status, or what the location is made of, has no counterpart.
std::optional<Keys> redirect_keys(uint64_t status, std::string_view location, const Arrival& arrival);

}  // namespace seki::convert
