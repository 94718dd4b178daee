#include "x509/pem.h"

#include <array>
#include <cstdint>
#include <optional>

namespace seki::x509 {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int8_t no_digit = -1;

constexpr std::array<int8_t, 256> digits = [] {
    std::array<int8_t, 256> table{};
    table.fill(no_digit);
    for (size_t i = 0; i < alphabet.size(); ++i) table[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
    return table;
}();

// RFC 4648 §4, line by line.
class Base64 {
public:
    bool add(std::string_view line) {
        for (const char c : line) {
            if (c == '=') {
                ++padding_;
                continue;
            }
            const int8_t digit = digits[static_cast<uint8_t>(c)];
            if (digit == no_digit || padding_ > 0) return false;
            bits_ = bits_ << 6 | static_cast<uint32_t>(digit);
            if (++waiting_ < 4) continue;
            put(3);
            waiting_ = 0;
        }
        return true;
    }

    bool finish() {
        if (waiting_ == 0) return padding_ == 0;
        if (waiting_ == 1 || waiting_ + padding_ != 4) return false;
        bits_ <<= 6 * (4 - waiting_);
        put(waiting_ - 1);
        return true;
    }

    std::string take() { return std::move(out_); }

private:
    void put(size_t bytes) {
        for (size_t i = 0; i < bytes; ++i) out_ += static_cast<char>(bits_ >> (16 - 8 * i) & 0xFF);
    }

    std::string out_;
    uint32_t bits_ = 0;
    size_t waiting_ = 0;  // digits, of four
    size_t padding_ = 0;
};

class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}

    [[nodiscard]] size_t number() const { return number_; }

    // Without blanks at its end.
    std::optional<std::string_view> next() {
        if (rest_.empty()) return {};
        ++number_;
        const size_t end = rest_.find('\n');
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        while (!line.empty() && std::string_view(" \t\r").contains(line.back())) line.remove_suffix(1);
        return line;
    }

private:
    std::string_view rest_;
    size_t number_ = 0;
};

// "-----BEGIN X-----" and "-----END X-----" have a label; other lines have none.
std::optional<std::string_view> label_of(std::string_view line, std::string_view mark) {
    if (!line.starts_with(mark) || !line.ends_with(dashes) || line.size() < mark.size() + dashes.size()) return {};
    return line.substr(mark.size(), line.size() - mark.size() - dashes.size());
}

// What follows the line that began it.
Result<PemBlock> read_block(Lines& lines, std::string_view label) {
    const size_t first = lines.number();
    PemBlock block{.label = std::string(label), .der = {}, .encrypted = false};
    Base64 base64;
    while (const auto line = lines.next()) {
        if (const auto ended = label_of(*line, end_mark)) {
            if (*ended != label) return failure("line {} ends another block than line {} began", lines.number(), first);
            if (!base64.finish()) return failure("the base64 before line {} is not complete", lines.number());
            block.der = base64.take();
            return block;
        }
        // Fields such as Proc-Type stand in front of the base64, which has no colons.
        if (line->contains(':')) {
            block.encrypted |= line->contains("ENCRYPTED");
            continue;
        }
        if (!base64.add(*line)) return failure("line {} is no base64", lines.number());
    }
    return failure("the block that begins in line {} does not end", first);
}

}  // namespace

Result<std::vector<PemBlock>> read_pem(std::string_view text) {
    std::vector<PemBlock> blocks;
    Lines lines(text);
    while (const auto line = lines.next()) {
        const auto label = label_of(*line, begin_mark);
        if (!label) continue;
        auto block = read_block(lines, *label);
        if (!block) return std::unexpected(block.error());
        blocks.push_back(std::move(*block));
    }
    return blocks;
}

std::string write_pem(std::string_view label, std::string_view der) {
    constexpr size_t line_size = 64;
    std::string text = fmt::format("-----BEGIN {}-----\n", label);
    text.reserve(text.size() * 2 + der.size() * 3 / 2);
    size_t column = 0;
    for (size_t at = 0; at < der.size(); at += 3) {
        const std::string_view group = der.substr(at, 3);
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? static_cast<uint8_t>(group[i]) : 0U);
        for (size_t i = 0; i < 4; ++i) text += i > group.size() ? '=' : alphabet[bits >> (18 - 6 * i) & 0x3F];
        column += 4;
        if (column < line_size && at + 3 < der.size()) continue;
        text += '\n';
        column = 0;
    }
    text += fmt::format("-----END {}-----\n", label);
    return text;
}

Result<std::vector<std::string>> read_certificates(std::string_view pem) {
    auto blocks = read_pem(pem);
    if (!blocks) return std::unexpected(blocks.error());
    std::vector<std::string> certificates;
    for (PemBlock& block : *blocks) {
        // RFC 7468 §5.1 knows one label; the second is what old tools wrote.
        if (block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE") {
            certificates.push_back(std::move(block.der));
        }
    }
    if (certificates.empty()) return failure("it holds no certificate in PEM");
    return certificates;
}

}  // namespace seki::x509
