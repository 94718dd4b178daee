#include "convert/expression.h"

#include <algorithm>
#include <fmt/format.h>

#include "config/text.h"
#include "routing/regex.h"

namespace seki::convert {
namespace {

constexpr std::string_view metacharacters = "\\^$.|?*+()[]{}";
constexpr std::string_view any_query = "(?:\\?.*)?";

// How deep in groups a walk through an expression is, and whether in a class of characters. What is escaped is not
// passed.
class Nesting {
public:
    void pass(char c) {
        if (in_class_) {
            in_class_ = c != ']';
        } else if (c == '[') {
            in_class_ = true;
        } else if (c == '(') {
            ++depth_;
        } else if (c == ')') {
            --depth_;
        }
    }
    [[nodiscard]] bool outside() const noexcept { return depth_ == 0 && !in_class_; }

private:
    int depth_ = 0;
    bool in_class_ = false;
};

// Reads a PCRE from left to right and says the same for a text that has a query behind the path.
class Translation {
public:
    explicit Translation(std::string_view pcre) : rest_(pcre) {}

    Result<std::string> run() {
        const bool alternatives = has_alternatives(rest_);
        const bool from_begin = !alternatives && take("^");
        bool to_end = false;
        if (!alternatives && rest_.ends_with('$') && !ends_with_escape(rest_.substr(0, rest_.size() - 1))) {
            rest_.remove_suffix(1);
            to_end = true;
        }
        while (!rest_.empty()) {
            if (auto done = step(); !done) return std::unexpected(done.error());
        }
        if (alternatives) out_ = fmt::format("(?:{})", out_);
        std::string_view core = out_;
        bool open = !to_end;
        if (!alternatives && core.ends_with("[^?]*")) {
            core.remove_suffix(5);
            open = true;
        }
        return fmt::format("{}{}{}", from_begin ? "" : "[^?]*", core, open ? ".*" : any_query);
    }

private:
    static bool ends_with_escape(std::string_view text) {
        const size_t last = text.find_last_not_of('\\');
        return (text.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
    }

    // Whether there is a '|' outside of all groups.
    static bool has_alternatives(std::string_view text) {
        Nesting nesting;
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '\\') {
                ++i;
            } else if (c == '|' && nesting.outside()) {
                return true;
            } else {
                nesting.pass(c);
            }
        }
        return false;
    }

    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    void copy(size_t count) {
        out_ += rest_.substr(0, count);
        rest_.remove_prefix(std::min(count, rest_.size()));
    }

    Result<> step() {
        switch (rest_.front()) {
            case '\\':
                return escape();
            case '[':
                return character_class();
            case '(':
                return group();
            case '.':
                out_ += "[^?]";
                break;
            case '$':
                out_ += fmt::format("{}$", any_query);
                break;
            case '*':
            case '+':
            case '?':
                if (rest_.size() > 1 && rest_[1] == '+') return failure("a possessive quantifier");
                copy(1);
                return {};
            default:
                copy(1);
                return {};
        }
        rest_.remove_prefix(1);
        return {};
    }

    Result<> escape() {
        if (rest_.size() < 2) return failure("a '\\' at the end");
        const char c = rest_[1];
        if (c >= '1' && c <= '9') return failure("a back-reference");
        if (std::string_view("GKRXhHvV").contains(c)) return failure("\\{}", c);
        if (c == 'S' || c == 'W' || c == 'D') {
            out_ += fmt::format("[^\\{}?]", static_cast<char>(c | 0x20));
        } else if (c == 'A') {
            out_ += '^';
        } else if (c == 'z' || c == 'Z') {
            out_ += fmt::format("{}$", any_query);
        } else if (c == '/' || c == '-' || c == '_') {
            out_ += c;
        } else {
            copy(2);
            return {};
        }
        rest_.remove_prefix(2);
        return {};
    }

    // A negated one takes no '?' in, where the query begins.
    Result<> character_class() {
        const bool negated = rest_.starts_with("[^");
        size_t end = negated ? 2 : 1;
        if (end < rest_.size() && rest_[end] == ']') ++end;
        while (end < rest_.size() && rest_[end] != ']') {
            if (rest_[end] == '\\') {
                end += 2;
            } else if (rest_.substr(end).starts_with("[:")) {
                const size_t close = rest_.find(":]", end);
                end = close == std::string_view::npos ? rest_.size() : close + 2;
            } else {
                ++end;
            }
        }
        if (end >= rest_.size()) return failure("a '[' without its ']'");
        const size_t begin = negated ? 2 : 1;
        out_ += fmt::format("{}{}", negated ? "[^?" : "[", rest_.substr(begin, end + 1 - begin));
        rest_.remove_prefix(end + 1);
        return {};
    }

    Result<> group() {
        if (!rest_.starts_with("(?")) {
            copy(1);
            return {};
        }
        for (const std::string_view unknown : {"(?=", "(?!", "(?<=", "(?<!"}) {
            if (rest_.starts_with(unknown)) return failure("look-around, '{}'", unknown);
        }
        for (const std::string_view unknown : {"(?>", "(?|", "(?#", "(?R", "(?("}) {
            if (rest_.starts_with(unknown)) return failure("'{}'", unknown);
        }
        for (const std::string_view named : {"(?P<", "(?<", "(?'"}) {
            if (!rest_.starts_with(named)) continue;
            const size_t close = rest_.find(named.back() == '\'' ? '\'' : '>', named.size());
            if (close == std::string_view::npos) return failure("a name without its end");
            out_ += '(';
            rest_.remove_prefix(close + 1);
            return {};
        }
        copy(2);
        return {};
    }

    std::string_view rest_;
    std::string out_;
};

}  // namespace

std::string quoted_expression(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (metacharacters.contains(c)) out += '\\';
        out += c;
    }
    return out;
}

Result<std::string> path_expression(std::string_view pcre, bool any_case) {
    auto translated = Translation(pcre).run();
    if (!translated) return failure("{} is not known to RE2", translated.error().message);
    if (any_case) translated = "(?i)" + *translated;
    if (translated->size() > max_expression_bytes) return failure("it has more than {} bytes", max_expression_bytes);
    const auto compiled = routing::Regex::compile(*translated, routing::Letters::as_written);
    if (!compiled) return failure("{}", compiled.error().message);
    return translated;
}

Result<std::string> host_pattern(std::string_view pcre) {
    if (!pcre.starts_with('^') || !pcre.ends_with('$')) return failure("it is not for the whole name (^…$)");
    pcre = pcre.substr(1, pcre.size() - 2);
    std::vector<std::string> labels(1);
    Nesting nesting;
    for (size_t i = 0; i < pcre.size(); ++i) {
        const char c = pcre[i];
        if (c == '\\' && i + 1 < pcre.size()) {
            ++i;
            if (pcre[i] == '.' && nesting.outside()) {
                labels.emplace_back();
                continue;
            }
            labels.back() += c;
            labels.back() += pcre[i];
            continue;
        }
        if (c == '|' && nesting.outside()) return failure("it has alternatives");
        nesting.pass(c);
        if (c == '(' && (pcre.substr(i).starts_with("(?<") || pcre.substr(i).starts_with("(?P<"))) {
            const size_t close = pcre.find('>', i);
            if (close == std::string_view::npos || pcre.substr(i, close - i).contains('!') ||
                pcre.substr(i, close - i).contains('='))
                return failure("it looks around");
            labels.back() += '(';
            i = close;
            continue;
        }
        labels.back() += c;
    }
    std::string out;
    for (const std::string& label : labels) {
        if (label.contains('/')) return failure("it has a slash");
        const bool plain =
            std::ranges::all_of(label, [](char c) { return config::is_alphanumeric(c) || c == '-' || c == '_'; });
        if (!plain) {
            const auto compiled = routing::Regex::compile(label, routing::Letters::any_case);
            if (!compiled) return failure("{}", compiled.error().message);
        }
        if (!out.empty()) out += '.';
        out += plain ? label : fmt::format("/{}/", label);
    }
    return out;
}

std::vector<std::string> hosts_beginning_with(std::string_view text) {
    std::vector<std::string> found;
    const bool whole = text.ends_with('.');
    const size_t dot = text.find_last_of('.', whole ? text.size() - 2 : text.size());
    const size_t begin = dot == std::string_view::npos ? 0 : dot + 1;
    std::string first(text.substr(0, begin));
    if (whole) {
        first = text.substr(0, text.size() - 1);
    } else {
        first += fmt::format("/{}.*/", quoted_expression(text.substr(begin)));
        found.push_back(first);
    }
    for (int labels = 1; labels <= 3; ++labels) {
        first += "./[^.]+/";
        found.push_back(first);
    }
    return found;
}

std::string_view fixed_beginning(std::string_view expression) {
    size_t end = 0;
    while (end < expression.size() && !metacharacters.contains(expression[end])) ++end;
    if (end < expression.size() && end > 0 && std::string_view("?*{").contains(expression[end])) --end;
    return expression.substr(0, end);
}

}  // namespace seki::convert
