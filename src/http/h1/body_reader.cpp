#include "http/h1/body_reader.h"

#include <algorithm>
#include <array>

#include "http/characters.h"
#include "http/h1/head_parser.h"

namespace seki::http::h1 {

namespace {

constexpr uint32_t max_trailer_fields = 64;

// Fields that mean something before a body and nothing, or mischief, behind it (RFC 9110 §6.5.1): a recipient that
// merges trailers into the head would take them for what the head said.
constexpr std::array<std::string_view, 36> only_in_heads{
    // framing, and the connection
    "connection", "content-length", "http2-settings", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    // routing, and what proxies say of the client
    "forwarded", "host", "via", "x-real-ip", "x-request-id",
    // modifiers of requests; also those that begin with "if-"
    "cache-control", "expect", "max-forwards", "pragma", "range",
    // authentication, and what stands for it
    "authorization", "cookie", "set-cookie", "www-authenticate",
    // control of responses
    "age", "date", "expires", "location", "retry-after", "strict-transport-security", "vary", "warning",
    // how the content is to be read
    "content-disposition", "content-encoding", "content-language", "content-location", "content-range", "content-type"};

constexpr std::array<std::string_view, 3> only_in_heads_from{"if-", "proxy-", "x-forwarded-"};

bool allowed_in_trailers(std::string_view name) noexcept {
    const auto is_name = [name](std::string_view other) { return same_variable(name, other); };
    const auto begins = [name](std::string_view start) { return same_variable(name.substr(0, start.size()), start); };
    return std::ranges::none_of(only_in_heads, is_name) && std::ranges::none_of(only_in_heads_from, begins);
}

}  // namespace

void BodyReader::begin(const Body& body) noexcept {
    left_ = 0;
    line_ = 0;
    switch (body.kind) {
        case BodyKind::none:
            state_ = State::done;
            break;
        case BodyKind::length:
            left_ = body.length;
            state_ = State::counted;
            break;
        case BodyKind::chunked:
            state_ = State::size;
            break;
        case BodyKind::until_close:
            state_ = State::unbounded;
            break;
    }
}

Event BodyReader::fault(Fault why) noexcept {
    state_ = State::done;
    return {.kind = Event::Kind::fault, .fault = why};
}

Event BodyReader::next(std::string_view input, FieldTable& trailers) noexcept {
    size_t framing = 0;
    while (true) {
        switch (state_) {
            case State::done:
                return {.consumed = framing};
            case State::counted:
            case State::data:
                return counted(input.substr(framing), framing);
            case State::unbounded:
                if (input.empty()) return {};
                return {.kind = Event::Kind::body, .consumed = input.size(), .body = input};
            case State::trailers:
                return read_trailers(input.substr(framing), framing, trailers);
            default:
                break;
        }
        if (framing == input.size()) return {.consumed = framing};
        if (!take_framing(input[framing])) return fault(Fault::bad_chunk);
        ++framing;
    }
}

Event BodyReader::counted(std::string_view input, size_t framing) noexcept {
    const std::string_view slice = input.substr(0, std::min<uint64_t>(left_, input.size()));
    if (slice.empty()) return {.consumed = framing};
    left_ -= slice.size();
    Event event{.kind = Event::Kind::body, .consumed = framing + slice.size(), .body = slice};
    if (left_ > 0) return event;
    event.end = state_ == State::counted;
    state_ = event.end ? State::done : State::data_end;
    return event;
}

bool BodyReader::take_framing(char c) noexcept {
    switch (state_) {
        case State::size:
            return take_size(c);
        case State::blanks:
            // Before an extension (RFC 9112 §7.1.1), or because servers pad the size to a fixed width. No digit may
            // follow them: who reads on has another size.
            if (++line_ > max_size_line) return false;
            return is_blank(c) || take_size_end(c);
        case State::extension:
            if (++line_ > max_size_line) return false;
            if (c == '\r') {
                state_ = State::size_end;
                return true;
            }
            return find_control(&c, &c + 1) != &c;
        case State::size_end:
            state_ = left_ > 0 ? State::data : State::trailers;
            line_ = 0;
            return c == '\n';
        case State::data_end:
            state_ = State::data_feed;
            return c == '\r';
        case State::data_feed:
            state_ = State::size;
            return c == '\n';
        default:
            return false;
    }
}

bool BodyReader::take_size(char c) noexcept {
    const int digit = hex_value(c);
    if (digit >= 0) {
        constexpr uint64_t top_digit = 0xfULL << 60U;
        if ((left_ & top_digit) != 0 || ++line_ > max_size_line) return false;
        left_ = left_ << 4U | static_cast<uint64_t>(digit);
        return true;
    }
    if (line_ == 0) return false;  // no digit at all
    if (!is_blank(c)) return take_size_end(c);
    state_ = State::blanks;
    return true;
}

bool BodyReader::take_size_end(char c) noexcept {
    state_ = c == ';' ? State::extension : State::size_end;
    return c == ';' || c == '\r';
}

Event BodyReader::read_trailers(std::string_view input, size_t framing, FieldTable& trailers) noexcept {
    const Parsed parsed = parse_fields(input, max_trailer_fields, trailers);
    if (parsed.outcome == Parsed::Outcome::fault) return fault(Fault::bad_trailer);
    if (parsed.outcome == Parsed::Outcome::incomplete) {
        if (input.size() >= HeadStorage::max_trailer_bytes) return fault(Fault::bad_trailer);
        return {.consumed = framing};
    }
    if (parsed.size > HeadStorage::max_trailer_bytes) return fault(Fault::bad_trailer);
    for (Field& field : trailers.all()) field.dropped = !allowed_in_trailers(field.name);
    state_ = State::done;
    return {.kind = Event::Kind::end, .end = true, .consumed = framing + parsed.size};
}

Event BodyReader::next_at_end_of_input() noexcept {
    if (state_ == State::done) return {};
    if (state_ != State::unbounded) return fault(Fault::truncated);
    state_ = State::done;
    return {.kind = Event::Kind::end, .end = true};
}

bool BodyReader::go_on(const Progress::Reading& progress) noexcept {
    if (progress.state > static_cast<uint8_t>(State::trailers)) return false;
    const auto state = static_cast<State>(progress.state);
    const bool within = state == State::counted || state == State::data;
    if ((within && progress.left == 0) || progress.line_bytes > max_size_line) return false;
    state_ = state;
    left_ = progress.left;
    line_ = progress.line_bytes;
    return true;
}

uint64_t BodyReader::raw() const noexcept {
    if (state_ == State::counted) return left_;
    return state_ == State::unbounded ? UINT64_MAX : 0;
}

bool BodyReader::take_raw(uint64_t bytes) noexcept {
    if (state_ != State::counted) return false;
    left_ -= bytes;
    if (left_ == 0) state_ = State::done;
    return left_ == 0;
}

}  // namespace seki::http::h1
