#include "stage/text_codec.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace seki::stage {

namespace {

// The number that the text begins with, and one character behind it.
uint32_t take_number(std::string_view& text) {
    uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const char* at = std::from_chars(text.data(), end, number).ptr;
    if (at != end) ++at;
    text.remove_prefix(static_cast<size_t>(at - text.data()));
    return number;
}

}  // namespace

http::Event TextCodec::next(std::string_view input) {
    size_t passed_over = 0;
    while (true) {
        if (own_frames_.size() >= max_own_frames) return {.kind = Kind::blocked, .consumed = passed_over};
        const size_t end = input.find('\n', passed_over);
        if (end == std::string_view::npos) return {.consumed = passed_over};
        http::Event event = event_of(input.substr(passed_over, end - passed_over));
        if (event.kind == Kind::blocked) {
            event.consumed = passed_over;
            return event;
        }
        passed_over = end + 1;
        if (event.kind == Kind::need_more) continue;
        event.consumed = passed_over;
        return event;
    }
}

http::Event TextCodec::event_of(std::string_view line) {
    if (line.size() < 3) return {.kind = Kind::fault, .fault = http::Fault::bad_request_line};
    std::string_view rest = line.substr(2);
    if (line[0] == 'P') {
        own_frames_ += fmt::format("p {}\n", rest);
        return {};
    }
    const uint32_t number = take_number(rest);
    if (line[0] == 'H') return head_of(number, rest);
    if (line[0] == 'W') return widen(number, take_number(rest));
    if (line[0] == 'S') {
        counts_credit_ = true;
        first_window_ = number;
        own_frames_ += "s\n";
        return {};
    }
    const auto found = open_.find(number);
    if (found == open_.end()) return {};
    switch (line[0]) {
        case 'B':
            return body_of(number, found->second, rest);
        case 'E':
            found->second.complete = true;
            return {.kind = Kind::end, .end = true, .stream = number};
        case 'R':
            return {.kind = Kind::reset, .stream = number};
        default:
            return {.kind = Kind::fault, .fault = http::Fault::bad_request_line, .stream = number};
    }
}

http::Event TextCodec::body_of(http::StreamId stream, Open& open, std::string_view bytes) {
    if (open.allowed < bytes.size()) return {.kind = Kind::blocked, .stream = stream};
    open.allowed -= bytes.size();
    open.told -= std::min(open.told, bytes.size());
    return {.kind = Kind::body, .stream = stream, .body = bytes};
}

http::Event TextCodec::widen(http::StreamId stream, size_t bytes) {
    if (stream == 0) first_window_ += bytes;
    for (auto& [id, open] : open_) {
        if (stream == 0 || stream == id) open.window += bytes;
    }
    return {.kind = Kind::window, .stream = stream};
}

bool TextCodec::take_option(std::string_view& rest, std::string_view option) {
    if (!rest.ends_with(option)) return false;
    rest.remove_suffix(option.size());
    return true;
}

http::Event TextCodec::head_of(http::StreamId stream, std::string_view rest) {
    if (open_.size() == max_streams || open_.contains(stream)) return {.kind = Kind::blocked, .stream = stream};
    head_.fields.clear();
    static_cast<http::RequestSummary&>(head_) = {};
    const bool end = !take_option(rest, " open");
    if (take_option(rest, " upgrade")) {
        head_.upgrade = "text";
        head_.asks_to_switch = true;
    }
    if (const size_t as = rest.find(" as "); as != rest.npos) {
        credentials_ = fmt::format("Basic {}", rest.substr(as + 4));
        rest = rest.substr(0, as);
        head_.fields.add(
            {.name = "Authorization", .value = credentials_, .line = {}, .id = http::FieldId::authorization});
    }
    method_ = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), method_.size() + 1));
    if (rest.starts_with('^')) {
        path_ += rest.substr(1);
    } else {
        const size_t slash = std::min(rest.find('/'), rest.size());
        host_ = slash == 0 ? "a" : rest.substr(0, slash);
        path_ = rest.substr(slash);
    }
    open_[stream] = {.complete = end, .window = first_window_};

    head_.method = method_ == "POST"      ? http::Method::post
                   : method_ == "CONNECT" ? http::Method::connect
                                          : http::Method::get;
    head_.version = http::Version::http2;
    head_.method_text = method_;
    head_.path = path_;
    head_.host = head_.authority = host_;
    head_.body.kind = end ? http::BodyKind::none : http::BodyKind::chunked;
    const std::string_view tag = std::string_view(path_).substr(std::min<size_t>(path_.size(), 1));
    if (!tag.empty() && tag.find_first_not_of("0123456789") == tag.npos)
        head_.fields.add({.name = "Tag", .value = tag, .line = {}});
    return {.kind = Kind::head, .end = end, .stream = stream};
}

void TextCodec::write_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField>,
                           bool, http::Output& out) {
    out.append(fmt::format("h {} {}\n", stream, head.status));
    for (const http::Field& field : head.fields.all()) {
        if (field.name == "Tag" || field.name == "Len")
            out.append(fmt::format("f {} {} {}\n", stream, field.name, field.value));
    }
}

size_t TextCodec::send_window(http::StreamId stream) const {
    const auto found = open_.find(stream);
    return counts_credit_ && found != open_.end() ? found->second.window : SIZE_MAX;
}

size_t TextCodec::write_body(http::StreamId stream, std::string_view body, http::Output& out) {
    body = body.substr(0, send_window(stream));
    out.append(fmt::format("b {} {}\n{}\n", stream, body.size(), body));
    if (const auto found = open_.find(stream); counts_credit_ && found != open_.end() && !out.overflow())
        found->second.window -= body.size();
    return body.size();
}

void TextCodec::write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) {
    out.append(fmt::format("e {}\n", stream));
}

void TextCodec::write_own_frames(http::Output& out) {
    while (!own_frames_.empty()) {
        const size_t size = own_frames_.find('\n') + 1;
        if (size > out.room()) return;
        out.append(std::string_view(own_frames_).substr(0, size));
        own_frames_.erase(0, size);
    }
}

// The client hears of it when it has used up half of what it was told before.
void TextCodec::grant_credit(http::StreamId stream, size_t bytes) {
    const auto found = open_.find(stream);
    if (found == open_.end()) return;
    Open& open = found->second;
    open.allowed = bytes;
    if (!counts_credit_ || open.complete || bytes <= open.told || open.told > bytes / 2) return;
    own_frames_ += fmt::format("w {} {}\n", stream, bytes - open.told);
    open.told = bytes;
}

void TextCodec::give_up(http::StreamId stream) { own_frames_ += fmt::format("r {}\n", stream); }

void TextCodec::open_tunnel(http::StreamId stream) { open_[stream].complete = false; }

void TextCodec::go_away() {
    if (!std::exchange(going_away_, true)) own_frames_ += "g\n";
}

bool TextCodec::request_complete(http::StreamId stream) const {
    const auto found = open_.find(stream);
    return found != open_.end() && found->second.complete;
}

}  // namespace seki::stage
