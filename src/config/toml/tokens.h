#pragma once

// The words of a TOML text with its comments and line feeds, which the TOML library drops. Meant for texts that the
// library takes; of others come tokens too, which mean nothing. Line breaks are "\n" alone. What is returned are views
// into the text.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seki::config {

enum class TokenKind : uint8_t {
    word,    // a bare key, a number, a date: whatever stands between the others. Dots are parts of it
    quoted,  // with its quotes, and all its lines
    mark,    // one of [ ] { } , =
    comment,
    line_feed,
    end,
};

struct Token {
    TokenKind kind = TokenKind::end;
    std::string_view text{};
    // Of comments, in characters:
    size_t column = 0;  // how many stand before it in its line
    size_t gap = 0;     // how many blanks are the last ones of them

    [[nodiscard]] bool is(char mark) const noexcept { return kind == TokenKind::mark && text.front() == mark; }
};

class TokenReader {
public:
    explicit TokenReader(std::string_view text) : text_(text) { advance(); }

    [[nodiscard]] const Token& peek() const noexcept { return token_; }
    Token next();

private:
    void advance();
    [[nodiscard]] size_t end_of_token() const;

    std::string_view text_;
    size_t at_ = 0;    // where the rest begins, behind token_
    size_t line_ = 0;  // where the line of at_ begins
    Token token_;
};

// Where a text in quotes that begins at `begin` ends. One that is not closed ends with its line or the whole text.
size_t end_of_quoted(std::string_view text, size_t begin);

// How many characters a text has that is UTF-8.
size_t count_characters(std::string_view text);

}  // namespace seki::config
