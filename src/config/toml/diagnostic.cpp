#include "config/toml/diagnostic.h"

#include <algorithm>

#include "base/utf8.h"

namespace seki::config {
namespace {

constexpr size_t max_shown = 120;    // characters of a line
constexpr size_t shown_before = 40;  // of them, before what is meant, where the line is longer

// One diagnostic is one line, whatever the file has in its keys and values.
std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            shown += fmt::format("\\x{:02x}", byte);
        } else {
            shown += c;
        }
    }
    return shown;
}

std::vector<std::string_view> characters(std::string_view text) {
    std::vector<std::string_view> found;
    while (!text.empty()) {
        const size_t size = std::max<size_t>(first_character(text).size, 1);
        found.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return found;
}

// The piece of a line around what is meant, with marks below.
class Excerpt {
public:
    explicit Excerpt(const Diagnostic& diagnostic) : all_(characters(diagnostic.written)) {
        const size_t length = all_.size();
        from_ = std::min<size_t>(diagnostic.column - 1, length);
        to_ = diagnostic.width == 0 ? length : std::min<size_t>(from_ + diagnostic.width, length);
        if (length <= max_shown) {
            end_ = length;
            return;
        }
        begin_ = from_ > shown_before ? from_ - shown_before : 0;
        end_ = std::min(begin_ + max_shown, length);
        to_ = std::min(to_, end_);
    }

    [[nodiscard]] std::string line() const {
        std::string text = begin_ > 0 ? "…" : "";
        for (size_t i = begin_; i < end_; ++i) text += all_[i] == "\t" ? " " : seki::printable(all_[i]);
        return end_ < all_.size() ? text + "…" : text;
    }
    // At least one: what is missing at the end of a line is marked behind it.
    [[nodiscard]] std::string marks() const {
        const size_t before = from_ - begin_ + (begin_ > 0 ? 1 : 0);
        return std::string(before, ' ') + std::string(std::max<size_t>(to_ - std::min(from_, to_), 1), '^');
    }

private:
    std::vector<std::string_view> all_;
    size_t from_ = 0;  // what is meant
    size_t to_ = 0;
    size_t begin_ = 0;  // what is shown
    size_t end_ = 0;
};

std::string_view first_line(std::string_view text) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// What must not reach a log where others read it.
bool has_secret(std::string_view line) { return line.contains("authorized_hashes"); }

}  // namespace

std::string Diagnostic::text() const {
    std::string text = file;
    if (line > 0) text += fmt::format(":{}", line);
    if (!key.empty()) text += fmt::format(": {}", key);
    return printable(text + ": " + reason);
}

std::string Diagnostic::shown() const {
    const std::string_view word = severity == Severity::error ? "error" : "warning";
    std::string place = file;
    if (line > 0) place += fmt::format(":{}", line);
    if (column > 0) place += fmt::format(":{}", column);
    if (!key.empty()) place += ": " + key;
    std::string shown = fmt::format("{}: {}\n", word, printable(place + ": " + reason));
    if (written.empty() || column == 0) return shown;
    const Excerpt excerpt(*this);
    const std::string number = fmt::format("{:5}", line);
    shown += fmt::format("{} | {}\n", number, excerpt.line());
    return shown + fmt::format("{} | {}\n", std::string(number.size(), ' '), excerpt.marks());
}

void Diagnostics::remember(Severity severity, const Place& place, std::string reason, std::string_view suggestion) {
    Diagnostic diagnostic{severity, file_, place.line, place.key, std::move(reason)};
    diagnostic.column = place.column;
    diagnostic.width = place.width;
    diagnostic.suggestion = suggestion;
    by_line_.emplace(place.line, std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::take() {
    std::vector<Diagnostic> diagnostics;
    diagnostics.reserve(by_line_.size());
    std::string_view rest = text_;
    uint32_t at = 1;  // the line that `rest` begins with
    for (auto& [line, diagnostic] : by_line_) {
        if (line > 0) {
            for (; at < line && !rest.empty(); ++at) rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
            const std::string_view written = first_line(rest);
            if (at == line && !has_secret(written)) diagnostic.written = written;
        }
        diagnostics.push_back(std::move(diagnostic));
    }
    by_line_.clear();
    return diagnostics;
}

std::string text(const std::vector<Diagnostic>& diagnostics) {
    std::string lines;
    for (const Diagnostic& diagnostic : diagnostics) lines += diagnostic.shown();
    return lines;
}

}  // namespace seki::config
