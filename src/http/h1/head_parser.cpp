#include "http/h1/head_parser.h"

#include <algorithm>
#include <cstring>

#include "http/characters.h"

namespace seki::http::h1 {

namespace {

// The first byte that is not a tchar, or the end of the text.
const char* find_token_end(const char* begin, const char* end) noexcept {
    return find_other_than<table::token>(begin, end);
}

// Whether a name that nobody knows is a token. Those that consist of what all names do are told apart from the others
// on the way.
bool is_name(const char* begin, const char* end, FieldTable& fields) noexcept {
    begin = find_other_than<table::plain_name>(begin, end);
    if (begin == end) return true;
    fields.note_odd_name();
    return find_token_end(begin, end) == end;
}

// They are written anew.
void forget_spaced_lines(FieldTable& fields) noexcept {
    for (Field& field : fields.all()) {
        if (field.line[field.name.size()] != ':') field.line = {};
    }
}

const char* skip_blanks(const char* begin, const char* end) noexcept {
    while (begin != end && is_blank(*begin)) ++begin;
    return begin;
}

Parsed incomplete() noexcept { return {}; }
Parsed refused(Fault fault) noexcept { return {Parsed::Outcome::fault, fault, 0}; }
Parsed complete(size_t size) noexcept { return {Parsed::Outcome::complete, Fault::none, size}; }

// A line without its end. `state`: whether there is a whole one, and whether it ended with CRLF.
struct Line {
    enum class State : uint8_t { whole, unfinished, bare };
    State state;
    std::string_view text;
};

Line first_line(std::string_view input) noexcept {
    const size_t feed = input.find('\n');
    if (feed == std::string_view::npos) return {Line::State::unfinished, input};
    if (feed == 0 || input[feed - 1] != '\r') return {Line::State::bare, input.substr(0, feed)};
    return {Line::State::whole, input.substr(0, feed - 1)};
}

// The token at the beginning of the text; empty when there is none.
std::string_view token_of(std::string_view text) noexcept {
    size_t size = 0;
    while (size < text.size() && is_token(text[size])) ++size;
    return text.substr(0, size);
}

// Whether `text` begins with `word`, which it is long enough for: one comparison of a register or two.
template <size_t size>
bool begins(std::string_view text, const char (&word)[size]) noexcept {
    return std::memcmp(text.data(), word, size - 1) == 0;
}

Method method_of(std::string_view text) noexcept {
    switch (text.size()) {
        case 3:
            if (begins(text, "GET")) return Method::get;
            if (begins(text, "PUT")) return Method::put;
            break;
        case 4:
            if (begins(text, "POST")) return Method::post;
            if (begins(text, "HEAD")) return Method::head;
            break;
        case 5:
            if (begins(text, "PATCH")) return Method::patch;
            if (begins(text, "TRACE")) return Method::trace;
            break;
        case 6:
            if (begins(text, "DELETE")) return Method::del;
            break;
        case 7:
            if (begins(text, "OPTIONS")) return Method::options;
            if (begins(text, "CONNECT")) return Method::connect;
            break;
        default:
            break;
    }
    return Method::other;
}

// A method that has no body in its answer, or ends in a tunnel, for whoever does not look at the case of its letters
// (RFC 9110 §9.1).
bool misread(std::string_view method) noexcept {
    return equal_ignoring_case(method, "HEAD") || equal_ignoring_case(method, "CONNECT");
}

constexpr size_t version_size = 8;  // "HTTP/1.1"

// RFC 9112 §2.3. A higher minor version is understood as 1.1 (RFC 9110 §6.2).
Fault version_of(std::string_view text, Version& version, Fault malformed) noexcept {
    if (text.size() != version_size) return malformed;
    if (begins(text, "HTTP/1.1")) {
        version = Version::http11;
        return Fault::none;
    }
    if (!begins(text, "HTTP/") || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7])) return malformed;
    if (text[5] != '1') return Fault::version_not_supported;
    version = text[7] == '0' ? Version::http10 : Version::http11;
    return Fault::none;
}

Fault parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) noexcept {
    head.method_text = token_of(line);
    head.method = method_of(head.method_text);
    if (head.method == Method::other && misread(head.method_text)) return Fault::bad_request_line;
    size_t at = head.method_text.size();
    if (at == 0 || at == line.size() || line[at] != ' ') return Fault::bad_request_line;
    const size_t target = ++at;
    const char* const end = line.data() + line.size();
    at = static_cast<size_t>(find_other_than<table::target>(line.data() + target, end) - line.data());
    if (at - target > limits.max_target_bytes) return Fault::target_too_long;
    if (at == target || at == line.size()) return Fault::bad_request_line;
    if (line[at] != ' ') return Fault::bad_target;
    head.path = line.substr(target, at - target);
    return version_of(line.substr(at + 1), head.version, Fault::bad_request_line);
}

Fault parse_status_line(std::string_view line, ResponseHead& head) noexcept {
    if (const Fault fault = version_of(line.substr(0, version_size), head.version, Fault::bad_status_line);
        fault != Fault::none) {
        return fault;
    }
    line.remove_prefix(version_size);
    const bool shaped = line.size() >= 4 && line[0] == ' ' && is_digit(line[1]) && is_digit(line[2]) &&
                        is_digit(line[3]) && (line.size() == 4 || line[4] == ' ');
    if (!shaped || line[1] == '0') return Fault::bad_status_line;
    head.status = static_cast<uint16_t>((line[1] - '0') * 100 + (line[2] - '0') * 10 + (line[3] - '0'));
    head.reason = line.size() > 5 ? line.substr(5) : std::string_view();
    const char* end = head.reason.data() + head.reason.size();
    return find_control(head.reason.data(), end) == end ? Fault::none : Fault::bad_status_line;
}

// What is wrong with a start line that is not complete yet, if that is certain already.
Fault unfinished_request_line(std::string_view text, const HeadLimits& limits) noexcept {
    if (text.empty() || text == "\r") return Fault::none;
    const std::string_view method = token_of(text);
    if (method.size() < text.size() && (method.empty() || text[method.size()] != ' ')) return Fault::bad_request_line;
    if (text.size() > limits.max_target_bytes + method.size() + version_size + 3) return Fault::target_too_long;
    return Fault::none;
}

// Of a head whose end has not come.
Parsed unfinished(std::string_view input, const HeadLimits& limits) noexcept {
    return input.size() >= limits.max_head_bytes ? refused(Fault::head_too_large) : incomplete();
}

Parsed parse_rest(std::string_view input, size_t start_line, const HeadLimits& limits, FieldTable& fields,
                  BeforeColon allowed) noexcept {
    const Parsed rest = parse_fields(input.substr(start_line), limits.max_fields, fields, allowed);
    if (rest.outcome == Parsed::Outcome::fault) return rest;
    if (rest.outcome == Parsed::Outcome::incomplete) return unfinished(input, limits);
    const size_t size = start_line + rest.size;
    return size > limits.max_head_bytes ? refused(Fault::head_too_large) : complete(size);
}

}  // namespace

// One line at a time. The first control character of a value has to be the end of its line; a name that is known need
// not be looked at again for characters that no token has.
Parsed parse_fields(std::string_view input, uint32_t max_fields, FieldTable& fields, BeforeColon allowed) noexcept {
    bool spaced = false;
    fields.clear();
    const size_t most_fields = std::min<size_t>(max_fields, FieldTable::capacity);
    const char* const end = input.data() + input.size();
    const char* at = input.data();
    const auto line_end = [end](const char* cr) noexcept {
        if (cr + 1 == end) return Parsed::Outcome::incomplete;
        return cr[1] == '\n' ? Parsed::Outcome::complete : Parsed::Outcome::fault;
    };
    while (true) {
        if (at == end) return incomplete();
        if (*at == '\r') {
            const auto outcome = line_end(at);
            if (outcome == Parsed::Outcome::fault) return refused(Fault::bad_field);
            if (outcome == Parsed::Outcome::incomplete) return incomplete();
            if (spaced) forget_spaced_lines(fields);
            return complete(static_cast<size_t>(at + 2 - input.data()));
        }
        const char* const line = at;
        const char* const name_end = find_colon(at, end);
        if (name_end == end) return find_token_end(line, end) == end ? incomplete() : refused(Fault::bad_field);
        const char* colon = name_end;
        if (*colon != ':') {
            if (allowed == BeforeColon::nothing) return refused(Fault::bad_field);
            colon = skip_blanks(colon, end);
            if (colon == end) return incomplete();
            if (*colon != ':') return refused(Fault::bad_field);
            spaced = true;
        }
        if (name_end == line) return refused(Fault::bad_field);
        const FieldId id = field_id({line, name_end});
        if (id == FieldId::other && !is_name(line, name_end, fields)) return refused(Fault::bad_field);
        const char* const value = skip_blanks(colon + 1, end);
        at = find_control(value, end);
        if (at == end) return incomplete();
        if (*at != '\r') return refused(Fault::bad_field);
        if (const auto outcome = line_end(at); outcome != Parsed::Outcome::complete) {
            return outcome == Parsed::Outcome::fault ? refused(Fault::bad_field) : incomplete();
        }
        if (fields.size() == most_fields) return refused(Fault::too_many_fields);
        const char* value_end = at;
        while (value_end != value && is_blank(value_end[-1])) --value_end;
        at += 2;
        fields.add({.name = {line, name_end}, .value = {value, value_end}, .line = {line, at}, .id = id});
    }
}

Parsed parse_request_head(std::string_view input, const HeadLimits& limits, RequestHead& head) noexcept {
    const Line line = first_line(input);
    if (line.state == Line::State::bare) return refused(Fault::bad_request_line);
    if (line.state == Line::State::unfinished) {
        const Fault fault = unfinished_request_line(line.text, limits);
        return fault == Fault::none ? unfinished(input, limits) : refused(fault);
    }
    if (const Fault fault = parse_request_line(line.text, limits, head); fault != Fault::none) return refused(fault);
    return parse_rest(input, line.text.size() + 2, limits, head.fields, BeforeColon::nothing);
}

Parsed parse_response_head(std::string_view input, const HeadLimits& limits, ResponseHead& head) noexcept {
    const Line line = first_line(input);
    if (line.state == Line::State::bare) return refused(Fault::bad_status_line);
    if (line.state == Line::State::unfinished) return unfinished(input, limits);
    if (const Fault fault = parse_status_line(line.text, head); fault != Fault::none) return refused(fault);
    return parse_rest(input, line.text.size() + 2, limits, head.fields, BeforeColon::blanks);
}

bool may_be_complete(std::string_view input, size_t looked_at) noexcept {
    constexpr size_t longest_end = 3;  // "\n\r\n", and "\n\n" for which there is a refusal
    size_t at = looked_at > longest_end ? looked_at - longest_end : 0;
    while (true) {
        at = input.find('\n', at);
        if (at == std::string_view::npos) return false;
        const std::string_view next = input.substr(++at);
        if (next.starts_with('\n') || next.starts_with("\r\n")) return true;
    }
}

}  // namespace seki::http::h1
