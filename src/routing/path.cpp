#include "routing/path.h"

#include <algorithm>
#include <array>

namespace seki::routing {
namespace {

constexpr size_t escape_size = 3;  // "%2F"

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

constexpr auto means_itself = []() consteval {
    std::array<bool, 256> table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = table[static_cast<uint8_t>(c - 0x20)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = true;
    for (const char c : std::string_view("-._~!$'()*,:@")) table[static_cast<uint8_t>(c)] = true;
    return table;
}();

char upper(char digit) noexcept { return digit >= 'a' ? static_cast<char>(digit & ~0x20) : digit; }

std::string_view without_query(std::string_view path) noexcept { return path.substr(0, path.find('?')); }

enum class Last : uint8_t { whole, begun };

// Writes the normal form, segment by segment. What was written always ends with the slash before the segment at hand
// and as much of it as was read.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    // `path` begins with '/'.
    void write(std::string_view path, Last last) {
        const std::string_view segments = without_query(path);
        out_.clear();
        out_.reserve(path.size());
        out_ += '/';
        segment_ = 1;
        for (size_t i = 1; i < segments.size();) i += take(segments.substr(i));
        if (last == Last::whole) resolve();
        out_ += path.substr(segments.size());
    }

private:
    // Of what is left the first character or escape; returns how many bytes that was.
    size_t take(std::string_view rest) {
        if (rest.front() == '/') {
            end_segment();
            return 1;
        }
        const auto byte = escaped_byte(rest);
        if (!byte) {
            out_ += rest.front();
            return 1;
        }
        if (means_itself[static_cast<uint8_t>(*byte)] && !would_escape(*byte)) {
            out_ += *byte;
        } else {
            out_ += {'%', upper(rest[1]), upper(rest[2])};
        }
        return escape_size;
    }

    // Whether the digit would make an escape of a '%' that is none, as in "%%32e": decoding is done once.
    [[nodiscard]] bool would_escape(char digit) const noexcept {
        if (hex_value(digit) < 0) return false;
        if (out_.ends_with('%')) return true;
        return out_.size() >= 2 && out_[out_.size() - 2] == '%' && hex_value(out_.back()) >= 0;
    }

    void end_segment() {
        if (out_.size() == segment_ || resolve()) return;
        out_ += '/';
        segment_ = out_.size();
    }

    // Whether the segment was a dot segment, and is gone.
    bool resolve() {
        const std::string_view text = std::string_view(out_).substr(segment_);
        if (text != "." && text != "..") return false;
        if (text == ".." && segment_ > 1) segment_ = out_.rfind('/', segment_ - 2) + 1;
        out_.resize(segment_);
        return true;
    }

    std::string& out_;
    size_t segment_ = 0;  // where the one at hand begins
};

bool is_dot_segment(std::string_view segment) noexcept {
    size_t dots = 0;
    while (!segment.empty() && segment.front() != ';') {
        const bool escaped = escaped_byte(segment) == '.';
        if (!escaped && segment.front() != '.') return false;
        segment.remove_prefix(escaped ? escape_size : 1);
        ++dots;
    }
    return dots == 1 || dots == 2;
}

bool has_ambiguous_byte(std::string_view segments) noexcept {
    if (segments.contains('\\')) return true;
    for (size_t i = segments.find('%'); i != segments.npos; i = segments.find('%', i + 1)) {
        const auto byte = escaped_byte(segments.substr(i));
        if (!byte || *byte == '/' || *byte == '\\' || *byte == '\0') return true;
    }
    return false;
}

}  // namespace

std::optional<char> escaped_byte(std::string_view text) noexcept {
    if (text.size() < escape_size || text.front() != '%') return std::nullopt;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>(high * 16 + low);
}

std::string_view normal_path(std::string_view path, std::string& storage) {
    if (plainly_normal(path) || !path.starts_with('/')) return path;
    Writer(storage).write(path, Last::whole);
    return storage;
}

std::string normal_prefix(std::string_view prefix) {
    if (plainly_normal(prefix) || !prefix.starts_with('/')) return std::string(prefix);
    std::string normal;
    const bool whole = prefix.contains('?');
    Writer(normal).write(prefix, whole ? Last::whole : Last::begun);
    return normal;
}

bool ambiguous_path(std::string_view path) noexcept {
    std::string_view segments = without_query(path);
    if (has_ambiguous_byte(segments)) return true;
    while (!segments.empty()) {
        const size_t size = std::min(segments.find('/'), segments.size());
        if (is_dot_segment(segments.substr(0, size))) return true;
        segments.remove_prefix(std::min(size + 1, segments.size()));
    }
    return false;
}

}  // namespace seki::routing
