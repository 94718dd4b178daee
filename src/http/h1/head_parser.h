#pragma once

// The text of a head: start line and field lines, as bytes that lie together (RFC 9112 §2 to §5). Strict: lines end
// with CRLF and nothing else, no folded lines, no white space before a colon, but in answers, where it is taken out
// (§5.1). What the fields mean is decided elsewhere (framing.h, connection.h).

#include <string_view>

#include "http/codec.h"
#include "http/message.h"

namespace seki::http::h1 {

// What became of an attempt to read a section that ends with an empty line.
struct Parsed {
    enum class Outcome : uint8_t { complete, incomplete, fault };

    Outcome outcome = Outcome::incomplete;
    Fault fault = Fault::none;
    size_t size = 0;  // of the section with the empty line, when complete
};

// Method, version, target (as `path`, whatever its form) and fields.
Parsed parse_request_head(std::string_view input, const HeadLimits& limits, RequestHead& head) noexcept;
Parsed parse_response_head(std::string_view input, const HeadLimits& limits, ResponseHead& head) noexcept;
enum class BeforeColon : uint8_t { nothing, blanks };
// Field lines up to an empty line; Fault::bad_field for whatever is wrong. Blanks before the colon, where there may be
// any, are not forwarded.
Parsed parse_fields(std::string_view input, uint32_t max_fields, FieldTable& fields,
                    BeforeColon allowed = BeforeColon::nothing) noexcept;

// Whether an empty line may end a section in `input`, looking only at what came after `looked_at` bytes. So that a head
// that comes byte by byte is not parsed each time.
[[nodiscard]] bool may_be_complete(std::string_view input, size_t looked_at) noexcept;

}  // namespace seki::http::h1
