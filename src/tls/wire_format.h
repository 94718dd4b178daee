#pragma once

// Numbers and lists of bytes as TLS writes them (RFC 8446 §3): big endian, lists with their length in front. Whatever
// is read of somebody else's bytes is checked; who reads beyond the end, or leaves something, learns it from good() and
// done().

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace seki::tls {

using Bytes = std::span<const uint8_t>;

inline Bytes bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class WireReader {
public:
    explicit WireReader(Bytes bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] uint8_t u8() noexcept { return static_cast<uint8_t>(number(1)); }
    [[nodiscard]] uint16_t u16() noexcept { return static_cast<uint16_t>(number(2)); }
    [[nodiscard]] uint32_t u24() noexcept { return static_cast<uint32_t>(number(3)); }
    [[nodiscard]] uint32_t u32() noexcept { return static_cast<uint32_t>(number(4)); }
    [[nodiscard]] uint64_t u64() noexcept { return number(8); }
    // Empty when there are not so many.
    [[nodiscard]] Bytes take(size_t size) noexcept {
        good_ &= size <= rest_.size();
        if (!good_) return {};
        const Bytes taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }
    [[nodiscard]] Bytes list8() noexcept { return take(u8()); }
    [[nodiscard]] Bytes list16() noexcept { return take(u16()); }

    [[nodiscard]] bool good() const noexcept { return good_; }
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    // Everything was read, and nothing beyond.
    [[nodiscard]] bool done() const noexcept { return good_ && rest_.empty(); }
    [[nodiscard]] size_t left() const noexcept { return rest_.size(); }

private:
    uint64_t number(size_t size) noexcept {
        uint64_t value = 0;
        for (const uint8_t byte : take(size)) value = (value << 8U) | byte;
        return value;
    }

    Bytes rest_;
    bool good_ = true;
};

class WireWriter {
public:
    explicit WireWriter(std::string& out) noexcept : out_(out) {}

    void number(size_t size, uint64_t value) {
        for (size_t left = size; left-- > 0;) out_.push_back(static_cast<char>(value >> (8 * left)));
    }
    void u8(uint64_t value) { number(1, value); }
    void u16(uint64_t value) { number(2, value); }
    void u32(uint64_t value) { number(4, value); }
    void raw(std::string_view bytes) { out_ += bytes; }
    void raw(Bytes bytes) { out_ += text_of(bytes); }
    // A list whose length has so many bytes, filled by `fill`.
    template <typename Fill>
    void list(size_t length_bytes, Fill fill) {
        const size_t at = out_.size();
        out_.append(length_bytes, '\0');
        fill();
        const size_t size = out_.size() - at - length_bytes;
        for (size_t i = 0; i < length_bytes; ++i)
            out_[at + i] = static_cast<char>(size >> (8 * (length_bytes - 1 - i)));
    }

private:
    std::string& out_;
};

}  // namespace seki::tls
