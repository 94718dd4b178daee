#include "http/answer_template.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "base/check.h"
#include "http/characters.h"
#include "http/h1/connection.h"
#include "http/h1/framing.h"
#include "http/h1/head_parser.h"

namespace seki::http {

namespace {

struct NamedVariable {
    std::string_view name;
    Variable variable;
};

constexpr auto named_variables = std::to_array<NamedVariable>({
    {"BACKEND_ID", Variable::backend_id},
    {"CAPACITY", Variable::capacity},
    {"CLIENT_IP", Variable::client_ip},
    {"CLUSTER_ID", Variable::cluster_id},
    {"DURATION", Variable::duration},
    {"HOST", Variable::host},
    {"INVALID", Variable::invalid},
    {"MESSAGE", Variable::message},
    {"METHOD", Variable::method},
    {"PARTIALLY_PARSED", Variable::partially_parsed},
    {"PATH", Variable::path},
    {"PHASE", Variable::phase},
    {"REASON", Variable::reason},
    {"REDIRECT_LOCATION", Variable::redirect_location},
    {"REQUEST_ID", Variable::request_id},
    {"RETRY_AFTER", Variable::retry_after},
    {"ROUTE", Variable::route},
    {"STATUS", Variable::status},
    {"SUCCESSFULLY_PARSED", Variable::successfully_parsed},
    {"TEMPLATE_NAME", Variable::template_name},
    {"WWW_AUTHENTICATE", Variable::www_authenticate},
});
static_assert(named_variables.size() == variable_count);

// How much of a name a message repeats.
constexpr size_t longest_shown = 64;
// Fewer capitals than this are no name: 50%OF, %A.
constexpr size_t shortest_name = 3;

constexpr uint16_t first_final_status = 200;
constexpr uint16_t last_status = 599;

bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }

// The name that the text begins with: as many capitals and underscores as there are, without underscores at its ends.
std::string_view name_at(std::string_view text) noexcept {
    size_t size = 0;
    while (size < text.size() && (is_capital(text[size]) || (text[size] == '_' && size > 0))) ++size;
    while (size > 0 && text[size - 1] == '_') --size;
    return text.substr(0, size);
}

// "%C3": a byte of a URL. Behind another such byte it may well be followed by capitals.
bool is_encoded_byte(std::string_view text) noexcept {
    return text.size() >= 3 && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
}

// Whether a Connection field says something else than whether the connection stays.
bool is_odd(std::string_view connection) noexcept {
    bool odd = false;
    for_each_element(connection, [&](std::string_view option) {
        odd |= !equal_ignoring_case(option, "close") && !equal_ignoring_case(option, "keep-alive");
    });
    return odd;
}

}  // namespace

// ---- parsing

class AnswerTemplate::Reader {
public:
    Reader(uint16_t status, std::string_view text) : text_(text), rest_(text) { answer_.status_ = status; }

    Result<AnswerTemplate> read() {
        if (auto done = read_status_line(); !done) return std::unexpected(std::move(done.error()));
        if (auto done = read_fields(); !done) return std::unexpected(std::move(done.error()));
        if (auto done = read_body(); !done) return std::unexpected(std::move(done.error()));
        return std::move(answer_);
    }

private:
    // The next line with CRLF and an empty line behind it, as a head that ends there; nothing when no line end is left.
    std::optional<std::string> next_line() {
        const size_t end = rest_.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        std::string_view line = rest_.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        rest_.remove_prefix(end + 1);
        ++line_;
        return std::string(line) + "\r\n\r\n";
    }

    Result<> read_status_line();
    Result<> read_fields();
    Result<> read_field(const Field& field);
    Result<> read_content_type(std::string_view value);
    Result<> read_body();
    Result<Span> read_pieces(std::string_view text);
    Result<size_t> read_percent(std::string_view text, size_t at);

    // Appends to the literal that is being collected; finish() makes it a piece.
    void collect(std::string_view text) { answer_.literals_ += text; }
    void finish(std::optional<Variable> variable) {
        const size_t size = answer_.literals_.size() - literal_begin_;
        if (size > 0 || variable) answer_.pieces_.push_back({span(literal_begin_, size), variable});
        literal_begin_ = answer_.literals_.size();
    }
    static Span span(size_t begin, size_t size) noexcept {
        return {static_cast<uint32_t>(begin), static_cast<uint32_t>(size)};
    }

    AnswerTemplate answer_;
    std::string_view text_;
    std::string_view rest_;
    size_t line_ = 0;  // the one that was read last, from 1
    FieldTable table_;
    size_t variables_ = 0;
    bool typed_ = false;
    size_t literal_begin_ = 0;
    size_t encoded_end_ = 0;  // where the last byte of a URL ended
};

Result<> AnswerTemplate::Reader::read_status_line() {
    const auto line = next_line();
    if (!line) return failure("an answer begins with a line such as 'HTTP/1.1 503 Service Unavailable'");
    ResponseHead head;
    const h1::Parsed parsed = h1::parse_response_head(*line, {.max_head_bytes = max_size + 4}, head);
    if (parsed.outcome != h1::Parsed::Outcome::complete || !line->starts_with("HTTP/1.1 ")) {
        return failure("line 1: not a line such as 'HTTP/1.1 503 Service Unavailable'");
    }
    if (head.status != answer_.status_)
        return failure("line 1: the status is {}, not {}", head.status, answer_.status_);
    if (head.status < first_final_status || head.status > last_status) {
        return failure("line 1: {} is not the status of an answer", head.status);
    }
    answer_.reason_ = trim(head.reason);
    return {};
}

Result<> AnswerTemplate::Reader::read_fields() {
    while (true) {
        const auto line = next_line();
        if (!line) return failure("the head does not end: there is no empty line behind it");
        if (text_.size() - rest_.size() > max_head_size)
            return failure("the head has more than {} bytes", max_head_size);
        if (*line == "\r\n\r\n") return {};
        if (h1::parse_fields(*line, 1, table_).outcome != h1::Parsed::Outcome::complete || table_.all().empty()) {
            return failure("line {}: not a header field", line_);
        }
        const h1::ConnectionOptions options = h1::ConnectionOptions::read(table_);
        if (options.close) answer_.closes_ = true;
        if (auto done = read_field(table_.all().front()); !done) return done;
    }
}

Result<> AnswerTemplate::Reader::read_field(const Field& field) {
    const std::string_view shown = field.name.substr(0, longest_shown);
    if (field.id == FieldId::connection) {
        if (is_odd(field.value)) return failure("line {}: Connection may say 'close' or 'keep-alive' only", line_);
        return {};
    }
    if (field.dropped || field.id == FieldId::trailer) {
        return failure("line {}: {} concerns how the answer is sent, which is not for a template", line_, shown);
    }
    if (field.id == FieldId::content_length) return {};
    if (field.name.find('%') != std::string_view::npos) {
        return failure("line {}: variables stand in values, not in the name {}", line_, shown);
    }
    if (answer_.fields_.size() == max_fields) return failure("line {}: more than {} header fields", line_, max_fields);
    const size_t name = answer_.literals_.size();
    answer_.literals_ += field.name;
    literal_begin_ = answer_.literals_.size();
    auto value = read_pieces(field.value);
    if (!value) return std::unexpected(std::move(value.error()));
    answer_.fields_.push_back({span(name, field.name.size()), *value, field.id});
    return field.id == FieldId::content_type ? read_content_type(field.value) : Result<>();
}

// Decides how values are escaped in the body, and so cannot depend on values.
Result<> AnswerTemplate::Reader::read_content_type(std::string_view value) {
    if (typed_) return failure("line {}: a second Content-Type", line_);
    typed_ = true;
    const Span pieces = answer_.fields_.back().value;
    if (pieces.size > 1 || (pieces.size == 1 && answer_.pieces_[pieces.begin].variable)) {
        return failure("line {}: there can be no variable in Content-Type", line_);
    }
    answer_.escaping_ = escaping_for(value);
    return {};
}

Result<> AnswerTemplate::Reader::read_body() {
    ++line_;
    if (!rest_.empty() && bodiless(answer_.status_)) {
        return failure("line {}: an answer with {} has no body", line_, answer_.status_);
    }
    auto body = read_pieces(rest_);
    if (!body) return std::unexpected(std::move(body.error()));
    answer_.body_ = *body;
    return {};
}

// `line_` is the line in which the text begins.
Result<AnswerTemplate::Span> AnswerTemplate::Reader::read_pieces(std::string_view text) {
    const size_t first = answer_.pieces_.size();
    size_t at = 0;
    encoded_end_ = std::string_view::npos;
    while (at < text.size()) {
        const size_t percent = std::min(text.find('%', at), text.size());
        collect(text.substr(at, percent - at));
        at = percent;
        if (at == text.size()) break;
        const auto used = read_percent(text, at);
        if (!used) return std::unexpected(used.error());
        at += *used;
    }
    finish(std::nullopt);
    return span(first, answer_.pieces_.size() - first);
}

// What begins with the percent sign at `at`: how many characters of it were read.
Result<size_t> AnswerTemplate::Reader::read_percent(std::string_view text, size_t at) {
    const std::string_view rest = text.substr(at);
    // %%NAME is the text %NAME; any other %% stays as it is.
    if (rest.starts_with("%%")) {
        const bool escapes_name = name_at(rest.substr(2)).size() >= shortest_name;
        collect("%");
        return escapes_name ? 2 : 1;
    }
    const std::string_view name = name_at(rest.substr(1));
    if (const auto* const found = std::ranges::find(named_variables, name, &NamedVariable::name);
        found != named_variables.end()) {
        if (++variables_ > max_variables) return failure("there are more than {} variables", max_variables);
        finish(found->variable);
        return name.size() + 1;
    }
    if (is_encoded_byte(rest) && (name.size() < shortest_name || at == encoded_end_)) {
        collect(rest.substr(0, 3));
        encoded_end_ = at + 3;
        return 3;
    }
    if (name.size() >= shortest_name) {
        const auto line = line_ + static_cast<size_t>(std::ranges::count(text.substr(0, at), '\n'));
        return failure("line {}: there is no variable %{}; write %%{} if that is meant to be text", line,
                       name.substr(0, longest_shown), name.substr(0, longest_shown));
    }
    collect("%");
    return 1;
}

Result<AnswerTemplate> AnswerTemplate::parse(uint16_t status, std::string_view text) {
    if (text.empty()) return failure("the answer is empty");
    if (text.size() > max_size)
        return failure("an answer has at most {} bytes, this one has {}", max_size, text.size());
    return Reader(status, text).read();
}

// ---- rendering

namespace {

// A path that a client chose would lead to whatever host it names when it begins with two slashes (RFC 3986 §4.2), of
// which browsers take one for a backslash. Behind a segment that means nothing it is a path.
constexpr std::string_view same_host = "/.";

bool names_host(std::string_view reference) noexcept {
    return reference.starts_with("//") || reference.starts_with("/\\");
}

}  // namespace

class AnswerTemplate::Rendering {
public:
    Rendering(const AnswerTemplate& answer, const Variables& variables, std::string& text);
    Rendering(const Rendering&) = delete;
    Rendering& operator=(const Rendering&) = delete;

    // How much more the values may add from here on.
    void limit_growth(size_t growth) noexcept { growth_left_ = growth; }
    struct Text {
        std::string_view text;
        bool void_of_values = false;  // there are variables, and none had a value
    };
    enum class Place : uint8_t { anywhere, location };
    Text write(Span pieces, Escaping how, Place place = Place::anywhere);

private:
    const AnswerTemplate& answer_;
    Variables variables_;
    std::array<char, 3> status_;
    Output out_;
    size_t growth_left_ = 0;
};

AnswerTemplate::Rendering::Rendering(const AnswerTemplate& answer, const Variables& variables, std::string& text)
    : answer_(answer), variables_(variables), out_(nullptr, nullptr) {
    std::to_chars(status_.data(), status_.data() + status_.size(), answer.status_);
    variables_.set(Variable::status, {status_.data(), status_.size()});
    variables_.set(Variable::reason, answer.reason_);
    // Room for all that may come, so that nothing moves under the views that were given out.
    size_t growth = answer.fields_.size() * same_host.size();
    for (const Piece& piece : answer.pieces_) {
        if (growth > max_head_growth + max_growth) break;
        if (!piece.variable) continue;
        const std::string_view value = variables_[*piece.variable];
        growth += std::max(value.size(), escaped_size(value, answer.escaping_));
    }
    text.resize(answer.literals_.size() + std::min(growth, max_head_growth + max_growth));
    out_ = Output(text.data(), text.data() + text.size());
}

AnswerTemplate::Rendering::Text AnswerTemplate::Rendering::write(Span pieces, Escaping how, Place place) {
    const auto all = std::span(answer_.pieces_).subspan(pieces.begin, pieces.size);
    if (all.empty()) return {};
    if (!all.front().variable) return {answer_.literal(all.front().literal)};
    const char* const begin = out_.cursor();
    bool void_of_values = true;
    for (const Piece& piece : all) {
        out_.append(answer_.literal(piece.literal));
        if (!piece.variable) continue;
        const std::string_view value = variables_[*piece.variable];
        const bool leads_away = place == Place::location && out_.cursor() == begin && names_host(value);
        const std::string_view before = leads_away ? same_host : std::string_view();
        const size_t size = before.size() + escaped_size(value, how);
        if (size == 0 || size > growth_left_) continue;
        out_.append(before);
        append_escaped(value, how, out_);
        growth_left_ -= size;
        void_of_values = false;
    }
    SEKI_DCHECK(!out_.overflow());
    return {{begin, out_.cursor()}, void_of_values};
}

std::string_view AnswerTemplate::render(const Variables& variables, FieldTable& fields, std::string& text) const {
    Rendering rendering(*this, variables, text);
    rendering.limit_growth(max_head_growth);
    for (const FieldPieces& field : fields_) {
        const auto place = field.id == FieldId::location ? Rendering::Place::location : Rendering::Place::anywhere;
        const auto value = rendering.write(field.value, Escaping::plain, place);
        if (value.void_of_values) continue;
        fields.add({.name = literal(field.name), .value = value.text, .line = {}, .id = field.id});
    }
    rendering.limit_growth(max_growth);
    return rendering.write(body_, escaping_).text;
}

}  // namespace seki::http
