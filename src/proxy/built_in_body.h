#pragma once

// The body of an answer that no operator wrote: the status in words, the id by which the request is found in the logs,
// and for a redirect the link (RFC 9110 §15.4). Written where it is told, without allocation.

#include <cstdint>
#include <span>
#include <string_view>

#include "http/accept.h"

namespace seki::proxy {

struct BuiltInBody {
    static constexpr size_t least_room = 512;

    uint16_t status = 0;
    std::string_view reason;
    std::string_view request_id;  // may be empty
    std::string_view location;    // likewise

    // An id or a location that does not fit is left out. `room` is at least least_room.
    [[nodiscard]] std::string_view write(http::AnswerType type, std::span<char> room) const noexcept;
};

}  // namespace seki::proxy
