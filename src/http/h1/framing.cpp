#include "http/h1/framing.h"

#include <cstdint>
#include <optional>

#include "http/characters.h"

namespace seki::http::h1 {

namespace {
// A length that takes the sign of a 64-bit number is another one, or none, to whoever counts with a sign
// (RFC 9110 §8.6).
constexpr uint64_t max_length = INT64_MAX;
constexpr size_t max_digits = 19;  // what has no more of them fits into 64 bits

std::optional<uint64_t> length_of(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > max_digits) return std::nullopt;
    uint64_t number = 0;
    for (const char* at = digits.data(); at != digits.data() + digits.size(); ++at) {
        if (!is_digit(*at)) return std::nullopt;
        number = number * 10 + static_cast<uint64_t>(*at - '0');
    }
    return number <= max_length ? std::optional(number) : std::nullopt;
}
}  // namespace

void FramingFields::note_length(Field& field) noexcept {
    std::string_view digits = field.value;
    // To some, a zero before the number makes it octal.
    while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
    const auto number = length_of(digits);
    field.dropped = lengths > 0;
    if (!number || (field.dropped && *number != length)) length_valid = false;
    length = number.value_or(0);
    ++lengths;
    field.say(digits);
}

void FramingFields::note_coding(std::string_view value) noexcept {
    if (++codings == 1 && equal_ignoring_case(value, "chunked")) {
        ends_chunked = true;
        return;
    }
    // Who takes a list to its end for another one than is meant has another body.
    if (value.empty() || value.front() == ',' || value.back() == ',') coding_valid = false;
    for_each_element(value, [this](std::string_view coding) {
        if (ends_chunked) coding_valid = false;
        ends_chunked = equal_ignoring_case(coding, "chunked");
        if (!ends_chunked) coding_known = false;
    });
}

namespace {

// RFC 9112 §6.1: a coding that nobody here knows is 501. §6.3: where the last one is not "chunked", nobody knows where
// the body ends, which is 400; as is what HTTP/1.0 never had.
Fault fault_of_codings(const FramingFields& fields, Version version) noexcept {
    if (version == Version::http10 || !fields.coding_valid || !fields.ends_chunked) return Fault::bad_coding;
    return fields.coding_known ? Fault::none : Fault::unknown_coding;
}

// Rules that hold for requests and responses: nothing contradictory, nothing unknown.
Fault contradiction(const FramingFields& fields, Version version) noexcept {
    if (fields.codings > 0 && fields.lengths > 0) return Fault::length_and_coding;
    if (fields.codings > 0) return fault_of_codings(fields, version);
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
