#pragma once

// The bytes of certificates and keys: DER (X.690 §10), read in place. An element is a tag, a length and a content, and
// every step is bounded by what encloses it. What DER does not allow (indefinite lengths, lengths in more bytes than
// they need) and what certificates do not use (tags of several bytes) is no element.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace seki::x509 {

namespace tag {
inline constexpr uint8_t boolean = 0x01;
inline constexpr uint8_t integer = 0x02;
inline constexpr uint8_t bit_string = 0x03;
inline constexpr uint8_t octet_string = 0x04;
inline constexpr uint8_t oid = 0x06;
inline constexpr uint8_t utc_time = 0x17;
inline constexpr uint8_t generalized_time = 0x18;
inline constexpr uint8_t sequence = 0x30;
inline constexpr uint8_t set = 0x31;

// [n] of a context, with an element inside and without.
constexpr uint8_t explicit_context(uint8_t n) { return 0xA0 | n; }
constexpr uint8_t context(uint8_t n) { return 0x80 | n; }
}  // namespace tag

class DerReader {
public:
    struct Element {
        uint8_t tag = 0;
        std::string_view content;
        std::string_view whole;  // with tag and length
    };

    explicit DerReader(std::string_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
    // Whether another element follows that begins with this tag.
    [[nodiscard]] bool is_next(uint8_t tag) const noexcept;

    // Each takes one element, or leaves everything where it is and says nothing.
    std::optional<Element> next() noexcept;
    std::optional<Element> next(uint8_t tag) noexcept;
    std::optional<std::string_view> content(uint8_t tag) noexcept;
    // A bit string of whole bytes.
    std::optional<std::string_view> bits() noexcept;
    // The bytes of an integer that is not negative, without zeros in front.
    std::optional<std::string_view> unsigned_integer() noexcept;

private:
    std::string_view rest_;
};

// The content of the one element that `bytes` are.
std::optional<std::string_view> only_content(std::string_view bytes, uint8_t tag) noexcept;

// The contrary: an element with the parts one after the other in it.
std::string der_element(uint8_t tag, std::initializer_list<std::string_view> parts);

}  // namespace seki::x509
