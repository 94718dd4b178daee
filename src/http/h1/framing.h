#pragma once

// How long the body of a message is: the one decision that two parsers must never make differently (RFC 9112 §6.3).
// Pure; what it is decided from was collected from the fields before.

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/codec.h"
#include "http/message.h"

namespace seki::http::h1 {

// What the fields of a head say about its body.
struct FramingFields {
    uint32_t lengths = 0;       // Content-Length fields, all with the same value
    uint32_t codings = 0;       // Transfer-Encoding fields
    bool length_valid = true;   // each a number, and the same one
    bool coding_valid = true;   // the last coding is "chunked", and no other is
    bool coding_known = true;   // there is no other
    bool ends_chunked = false;  // the last coding so far is "chunked"
    uint64_t length = 0;

    // Takes note of one field, which then says the number as everybody writes it; or is dropped, when it repeats what
    // another said.
    void note_length(Field& field) noexcept;
    void note_coding(std::string_view value) noexcept;
};

[[nodiscard]] std::expected<Body, Fault> request_framing(const FramingFields& fields, Version version) noexcept;

// `to_head`: the answer to a HEAD request.
[[nodiscard]] std::expected<Body, Fault> response_framing(const FramingFields& fields, Version version, uint16_t status,
                                                          bool to_head) noexcept;

}  // namespace seki::http::h1
