#include "http/h1/framing.h"

#include <charconv>
#include <cstdint>

#include "http/h1/characters.h"

namespace seki::http::h1 {

namespace {
// A length that takes the sign of a 64-bit number is another one, or none, to whoever counts with a sign
// (RFC 9110 §8.6).
constexpr uint64_t max_length = INT64_MAX;
}  // namespace

bool FramingFields::note_length(std::string_view value) noexcept {
    uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, number);
    const bool valid = !value.empty() && parsed.ec == std::errc{} && parsed.ptr == end && number <= max_length;
    const bool repeated = lengths > 0;
    if (!valid || (repeated && number != length)) length_valid = false;
    length = number;
    ++lengths;
    return repeated;
}

void FramingFields::note_coding(std::string_view value) noexcept {
    ++codings;
    if (codings > 1 || !equal_ignoring_case(value, "chunked")) only_chunked = false;
}

namespace {

// Rules that hold for requests and responses: nothing contradictory, nothing unknown.
Fault contradiction(const FramingFields& fields, Version version) noexcept {
    if (fields.codings > 0 && fields.lengths > 0) return Fault::length_and_coding;
    if (fields.codings > 0 && (version == Version::http10 || !fields.only_chunked)) return Fault::bad_coding;
    if (!fields.length_valid) return Fault::bad_length;
    return Fault::none;
}

Body of_length(uint64_t length) noexcept {
    if (length == 0) return {};
    return {BodyKind::length, length};
}

}  // namespace

std::expected<Body, Fault> request_framing(const FramingFields& fields, Version version) noexcept {
    if (const Fault fault = contradiction(fields, version); fault != Fault::none) return std::unexpected(fault);
    if (fields.codings > 0) return Body{BodyKind::chunked, 0};
    return of_length(fields.length);
}

std::expected<Body, Fault> response_framing(const FramingFields& fields, Version version, uint16_t status,
                                            bool to_head) noexcept {
    if (const Fault fault = contradiction(fields, version); fault != Fault::none) return std::unexpected(fault);
    if (to_head || bodiless(status)) return Body{};
    if (fields.codings > 0) return Body{BodyKind::chunked, 0};
    if (fields.lengths > 0) return of_length(fields.length);
    return Body{BodyKind::until_close, 0};
}

}  // namespace seki::http::h1
