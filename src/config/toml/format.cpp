#include "config/toml/format.h"

#include <utility>
#include <variant>
#include <vector>

#include "config/toml/document.h"
#include "config/toml/layout.h"
#include "config/toml/tokens.h"
#include "config/toml/written.h"

namespace seki::config {
namespace {

constexpr size_t max_width = 100;  // of a line with a list, without a comment behind it
constexpr size_t indent_step = 2;

class Formatter {
public:
    void add(const WrittenLine& line) {
        begin(line.blank_before);
        if (!line.header.empty()) {
            lines_.back().is_header = true;
            write(line.header);
        } else if (line.entry) {
            write(*line.entry, 0);
        }
        lines_.back().comment = line.comment;
    }

    std::vector<LaidLine> take() { return std::move(lines_); }

private:
    void begin(bool blank_before) {
        lines_.push_back({.blank_before = blank_before, .indent = indent_});
        column_ = indent_;
    }

    void write(std::string_view text) {
        lines_.back().code += text;
        const size_t feed = text.rfind('\n');
        column_ =
            feed == std::string_view::npos ? column_ + count_characters(text) : count_characters(text.substr(feed + 1));
    }

    // `behind`: how many characters must follow in the line.
    void write(const WrittenEntry& entry, size_t behind) {
        write(entry.key);
        write(" = ");
        write(entry.value, behind);
    }

    void write(const WrittenValue& value, size_t behind) {
        if (const auto* text = std::get_if<std::string_view>(&value.is)) return write(*text);
        if (const auto* table = std::get_if<WrittenTable>(&value.is)) return write(*table, behind);
        const auto& array = std::get<WrittenArray>(value.is);
        const bool fits = value.width && column_ + *value.width + behind <= max_width;
        if (fits || (array.parts.empty() && !array.opening)) return write_in_line(array);
        write_in_lines(array);
    }

    void write(const WrittenTable& table, size_t behind) {
        if (table.entries.empty()) return write("{}");
        constexpr std::string_view end = " }";
        write("{ ");
        for (const WrittenEntry& entry : table.entries) {
            const bool is_last = &entry == &table.entries.back();
            if (&entry != &table.entries.front()) write(", ");
            write(entry, is_last ? end.size() + behind : 1);
        }
        write(end);
    }

    void write_in_line(const WrittenArray& array) {
        write("[");
        for (const WrittenPart& part : array.parts) {
            if (&part != &array.parts.front()) write(", ");
            // It fits, whatever is behind.
            if (part.value) write(*part.value, 0);
        }
        write("]");
    }

    void write_in_lines(const WrittenArray& array) {
        write("[");
        lines_.back().comment = array.opening;
        indent_ += indent_step;
        for (const WrittenPart& part : array.parts) {
            begin(part.blank_before);
            if (part.value) {
                write(*part.value, 1);
                write(",");
            }
            lines_.back().comment = part.comment;
        }
        indent_ -= indent_step;
        begin(false);
        write("]");
    }

    std::vector<LaidLine> lines_;
    size_t indent_ = 0;
    size_t column_ = 0;
};

std::string with_line_feeds(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) != "\r\n") out += text[i];
    }
    return out;
}

bool has_same_comments(std::string_view one, std::string_view other) {
    TokenReader in_one(one);
    TokenReader in_other(other);
    const auto next_comment = [](TokenReader& tokens) {
        Token token = tokens.next();
        while (token.kind != TokenKind::comment && token.kind != TokenKind::end) token = tokens.next();
        return token;
    };
    for (;;) {
        const Token comment = next_comment(in_one);
        if (comment.text != next_comment(in_other).text) return false;
        if (comment.kind == TokenKind::end) return true;
    }
}

}  // namespace

Result<std::string> format(std::string_view text) {
    const std::string clean = with_line_feeds(text);
    const auto written = read_written(clean);
    if (!written) return std::unexpected(written.error());
    Formatter formatter;
    for (const WrittenLine& line : *written) formatter.add(line);
    std::vector<LaidLine> lines = formatter.take();
    find_continued_comments(lines);
    separate_headers(lines);
    std::string formatted = text_of(lines);
    if (!is_same_document(text, formatted) || !has_same_comments(clean, formatted))
        return failure("what was formatted does not say the same");
    return formatted;
}

}  // namespace seki::config
