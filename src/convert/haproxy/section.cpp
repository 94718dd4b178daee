#include "convert/haproxy/section.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace seki::convert::haproxy {
namespace {

constexpr size_t max_file_bytes = 4 << 20U;
constexpr size_t max_lines = 200'000;
constexpr size_t max_words = 1024;  // of a line
constexpr size_t max_shown = 120;   // bytes of a line in remarks

constexpr std::array kinds{"global",      "defaults",    "frontend", "backend",  "listen",
                           "userlist",    "resolvers",   "peers",    "mailers",  "cache",
                           "program",     "http-errors", "ring",     "fcgi-app", "log-forward",
                           "log-profile", "crt-store",   "traces",   "acme",     "namespace_list"};

class Words {
public:
    Words(std::string_view line, std::string_view place) : rest_(line), place_(place) {}

    Result<std::vector<std::string>> take() {
        std::vector<std::string> words;
        std::string word;
        bool open = false;
        const auto end_word = [&] {
            if (open) words.push_back(std::move(word));
            word.clear();
            open = false;
        };
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '#') break;
            if (c == ' ' || c == '\t' || c == '\r') {
                rest_.remove_prefix(1);
                end_word();
                if (words.size() > max_words) return failure("{}: more than {} words", place_, max_words);
                continue;
            }
            open = true;
            if (auto done = step(word); !done) return std::unexpected(done.error());
        }
        end_word();
        return words;
    }

private:
    Result<> step(std::string& word) {
        const char c = rest_.front();
        if (c == '\'' || c == '"') return quoted(word, c);
        if (c == '\\' && rest_.size() > 1) return escaped(word);
        word += c;
        rest_.remove_prefix(1);
        return {};
    }

    Result<> escaped(std::string& word) {
        const char c = rest_[1];
        constexpr std::string_view meant = "\\\"' #$";
        switch (c) {
            case 't':
                word += '\t';
                break;
            case 'r':
                word += '\r';
                break;
            case 'n':
                word += '\n';
                break;
            default:
                if (!meant.contains(c)) word += '\\';
                word += c;
        }
        rest_.remove_prefix(2);
        return {};
    }

    Result<> quoted(std::string& word, char quote) {
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != quote) {
            if (quote == '"' && rest_.front() == '\\' && rest_.size() > 1) {
                if (auto done = escaped(word); !done) return done;
                continue;
            }
            word += rest_.front();
            rest_.remove_prefix(1);
        }
        if (rest_.empty()) return failure("{}: this quote has no end", place_);
        rest_.remove_prefix(1);
        return {};
    }

    std::string_view rest_;
    std::string place_;
};

class Reader {
public:
    Reader(std::string path, Remarks& remarks) : path_(std::move(path)), remarks_(remarks) {}

    Result<std::vector<std::unique_ptr<Section>>> read(std::string_view text) {
        uint32_t number = 0;
        while (!text.empty()) {
            std::string line;
            const uint32_t begins = number + 1;
            // A '\' at the end goes on with the next line.
            do {
                const size_t end = std::min(text.find('\n'), text.size());
                if (line.ends_with('\\')) line.pop_back();
                line += text.substr(0, end);
                text.remove_prefix(std::min(end + 1, text.size()));
                if (++number > max_lines) return failure("{}: more than {} lines", path_, max_lines);
            } while (line.ends_with('\\') && !text.empty());
            if (auto done = take(line, begins); !done) return std::unexpected(done.error());
        }
        return std::move(sections_);
    }

private:
    Result<> take(std::string_view text, uint32_t number) {
        Line line{.words = {}, .origin = {.file = path_, .line = number, .text = {}}};
        auto words = Words(text, fmt::format("{}:{}", path_, number)).take();
        if (!words) return std::unexpected(words.error());
        line.words = std::move(*words);
        if (line.words.empty()) return {};
        const size_t begin = text.find_first_not_of(" \t");
        line.origin.text = text.substr(begin, max_shown);
        while (line.origin.text.ends_with(' ') || line.origin.text.ends_with('\r')) line.origin.text.pop_back();
        if (skip_conditional(line)) return {};
        if (std::ranges::find(kinds, line.word(0)) != kinds.end()) return begin_section(std::move(line));
        if (sections_.empty()) return failure("{}:{}: '{}' stands in no section", path_, number, line.word(0));
        sections_.back()->lines.push_back(std::move(line));
        return {};
    }

    // .if … .endif, which nobody here can judge.
    bool skip_conditional(const Line& line) {
        if (line.word(0) == ".if") ++conditional_;
        const bool skipped = conditional_ > 0 || line.word(0).starts_with('.');
        if (line.word(0) == ".endif" && conditional_ > 0) --conditional_;
        if (skipped) remarks_.lost(line.origin, "what stands between .if and .endif is not converted");
        return skipped;
    }

    Result<> begin_section(Line line) {
        auto section = std::make_unique<Section>();
        section->head = std::move(line);
        if (section->kind() != "defaults") section->defaults = defaults_;
        const auto& words = section->head.words;
        for (size_t i = 2; i + 1 < words.size(); ++i) {
            if (words[i] != "from") continue;
            for (const auto& other : sections_) {
                if (other->kind() == "defaults" && other->name() == words[i + 1]) section->defaults = other.get();
            }
        }
        if (section->kind() == "defaults") defaults_ = section.get();
        sections_.push_back(std::move(section));
        return {};
    }

    std::string path_;
    Remarks& remarks_;
    std::vector<std::unique_ptr<Section>> sections_;
    const Section* defaults_ = nullptr;
    int conditional_ = 0;
};

}  // namespace

const Line* Section::find(std::string_view first, std::string_view second) const {
    const Line* found = nullptr;
    for (const Line& line : lines) {
        if (!line.begins(first, second)) continue;
        line.handled = true;
        found = &line;
    }
    if (found == nullptr && defaults != nullptr) return defaults->find(first, second);
    return found;
}

std::vector<const Line*> Section::all(std::string_view first, std::string_view second) const {
    std::vector<const Line*> found;
    for (const Line& line : lines) {
        if (!line.begins(first, second)) continue;
        line.handled = true;
        found.push_back(&line);
    }
    return found;
}

const Line* Section::option(std::string_view name) const {
    const Line* found = nullptr;
    bool said = false;
    for (const Line& line : lines) {
        const bool refused = line.begins("no", "option") && line.word(2) == name;
        if (!refused && !line.begins("option", name)) continue;
        line.handled = said = true;
        found = refused ? nullptr : &line;
    }
    return said || defaults == nullptr ? found : defaults->option(name);
}

Result<std::vector<std::unique_ptr<Section>>> read_sections(const std::string& path, const Files& files,
                                                            Remarks& remarks) {
    auto text = files.read(path, max_file_bytes);
    if (!text) return failure("{}: {}", path, text.error().message);
    return Reader(path, remarks).read(*text);
}

}  // namespace seki::convert::haproxy
