#include "config/toml/written.h"

#include <utility>

#include "config/toml/tokens.h"

namespace seki::config {
namespace {

// As deep as the TOML library goes.
constexpr size_t max_depth = 256;

using Width = std::optional<size_t>;

Width sum(Width one, Width other) { return one && other ? Width(*one + *other) : std::nullopt; }

Width width_of(const WrittenArray& array) {
    if (array.in_lines) return {};
    Width width = std::string_view("[]").size();
    for (const WrittenPart& part : array.parts) {
        if (&part != &array.parts.front()) width = sum(width, std::string_view(", ").size());
        width = sum(width, part.value ? part.value->width : std::nullopt);
    }
    return width;
}

Width width_of(const WrittenTable& table) {
    Width width = std::string_view("{}").size();
    for (const WrittenEntry& entry : table.entries) {
        // Before the first one a blank, behind the last one another; else a comma and a blank.
        width = sum(sum(width, std::string_view(",  = ").size() + count_characters(entry.key)), entry.value.width);
    }
    return width;
}

Width width_of_text(std::string_view text) { return text.contains('\n') ? Width() : count_characters(text); }

class ArrayBuilder {
public:
    void feed() {
        blank_ = blank_ || fed_;
        fed_ = true;
    }

    void comma() {
        comma_last_ = true;
        fed_ = false;
    }

    void add(WrittenValue value) {
        array_.parts.push_back({.blank_before = takes_blank(), .value = std::move(value)});
        comma_last_ = false;
        begin_line();
    }

    void add(const WrittenComment& comment) {
        has_comments_ = true;
        if (std::optional<WrittenComment>* const place = place_in_line()) {
            *place = comment;
        } else {
            array_.parts.push_back({.blank_before = takes_blank(), .comment = comment});
        }
        begin_line();
    }

    WrittenArray finish() {
        array_.in_lines = has_comments_ || (comma_last_ && fed_);
        return std::move(array_);
    }

private:
    // Empty lines below the opening bracket go.
    [[nodiscard]] bool takes_blank() const { return blank_ && !array_.parts.empty(); }

    void begin_line() {
        fed_ = false;
        blank_ = false;
    }

    // Where a comment goes that stands behind something in its line.
    std::optional<WrittenComment>* place_in_line() {
        if (fed_) return nullptr;
        std::optional<WrittenComment>& place = array_.parts.empty() ? array_.opening : array_.parts.back().comment;
        return place ? nullptr : &place;
    }

    WrittenArray array_;
    bool fed_ = false;    // a line ended since the last token
    bool blank_ = false;  // an empty one did
    bool comma_last_ = false;
    bool has_comments_ = false;
};

class WrittenReader {
public:
    explicit WrittenReader(std::string_view text) : tokens_(text) {}

    Result<std::vector<WrittenLine>> lines() {
        std::vector<WrittenLine> lines;
        for (;;) {
            const bool blank = skip_empty_lines();
            if (tokens_.peek().kind == TokenKind::end) return lines;
            lines.push_back(line());
            lines.back().blank_before = blank && lines.size() > 1;
            const TokenKind end = tokens_.next().kind;
            if (failed_ || (end != TokenKind::line_feed && end != TokenKind::end)) return failure("it is no TOML");
        }
    }

private:
    bool skip_empty_lines() {
        bool any = false;
        for (; tokens_.peek().kind == TokenKind::line_feed; any = true) tokens_.next();
        return any;
    }

    WrittenLine line() {
        WrittenLine line;
        if (tokens_.peek().is('[')) {
            line.header = header();
        } else if (tokens_.peek().kind != TokenKind::comment) {
            line.entry = entry(0);
        }
        if (tokens_.peek().kind == TokenKind::comment) line.comment = comment();
        return line;
    }

    WrittenComment comment() {
        const Token token = tokens_.next();
        return {token.text, token.column, token.gap};
    }

    std::string header() {
        std::string text = brackets('[');
        text += key();
        return text + brackets(']');
    }

    std::string brackets(char bracket) {
        std::string text;
        while (tokens_.peek().is(bracket)) text += tokens_.next().text;
        return text;
    }

    // The blanks between its parts go.
    std::string key() {
        std::string key;
        while (tokens_.peek().kind == TokenKind::word || tokens_.peek().kind == TokenKind::quoted)
            key += tokens_.next().text;
        failed_ = failed_ || key.empty();
        return key;
    }

    WrittenEntry entry(size_t depth) {
        std::string name = key();
        if (!tokens_.next().is('=')) failed_ = true;
        return {std::move(name), value(depth)};
    }

    WrittenValue value(size_t depth) {
        const Token token = tokens_.next();
        if (depth > max_depth) failed_ = true;
        if (failed_) return {};
        if (token.is('[')) return array(depth + 1);
        if (token.is('{')) return table(depth + 1);
        if (token.kind != TokenKind::word && token.kind != TokenKind::quoted) failed_ = true;
        std::string_view text = token.text;
        // A date may have a blank before its time.
        if (token.kind == TokenKind::word && tokens_.peek().kind == TokenKind::word) {
            const std::string_view rest = tokens_.next().text;
            text = {text.data(), rest.data() + rest.size()};
        }
        return {text, width_of_text(text)};
    }

    WrittenValue array(size_t depth) {
        ArrayBuilder builder;
        while (!failed_ && !tokens_.peek().is(']')) {
            if (tokens_.peek().kind == TokenKind::line_feed) {
                tokens_.next();
                builder.feed();
            } else if (tokens_.peek().kind == TokenKind::comment) {
                builder.add(comment());
            } else if (tokens_.peek().is(',')) {
                tokens_.next();
                builder.comma();
            } else {
                builder.add(value(depth));
            }
        }
        tokens_.next();
        WrittenArray array = builder.finish();
        const Width width = width_of(array);
        return {std::move(array), width};
    }

    WrittenValue table(size_t depth) {
        WrittenTable table;
        while (!failed_ && !tokens_.peek().is('}')) {
            table.entries.push_back(entry(depth));
            if (!tokens_.peek().is(',')) break;
            tokens_.next();
        }
        if (!tokens_.next().is('}')) failed_ = true;
        const Width width = width_of(table);
        return {std::move(table), width};
    }

    TokenReader tokens_;
    bool failed_ = false;
};

}  // namespace

WrittenTable::WrittenTable() = default;
WrittenTable::WrittenTable(WrittenTable&&) noexcept = default;
WrittenTable& WrittenTable::operator=(WrittenTable&&) noexcept = default;
WrittenTable::~WrittenTable() = default;

Result<std::vector<WrittenLine>> read_written(std::string_view text) { return WrittenReader(text).lines(); }

}  // namespace seki::config
