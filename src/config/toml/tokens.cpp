#include "config/toml/tokens.h"

#include <algorithm>
#include <utility>

namespace seki::config {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view marks = "[]{},=";
constexpr std::string_view ends_of_words = " \t\n\"'#[]{},=";

TokenKind kind_of(char first) {
    if (first == '\n') return TokenKind::line_feed;
    if (first == '#') return TokenKind::comment;
    if (first == '"' || first == '\'') return TokenKind::quoted;
    return marks.contains(first) ? TokenKind::mark : TokenKind::word;
}

}  // namespace

Token TokenReader::next() {
    const Token token = token_;
    advance();
    return token;
}

void TokenReader::advance() {
    const size_t before = at_;
    at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    if (at_ == text_.size()) {
        token_ = {};
        return;
    }
    const size_t end = end_of_token();
    token_ = {.kind = kind_of(text_[at_]), .text = text_.substr(at_, end - at_)};
    if (token_.kind == TokenKind::comment) {
        token_.column = count_characters(text_.substr(line_, at_ - line_));
        token_.gap = at_ - before;
        token_.text = token_.text.substr(0, token_.text.find_last_not_of(blanks) + 1);
    }
    if (const size_t feed = text_.substr(at_, end - at_).rfind('\n'); feed != std::string_view::npos)
        line_ = at_ + feed + 1;
    at_ = end;
}

size_t TokenReader::end_of_token() const {
    switch (kind_of(text_[at_])) {
        case TokenKind::quoted:
            return end_of_quoted(text_, at_);
        case TokenKind::comment:
            return std::min(text_.find('\n', at_), text_.size());
        case TokenKind::word:
            return std::min(text_.find_first_of(ends_of_words, at_), text_.size());
        default:
            return at_ + 1;
    }
}

// With three quotes it may have lines, and up to two more quotes before the last three are its own.
size_t end_of_quoted(std::string_view text, size_t begin) {
    const char quote = text[begin];
    const bool escapes = quote == '"';
    const bool lines = text.size() - begin >= 3 && text[begin + 1] == quote && text[begin + 2] == quote;
    for (size_t i = begin + (lines ? 3 : 1); i < text.size(); ++i) {
        if (escapes && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (!lines) return i + 1;
            const size_t run = std::min(text.find_first_not_of(quote, i), text.size()) - i;
            if (run >= 3) return i + std::min<size_t>(run, 5);
            i += run - 1;
        } else if (text[i] == '\n' && !lines) {
            return i;  // a mistake: the library stops here
        }
    }
    return text.size();
}

size_t count_characters(std::string_view text) {
    constexpr auto begins = [](char c) { return (static_cast<uint8_t>(c) & 0xC0U) != 0x80U; };
    return static_cast<size_t>(std::ranges::count_if(text, begins));
}

}  // namespace seki::config
