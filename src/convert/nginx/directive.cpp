#include "convert/nginx/directive.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

namespace seki::convert::nginx {
namespace {

constexpr size_t max_file_bytes = 4 << 20U;
constexpr size_t max_directives = 200'000;
constexpr size_t max_files = 1000;
constexpr int max_depth = 32;      // of blocks
constexpr int max_includes = 8;    // in each other
constexpr size_t max_shown = 120;  // bytes of a line in remarks

struct Token {
    enum class Kind { word, begin, end, semicolon, nothing };
    Kind kind = Kind::nothing;
    std::string text;
    uint32_t line = 0;
};

class Lexer {
public:
    Lexer(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    Result<Token> next() {
        skip_blanks();
        Token token{.kind = Token::Kind::nothing, .text = {}, .line = line_};
        if (at_end()) return token;
        switch (here()) {
            case '{':
                return mark(token, Token::Kind::begin);
            case '}':
                return mark(token, Token::Kind::end);
            case ';':
                return mark(token, Token::Kind::semicolon);
            case '"':
            case '\'':
                return quoted_word(token);
            default:
                return word(token);
        }
    }

    // What stands in a block of another language, up to the '}' that belongs to the '{' before.
    Result<> skip_foreign_block() {
        const uint32_t begin = line_;
        for (int depth = 1; !at_end(); step()) {
            if (here() == '{') ++depth;
            if (here() == '}' && --depth == 0) {
                step();
                return {};
            }
        }
        return failure("{}:{}: this block has no end", file_, begin);
    }

private:
    [[nodiscard]] bool at_end() const { return place_ >= text_.size(); }
    [[nodiscard]] char here() const { return text_[place_]; }
    void step() {
        if (here() == '\n') ++line_;
        ++place_;
    }

    void skip_blanks() {
        while (!at_end()) {
            if (here() == '#') {
                while (!at_end() && here() != '\n') step();
            } else if (std::string_view(" \t\r\n").contains(here())) {
                step();
            } else if (place_ == 0 && text_.starts_with("\xEF\xBB\xBF")) {
                place_ = 3;  // the mark of byte order
            } else {
                return;
            }
        }
    }

    Token mark(Token token, Token::Kind kind) {
        step();
        token.kind = kind;
        return token;
    }

    // A '\' before a quote, a blank or another one goes; before anything else it stays, as in expressions.
    void copy_escape(std::string& out) {
        const char c = text_[place_ + 1];
        switch (c) {
            case '"':
            case '\'':
            case '\\':
                break;
            case 't':
                out += '\t';
                break;
            case 'r':
                out += '\r';
                break;
            case 'n':
                out += '\n';
                break;
            default:
                out += '\\';
                break;
        }
        if (c != 't' && c != 'r' && c != 'n') out += c;
        step();
        step();
    }

    Result<Token> quoted_word(Token token) {
        const char quote = here();
        step();
        token.kind = Token::Kind::word;
        while (!at_end() && here() != quote) {
            if (here() == '\\' && place_ + 1 < text_.size()) {
                copy_escape(token.text);
            } else {
                token.text += here();
                step();
            }
        }
        if (at_end()) return failure("{}:{}: this quote has no end", file_, token.line);
        step();
        return token;
    }

    Result<Token> word(Token token) {
        token.kind = Token::Kind::word;
        while (!at_end() && !std::string_view(" \t\r\n;{").contains(here())) {
            if (here() == '\\' && place_ + 1 < text_.size()) {
                copy_escape(token.text);
            } else if (text_.substr(place_).starts_with("${")) {
                while (!at_end() && here() != '}' && here() != '\n') {
                    token.text += here();
                    step();
                }
            } else {
                token.text += here();
                step();
            }
        }
        return token;
    }

    std::string_view text_;
    std::string file_;
    size_t place_ = 0;
    uint32_t line_ = 1;
};

class Reader {
public:
    Reader(const std::string& path, const Files& files, Remarks& remarks)
        : folder_(std::filesystem::path(path).parent_path()), files_(files), remarks_(remarks) {}

    Result<std::vector<Directive>> file(const std::string& path, int includes) {
        if (++read_ > max_files) return failure("{}: more than {} files", path, max_files);
        auto text = files_.read(path, max_file_bytes);
        if (!text) return failure("{}: {}", path, text.error().message);
        Lexer lexer(*text, path);
        std::vector<Directive> list;
        auto done = block(lexer, path, list, 0, includes);
        if (!done) return std::unexpected(done.error());
        return list;
    }

private:
    Result<> block(Lexer& lexer, const std::string& path, std::vector<Directive>& list, int depth, int includes) {
        std::optional<Directive> open;
        while (true) {
            auto token = lexer.next();
            if (!token) return std::unexpected(token.error());
            switch (token->kind) {
                case Token::Kind::nothing:
                    if (open) return failure("{}:{}: '{}' has no ';'", path, open->origin.line, open->name);
                    if (depth > 0) return failure("{}:{}: the file ends within a block", path, token->line);
                    return {};
                case Token::Kind::end:
                    if (open) return failure("{}:{}: '{}' has no ';'", path, open->origin.line, open->name);
                    if (depth == 0) return failure("{}:{}: this '}}' ends nothing", path, token->line);
                    return {};
                case Token::Kind::semicolon:
                    if (!open) return failure("{}:{}: this ';' ends nothing", path, token->line);
                    if (auto done = add(std::move(*open), list, includes); !done) return done;
                    open.reset();
                    break;
                case Token::Kind::begin:
                    if (!open) return failure("{}:{}: this '{{' begins nothing", path, token->line);
                    if (auto done = inside(lexer, path, *open, depth, includes); !done) return done;
                    list.push_back(std::move(*open));
                    open.reset();
                    break;
                case Token::Kind::word:
                    if (auto done = take_word(open, *token, path); !done) return done;
                    break;
            }
        }
    }

    Result<> take_word(std::optional<Directive>& open, Token& token, const std::string& path) {
        if (open) {
            open->arguments.push_back(std::move(token.text));
        } else {
            if (++directives_ > max_directives) return failure("{}: more than {} directives", path, max_directives);
            open.emplace();
            open->name = std::move(token.text);
            open->origin = {.file = path, .line = token.line, .text = {}};
        }
        return {};
    }

    Result<> inside(Lexer& lexer, const std::string& path, Directive& open, int depth, int includes) {
        open.has_block = true;
        name_origin(open);
        if (open.name.ends_with("_by_lua_block")) return lexer.skip_foreign_block();
        if (depth + 1 >= max_depth)
            return failure("{}:{}: blocks are more than {} deep", path, open.origin.line, max_depth);
        return block(lexer, path, open.block, depth + 1, includes);
    }

    static void name_origin(Directive& directive) {
        directive.origin.text = directive.name;
        if (!directive.arguments.empty()) directive.origin.text += " " + directive.text();
        if (directive.has_block) directive.origin.text += " {";
        if (directive.origin.text.size() > max_shown) directive.origin.text.resize(max_shown);
    }

    Result<> add(Directive directive, std::vector<Directive>& list, int includes) {
        name_origin(directive);
        if (directive.name != "include" || directive.arguments.size() != 1) {
            list.push_back(std::move(directive));
            return {};
        }
        if (includes >= max_includes)
            return failure("{}:{}: more than {} files include each other", directive.origin.file, directive.origin.line,
                           max_includes);
        const std::string pattern = (folder_ / directive.arguments.front()).string();
        const bool several = pattern.find_first_of("*?[") != std::string::npos;
        for (const std::string& path : several ? files_.matching(pattern) : std::vector{pattern}) {
            if (path.ends_with("mime.types")) continue;
            if (!several && !files_.read(path, max_file_bytes)) {
                remarks_.lost(directive.origin,
                              fmt::format("{} cannot be read; what stands there is not converted", path));
                continue;
            }
            auto included = file(path, includes + 1);
            if (!included) return std::unexpected(included.error());
            std::ranges::move(*included, std::back_inserter(list));
        }
        return {};
    }

    std::filesystem::path folder_;
    const Files& files_;
    Remarks& remarks_;
    size_t directives_ = 0;
    size_t read_ = 0;
};

}  // namespace

std::string Directive::text() const { return fmt::format("{}", fmt::join(arguments, " ")); }

Result<std::vector<Directive>> read_tree(const std::string& path, const Files& files, Remarks& remarks) {
    return Reader(path, files, remarks).file(path, 0);
}

}  // namespace seki::convert::nginx
