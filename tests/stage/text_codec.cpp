#include "stage/text_codec.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace seki::stage {

http::Event TextCodec::next(std::string_view input) {
    size_t passed_over = 0;
    while (true) {
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
    http::StreamId stream = 0;
    const char* const end = line.data() + line.size();
    const char* rest_at = std::from_chars(line.data() + 2, end, stream).ptr;
    if (rest_at != end) ++rest_at;
    const std::string_view rest(rest_at, static_cast<size_t>(end - rest_at));
    if (line[0] == 'H') return head_of(stream, rest);

    const auto found = open_.find(stream);
    if (found == open_.end()) return {};
    Open& open = found->second;
    switch (line[0]) {
        case 'B':
            if (open.allowed < rest.size()) return {.kind = Kind::blocked, .stream = stream};
            open.allowed -= rest.size();
            return {.kind = Kind::body, .stream = stream, .body = rest};
        case 'E':
            open.complete = true;
            return {.kind = Kind::end, .end = true, .stream = stream};
        case 'R':
            return {.kind = Kind::reset, .stream = stream};
        default:
            return {.kind = Kind::fault, .fault = http::Fault::bad_request_line, .stream = stream};
    }
}

http::Event TextCodec::head_of(http::StreamId stream, std::string_view rest) {
    if (open_.size() == max_streams || open_.contains(stream)) return {.kind = Kind::blocked, .stream = stream};
    const bool end = !rest.ends_with(" open");
    method_ = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), method_.size() + 1));
    const std::string_view target = rest.substr(0, rest.find(' '));
    const size_t slash = std::min(target.find('/'), target.size());
    host_ = slash == 0 ? "a" : target.substr(0, slash);
    path_ = target.substr(slash);
    open_[stream].complete = end;

    head_.fields.clear();
    head_.method = method_ == "POST"      ? http::Method::post
                   : method_ == "CONNECT" ? http::Method::connect
                                          : http::Method::get;
    head_.version = http::Version::http2;
    head_.body = {};
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

size_t TextCodec::write_body(http::StreamId stream, std::string_view body, http::Output& out) {
    out.append(fmt::format("b {} {}\n{}\n", stream, body.size(), body));
    return body.size();
}

void TextCodec::write_end(http::StreamId stream, const http::FieldTable*, http::Output& out) {
    out.append(fmt::format("e {}\n", stream));
}

void TextCodec::write_reset(http::StreamId stream, http::Output& out) { out.append(fmt::format("r {}\n", stream)); }

void TextCodec::allow(http::StreamId stream, size_t bytes) {
    if (const auto found = open_.find(stream); found != open_.end()) found->second.allowed = bytes;
}

bool TextCodec::request_complete(http::StreamId stream) const {
    const auto found = open_.find(stream);
    return found != open_.end() && found->second.complete;
}

}  // namespace seki::stage
