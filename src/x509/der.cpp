#include "x509/der.h"

namespace seki::x509 {
namespace {

constexpr size_t max_length_bytes = 4;

uint8_t byte_at(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

struct Head {
    size_t size = 0;     // of tag and length
    size_t content = 0;  // of what follows
};

// X.690 §8.1.3, with the restrictions of §10.1.
std::optional<Head> read_head(std::string_view bytes) {
    constexpr uint8_t tag_continues = 0x1F;
    if (bytes.size() < 2 || (byte_at(bytes, 0) & tag_continues) == tag_continues) return {};
    const uint8_t first = byte_at(bytes, 1);
    if (first < 0x80) return Head{2, first};
    const size_t count = first & 0x7FU;
    if (count == 0 || count > max_length_bytes || bytes.size() < 2 + count) return {};
    size_t length = 0;
    for (size_t i = 0; i < count; ++i) length = length << 8 | byte_at(bytes, 2 + i);
    const bool shortest = length >= 0x80 && byte_at(bytes, 2) != 0;
    return shortest ? std::optional(Head{2 + count, length}) : std::nullopt;
}

}  // namespace

bool DerReader::is_next(uint8_t tag) const noexcept { return !rest_.empty() && byte_at(rest_, 0) == tag; }

std::optional<DerReader::Element> DerReader::next() noexcept {
    const std::optional<Head> head = read_head(rest_);
    if (!head || head->content > rest_.size() - head->size) return {};
    const Element element{byte_at(rest_, 0), rest_.substr(head->size, head->content),
                          rest_.substr(0, head->size + head->content)};
    rest_.remove_prefix(element.whole.size());
    return element;
}

std::optional<DerReader::Element> DerReader::next(uint8_t tag) noexcept { return is_next(tag) ? next() : std::nullopt; }

std::optional<std::string_view> DerReader::content(uint8_t tag) noexcept {
    const std::optional<Element> element = next(tag);
    return element ? std::optional(element->content) : std::nullopt;
}

std::optional<std::string_view> DerReader::bits() noexcept {
    const std::optional<std::string_view> value = content(tag::bit_string);
    if (!value || value->empty() || value->front() != 0) return {};  // the number of bits that are left over
    return value->substr(1);
}

std::optional<std::string_view> DerReader::unsigned_integer() noexcept {
    std::optional<std::string_view> value = content(tag::integer);
    if (!value || value->empty() || byte_at(*value, 0) >= 0x80) return {};
    while (!value->empty() && value->front() == 0) value->remove_prefix(1);
    return value;
}

std::optional<std::string_view> only_content(std::string_view bytes, uint8_t tag) noexcept {
    DerReader reader(bytes);
    const std::optional<std::string_view> content = reader.content(tag);
    return reader.done() ? content : std::nullopt;
}

std::string der_element(uint8_t tag, std::initializer_list<std::string_view> parts) {
    size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    std::string element(1, static_cast<char>(tag));
    if (size < 0x80) {
        element += static_cast<char>(size);
    } else {
        std::string length;
        for (size_t rest = size; rest != 0; rest >>= 8) length.insert(length.begin(), static_cast<char>(rest & 0xFF));
        element += static_cast<char>(0x80 | length.size());
        element += length;
    }
    for (const std::string_view part : parts) element += part;
    return element;
}

}  // namespace seki::x509
