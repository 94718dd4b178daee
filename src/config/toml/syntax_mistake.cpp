#include "config/toml/syntax_mistake.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "config/toml/keys.h"
#include "config/toml/tokens.h"

namespace seki::config {
namespace {

constexpr std::string_view digits = "0123456789";

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The line of the error, and where in it the library stopped.
class Spot {
public:
    explicit Spot(const SyntaxError& error) : number_(error.line) {
        for (uint32_t line = 1; line < error.line; ++line) begin_ = error.text.find('\n', begin_) + 1;
        line_ = error.text.substr(begin_);
        line_ = line_.substr(0, line_.find('\n'));
        if (line_.ends_with('\r')) line_.remove_suffix(1);
        for (uint32_t column = 1; column < error.column && at_ < line_.size(); ++column) {
            at_ += std::max<size_t>(first_character(line_.substr(at_)).size, 1);
        }
    }

    [[nodiscard]] std::string_view line() const { return line_; }
    [[nodiscard]] std::string_view before() const { return line_.substr(0, at_); }
    [[nodiscard]] std::string_view rest() const { return line_.substr(at_); }
    [[nodiscard]] char next() const { return at_ < line_.size() ? line_[at_] : '\n'; }
    // All lines before this one are `text` up to here.
    [[nodiscard]] size_t begin_of_line() const { return begin_; }

    // The word that the library stopped at or in: from what can stand before a value to what can stand behind it.
    [[nodiscard]] std::string_view word() const {
        const size_t begin = before().find_last_of("=,[{ \t") + 1;  // npos + 1 is 0
        const std::string_view from = line_.substr(begin);
        return from.substr(0, from.find_first_of(",]}# \t"));
    }

    [[nodiscard]] Place place(std::string_view piece) const {
        const bool inside =
            !piece.empty() && piece.data() >= line_.data() && piece.data() < line_.data() + line_.size();
        const size_t offset = inside ? static_cast<size_t>(piece.data() - line_.data()) : at_;
        return {number_,
                {},
                static_cast<uint32_t>(count_characters(line_.substr(0, offset)) + 1),
                static_cast<uint32_t>(std::max<size_t>(count_characters(piece), 1))};
    }
    [[nodiscard]] Place here() const { return place(line_.substr(at_, std::max<size_t>(character_size(), 1))); }
    [[nodiscard]] Place from_here() const {
        return place(trimmed(rest()).empty() ? line_.substr(at_) : trimmed(rest()));
    }

private:
    [[nodiscard]] size_t character_size() const { return at_ < line_.size() ? first_character(rest()).size : 0; }

    uint32_t number_;
    std::string_view line_;
    size_t begin_ = 0;
    size_t at_ = 0;
};

SyntaxMistake mistake(Place place, std::string reason, std::string suggestion = {}) {
    return {std::move(place), std::move(reason), std::move(suggestion), {}, {}};
}

// ---- values

struct Meant {
    std::string_view written;
    std::string_view value;
};

constexpr std::array other_words_for_flags{Meant{"true", "true"},   Meant{"yes", "true"}, Meant{"on", "true"},
                                           Meant{"false", "false"}, Meant{"no", "false"}, Meant{"off", "false"}};
constexpr std::array words_for_nothing{"null", "none", "nil", "undefined"};

std::string small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return small;
}

bool has_curly_quote(std::string_view word) {
    return std::ranges::any_of(std::array{"“", "”", "„", "‘", "’", "«", "»"},
                               [&](const char* quote) { return word.contains(quote); });
}

// "10s", "64MB"
bool is_number_with_unit(std::string_view word) {
    const size_t end = word.find_first_not_of(digits);
    if (end == 0 || end == std::string_view::npos) return false;
    return std::ranges::all_of(word.substr(end),
                               [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

SyntaxMistake explain_quotes(const Spot& spot) {
    return mistake(spot.place(spot.word()), "these quotes are not those of TOML; write \" on both sides");
}

SyntaxMistake explain_value(const Spot& spot) {
    const std::string_view word = spot.word();
    const std::string small = small_letters(word);
    const Place place = spot.place(word);
    if (word.empty()) return mistake(spot.here(), "a value is missing here");
    if (word.starts_with('=')) return mistake(place, "one '=' is enough");
    const auto behind = spot.line().substr(static_cast<size_t>(word.data() - spot.line().data()) + word.size());
    if (trimmed(behind).starts_with('=') || word.ends_with(':')) {
        return mistake(place, "this looks like the next key, but the list before it is not closed; ']' is missing");
    }
    if (has_curly_quote(word)) return explain_quotes(spot);
    if (const auto* flag = std::ranges::find(other_words_for_flags, std::string_view(small), &Meant::written);
        flag != other_words_for_flags.end()) {
        return mistake(place, fmt::format("'{}' is no value; write {}", word, flag->value), std::string(flag->value));
    }
    if (std::ranges::find(words_for_nothing, small) != words_for_nothing.end())
        return mistake(place, fmt::format("there is no '{}' in TOML; leave the key out", word));
    if (word.ends_with(';')) {
        return mistake(place, "a value ends with its line, without ';'", std::string(word.substr(0, word.size() - 1)));
    }
    if (is_number_with_unit(word)) {
        const auto number = std::string(word.substr(0, word.find_first_not_of(digits)));
        return mistake(place,
                       fmt::format("a number has no unit: write {}, in seconds or bytes or whatever the key "
                                   "counts in; a text stands in quotes",
                                   number),
                       number);
    }
    const bool is_number = word.find_first_not_of(digits) == std::string_view::npos;
    if (is_number && word.starts_with('0') && word.size() > 1) {
        const size_t first = word.find_first_not_of('0');
        const auto number = first == std::string_view::npos ? std::string("0") : std::string(word.substr(first));
        return mistake(place, fmt::format("a number does not begin with 0; write {}", number), number);
    }
    if (is_number) return mistake(place, "the number is too large");
    const std::string quoted = fmt::format("\"{}\"", word);
    if (word.contains('"') || word.contains('\\')) return mistake(place, "this is no value; a text stands in quotes");
    return mistake(place, fmt::format("a text stands in quotes; write {}", quoted), quoted);
}

// ---- texts in quotes

SyntaxMistake explain_text(const Spot& spot, std::string_view said) {
    if (said.contains("unknown escape sequence")) {
        return mistake(spot.here(),
                       "in double quotes \\ has a meaning of its own; write \\\\ for one, or put the text in 'single' "
                       "quotes");
    }
    if (said.contains("end-of-file"))
        return mistake(spot.here(), "the text is not closed; its quotes are missing here");
    if (spot.next() == '\n') {
        const std::string_view kind = said.contains("literal") ? "'" : "\"";
        return mistake(spot.here(), fmt::format("the text is not closed; {} is missing at its end", kind));
    }
    if (said.contains("control characters"))
        return mistake(spot.here(), "a text has no control characters; write \\u0009 for a tab, for instance");
    return mistake(spot.here(), "what follows the \\ is no character; write \\\\ for a \\ of the text");
}

// ---- what is written twice

// "cannot redefine existing table 'a.b' as …": a.b
std::string_view quoted_in(std::string_view said) {
    const size_t begin = said.find('\'');
    if (begin == std::string_view::npos) return {};
    const size_t end = said.rfind('\'');
    return said.substr(begin + 1, end - begin - 1);
}

// The header that the line stands below; lists and texts of several lines whose lines look like one are rare.
std::string_view header_above(std::string_view lines) {
    while (!lines.empty()) {
        lines.remove_suffix(1);  // the line feed
        const size_t begin = lines.rfind('\n') + 1;
        std::string_view line = trimmed(lines.substr(begin, lines.find('#', begin) - begin));
        if (line.starts_with('[') && line.ends_with(']')) {
            const size_t brackets = line.starts_with("[[") ? 2 : 1;
            return trimmed(line.substr(brackets, line.size() - 2 * brackets));
        }
        lines = lines.substr(0, begin);
    }
    return {};
}

SyntaxMistake explain_repeated_header(const Spot& spot, std::string_view said) {
    const std::string name(quoted_in(said));
    const bool meant_list = said.contains("as array-of-tables");
    const bool is_list = said.contains("existing array '");
    const Place place = spot.place(trimmed(spot.line().substr(0, spot.line().find('#'))));
    SyntaxMistake found = mistake(place, {});
    found.repeated = name;
    if (meant_list) {
        found.reason = fmt::format("'{}' is there already, and is no list that [[{}]] could add to", name, name);
    } else if (is_list) {
        found.suggestion = fmt::format("[[{}]]", name);
        found.reason = fmt::format("'{}' is a list; write {} for one more of it", name, found.suggestion);
    } else {
        found.reason = fmt::format("[{}] is there already; write what it has below the first one", name);
    }
    return found;
}

SyntaxMistake explain_repetition(const Spot& spot, const SyntaxError& error) {
    if (error.said.contains("table header")) return explain_repeated_header(spot, error.said);
    std::string_view key = quoted_in(error.said);
    if (key.empty()) key = trimmed(spot.rest().substr(0, spot.rest().find_first_of(".=")));
    const std::string_view written = spot.before();
    const size_t last = written.rfind(key);
    SyntaxMistake found =
        mistake(last == std::string_view::npos ? spot.here() : spot.place(written.substr(last, key.size())),
                fmt::format("'{}' is there already; keep one of them", key));
    found.repeated = key;
    found.repeated_below = header_above(error.text.substr(0, spot.begin_of_line()));
    return found;
}

// ---- keys, headers and what is around values

SyntaxMistake explain_line(const Spot& spot, std::string_view rest) {
    if (rest.starts_with('/') || rest.starts_with(';')) return mistake(spot.here(), "a comment begins with '#'", "#");
    if (rest.starts_with('{'))
        return mistake(spot.here(), "this looks like JSON; the configuration is TOML: key = value");
    if (rest.starts_with('=')) return mistake(spot.here(), "a key is missing before the '='");
    if (rest.starts_with('-'))
        return mistake(spot.place(rest.substr(0, 1)),
                       "this looks like YAML; the configuration is TOML: [[listeners]] begins one of a list");
    return mistake(spot.here(), "a line begins with a key, a [table] or a #comment");
}

SyntaxMistake explain_key(const Spot& spot, std::string_view said) {
    if (said.contains("expected value")) return mistake(spot.here(), "a value must follow the '='");
    if (spot.next() == ':') {
        return mistake(spot.here(), "between a key and its value stands '=', not ':'", "=");
    }
    const std::string_view key = trimmed(spot.before());
    if (key.starts_with('-')) return explain_line(spot, key);
    if (spot.next() == '\n')
        return mistake(spot.place(key), fmt::format("a key needs a value: {} = …; a text stands in quotes", key));
    const bool equals_later = spot.rest().contains('=');
    if (!equals_later) return mistake(spot.here(), fmt::format("'=' is missing between '{}' and its value", key));
    const std::string_view whole = trimmed(spot.line().substr(0, spot.line().find('=')));
    return mistake(spot.place(whole),
                   fmt::format("a key has no spaces; one that needs them stands in quotes: \"{}\"", whole));
}

SyntaxMistake explain_header(const Spot& spot, std::string_view said) {
    if (said.contains("blank bare keys")) return mistake(spot.here(), "a table needs a name between [ and ]");
    if (said.contains("comment or whitespace"))
        return mistake(spot.from_here(), "nothing may follow a header in its line; begin a new line");
    if (said.contains("inline table"))
        return mistake(spot.place(trimmed(spot.line())),
                       "this table was written in braces, and is complete there; add to it in the braces");
    const std::string_view line = trimmed(spot.line().substr(0, spot.line().find('#')));
    const size_t brackets = line.starts_with("[[") ? 2 : 1;
    const std::string closing(brackets, ']');
    if (!line.ends_with(closing))
        return mistake(spot.here(), fmt::format("the header is not closed; {} is missing", closing), closing);
    return mistake(spot.place(line),
                   "a name in a header has letters, digits, '_' and '-'; any other stands in quotes: "
                   "[clusters.\"my shop\"]");
}

SyntaxMistake explain_end_of_value(const Spot& spot) {
    const std::string_view rest = trimmed(spot.rest());
    if (rest.starts_with(',')) return mistake(spot.here(), "no ',' stands between the lines of a file");
    if (rest.starts_with(';')) return mistake(spot.here(), "a value ends with its line, without ';'");
    return mistake(spot.from_here(),
                   "nothing may follow a value in its line; begin a new line, or put all of it in quotes");
}

SyntaxMistake explain_list(const Spot& spot) {
    if (spot.rest().contains('=') && !spot.rest().starts_with('{'))
        return mistake(spot.here(), "the list before this is not closed; ']' is missing");
    return mistake(spot.here(), "',' is missing before this, or ']' if the list ends here");
}

SyntaxMistake explain_braces(const Spot& spot, std::string_view said) {
    if (said.contains("dangling comma")) return mistake(spot.here(), "no ',' stands before '}'; remove it");
    if (spot.next() == '\n') {
        return mistake(spot.here(),
                       "a table in braces stands in one line; close it with '}' here, or write it as a "
                       "[table] with lines of its own");
    }
    return mistake(spot.here(), "',' is missing before this, or '}' if the table ends here");
}

}  // namespace

SyntaxMistake explain(const SyntaxError& error) {
    const Spot spot(error);
    const std::string_view said = error.said;
    const auto parsing = [&](std::string_view what) {
        return said.starts_with(fmt::format("Error while parsing {}:", what));
    };
    if (said.contains("cannot redefine")) return explain_repetition(spot, error);
    if (said.contains("depth")) return mistake(spot.here(), "lists and tables are nested too deeply");
    if (said.contains("end-of-file") && !said.contains("string"))
        return mistake(spot.here(), "the file ends here, but something before it is not closed");
    if (parsing("string") || said.contains(" string:")) return explain_text(spot, said);
    if (parsing("table header")) return explain_header(spot, said);
    if (spot.line().starts_with('[') && !spot.before().contains('=')) return explain_header(spot, "");
    if (parsing("root table")) return explain_line(spot, spot.rest());
    if (parsing("array")) return explain_list(spot);
    if (parsing("inline table")) return explain_braces(spot, said);
    if (parsing("key-value pair")) {
        const bool is_behind = said.contains("comment or whitespace");
        return is_behind ? explain_end_of_value(spot) : explain_key(spot, said);
    }
    return explain_value(spot);
}

}  // namespace seki::config
