#include "stage/text_client_codec.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace seki::stage {

namespace {

uint32_t take_number(std::string_view& text) {
    uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const char* at = std::from_chars(text.data(), end, number).ptr;
    if (at != end) ++at;
    text.remove_prefix(static_cast<size_t>(at - text.data()));
    return number;
}

bool take_option(std::string_view& rest, std::string_view option) {
    if (!rest.ends_with(option)) return false;
    rest.remove_suffix(option.size());
    return true;
}

}  // namespace

// ---- reading

http::Event TextClientCodec::next(std::string_view input) {
    size_t passed_over = 0;
    while (true) {
        if (in_body_ != 0) {
            http::Event event = body_of(in_body_, input.substr(passed_over));
            event.consumed += passed_over;
            return event;
        }
        const size_t end = input.find('\n', passed_over);
        if (end == std::string_view::npos) return {.consumed = passed_over};
        http::Event event = event_of(input.substr(passed_over, end - passed_over));
        if (event.unprocessed && input[passed_over] == 'g') {  // there may be more of these
            event.consumed = passed_over;
            return event;
        }
        passed_over = end + 1;
        if (event.kind == Kind::need_more) continue;
        event.consumed = passed_over;
        return event;
    }
}

http::Event TextClientCodec::event_of(std::string_view line) {
    if (line.empty()) return {};  // behind the bytes of a body
    if (line.size() < 3) return {.kind = Kind::fault, .fault = http::Fault::bad_status_line};
    std::string_view rest = line.substr(2);
    if (line[0] == 'P') {
        own_frames_ += fmt::format("p {}\n", rest);
        return {};
    }
    const uint32_t number = take_number(rest);
    if (line[0] == 'g') {
        going_away_ = true;
        last_looked_at_ = number;
        return next_unprocessed();
    }
    if (line[0] == 'S') {
        counts_credit_ = true;
        first_window_ = number;
        for (auto& [id, open] : open_) open.window = number;
        return {.kind = Kind::window};
    }
    if (line[0] == 'b') {
        in_body_ = number;
        body_left_ = take_number(rest);
        return {};
    }
    const auto found = open_.find(number);
    if (found == open_.end()) return {};  // it was given up
    switch (line[0]) {
        case 'h':
            return head_of(number, rest, false);
        case 'i':
            return head_of(number, rest, true);
        case 'e':
            end(number, &Open::answer_ended);
            return {.kind = Kind::end, .end = true, .stream = number};
        case 'W':
            found->second.window += take_number(rest);
            return {.kind = Kind::window, .stream = number};
        case 'r':
        case 'u':
            return reset(number, line[0] == 'u');
        default:
            return {.kind = Kind::fault, .fault = http::Fault::bad_status_line};
    }
}

http::Event TextClientCodec::reset(http::StreamId stream, bool unprocessed) {
    open_.erase(stream);
    return {.kind = Kind::reset, .unprocessed = unprocessed, .stream = stream};
}

http::Event TextClientCodec::next_unprocessed() {
    const auto found = open_.upper_bound(last_looked_at_);
    return found == open_.end() ? http::Event{} : reset(found->first, true);
}

http::Event TextClientCodec::head_of(http::StreamId stream, std::string_view rest, bool interim) {
    head_.fields.clear();
    static_cast<http::ResponseSummary&>(head_) = {};
    const bool ends = take_option(rest, " end");
    head_.status = static_cast<uint16_t>(take_number(rest));
    head_.version = http::Version::http2;
    head_.reason = "As said";
    head_.body.kind = ends ? http::BodyKind::none : http::BodyKind::chunked;
    fields_ = rest;
    for (std::string_view left = fields_; !left.empty();) {
        const std::string_view field = left.substr(0, left.find(", "));
        left.remove_prefix(std::min(left.size(), field.size() + 2));
        const size_t space = std::min(field.find(' '), field.size() - 1);
        head_.fields.add({.name = field.substr(0, space), .value = field.substr(space + 1), .line = {}});
    }
    if (ends) end(stream, &Open::answer_ended);
    return {.kind = interim ? Kind::interim : Kind::head, .end = ends, .stream = stream};
}

http::Event TextClientCodec::body_of(http::StreamId stream, std::string_view input) {
    const auto found = open_.find(stream);
    const size_t taken = std::min({input.size(), body_left_, found != open_.end() ? found->second.allowed : SIZE_MAX});
    if (taken == 0 && body_left_ > 0) return {.kind = input.empty() ? Kind::need_more : Kind::blocked};
    body_left_ -= taken;
    if (body_left_ == 0) in_body_ = 0;
    if (found == open_.end()) return {.consumed = taken};
    found->second.allowed -= taken;
    return {.kind = Kind::body, .stream = stream, .consumed = taken, .body = input.substr(0, taken)};
}

void TextClientCodec::end(http::StreamId stream, bool Open::* direction) {
    const auto found = open_.find(stream);
    if (found == open_.end()) return;
    found->second.*direction = true;
    if (found->second.request_ended && found->second.answer_ended) open_.erase(found);
}

// ---- writing

http::StreamId TextClientCodec::write_head(const http::RequestHead& head, std::span<const http::AddedField> added,
                                           http::Output& out) {
    const bool ends = head.body.kind == http::BodyKind::none;
    out.append(fmt::format("H {} {} {}{}{}\n", next_stream_, head.method_text, head.authority, head.path,
                           ends ? "" : " open"));
    const auto interesting = [](std::string_view name) { return name == "Tag" || name == "X-Large"; };
    for (const http::Field& field : head.fields.all()) {
        if (!field.dropped && interesting(field.name))
            out.append(fmt::format("F {} {} {}\n", next_stream_, field.name, field.value));
    }
    for (const auto& [name, value] : added) {
        if (interesting(name)) out.append(fmt::format("F {} {} {}\n", next_stream_, name, value));
    }
    if (out.overflow()) return 0;
    open_[next_stream_] = {.window = first_window_, .request_ended = ends};
    return std::exchange(next_stream_, next_stream_ + 2);
}

uint32_t TextClientCodec::free_streams() const {
    return going_away_ ? 0 : max_streams - static_cast<uint32_t>(open_.size());
}

size_t TextClientCodec::send_window(http::StreamId stream) const {
    const auto found = open_.find(stream);
    return counts_credit_ && found != open_.end() ? found->second.window : SIZE_MAX;
}

size_t TextClientCodec::write_body(http::StreamId stream, std::string_view body, http::Output& out) {
    out.append(fmt::format("B {} {}\n{}\n", stream, body.size(), body));
    const auto found = open_.find(stream);
    if (counts_credit_ && found != open_.end() && !out.overflow()) found->second.window -= body.size();
    return body.size();
}

void TextClientCodec::write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) {
    out.append(fmt::format("E {}\n", stream));
    end(stream, &Open::request_ended);
}

void TextClientCodec::write_own_frames(http::Output& out) {
    while (!own_frames_.empty()) {
        const size_t size = own_frames_.find('\n') + 1;
        if (size > out.room()) return;
        out.append(std::string_view(own_frames_).substr(0, size));
        own_frames_.erase(0, size);
    }
}

void TextClientCodec::grant_credit(http::StreamId stream, size_t bytes) {
    if (const auto found = open_.find(stream); found != open_.end()) found->second.allowed = bytes;
}

void TextClientCodec::give_up(http::StreamId stream) {
    if (open_.erase(stream) > 0) own_frames_ += fmt::format("R {}\n", stream);
}

}  // namespace seki::stage
