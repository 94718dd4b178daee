#include "proxy/built_in_body.h"

#include <charconv>

#include "base/check.h"
#include "http/escape.h"

namespace seki::proxy {

namespace {

using http::Escaping;
using http::Output;

// A body is a beginning, parts that are left out when they are empty or do not fit, and an end that always fits.
class Writer {
public:
    Writer(std::span<char> room, Escaping how, std::string_view end) noexcept
        : begin_(room.data()), out_(room.data(), room.data() + room.size()), how_(how), end_(end) {}

    void append(std::string_view text) noexcept { out_.append(text); }
    void append(uint16_t number) noexcept {
        const auto written = std::to_chars(out_.cursor(), out_.cursor() + out_.room(), number);
        out_.advance(static_cast<size_t>(written.ptr - out_.cursor()));
    }
    void append_part(std::string_view before, std::string_view value, std::string_view after) noexcept {
        const size_t size = before.size() + http::escaped_size(value, how_) + after.size();
        if (value.empty() || size + end_.size() > out_.room()) return;
        out_.append(before);
        http::append_escaped(value, how_, out_);
        out_.append(after);
    }
    [[nodiscard]] std::string_view finish() noexcept {
        out_.append(end_);
        SEKI_DCHECK(!out_.overflow());
        return {begin_, out_.size()};
    }

private:
    char* begin_;
    Output out_;
    Escaping how_;
    std::string_view end_;
};

std::string_view write_html(const BuiltInBody& body, std::span<char> room) noexcept {
    Writer writer(room, Escaping::markup, "</body></html>\n");
    writer.append("<!doctype html>\n<html><head><title>");
    writer.append(body.status);
    writer.append_part(" ", body.reason, "</title></head>\n<body><h1>");
    writer.append(body.status);
    writer.append_part(" ", body.reason, "</h1>");
    writer.append_part("<p>request ", body.request_id, "</p>");
    writer.append_part("<p><a href=\"", body.location, "\">Continue</a></p>");
    return writer.finish();
}

std::string_view write_json(const BuiltInBody& body, std::span<char> room) noexcept {
    Writer writer(room, Escaping::json, "}\n");
    writer.append("{\"status\":");
    writer.append(body.status);
    writer.append_part(",\"reason\":\"", body.reason, "\"");
    writer.append_part(",\"request_id\":\"", body.request_id, "\"");
    writer.append_part(",\"location\":\"", body.location, "\"");
    return writer.finish();
}

std::string_view write_text(const BuiltInBody& body, std::span<char> room) noexcept {
    Writer writer(room, Escaping::plain, "");
    writer.append(body.status);
    writer.append_part(" ", body.reason, "\n");
    writer.append_part("request ", body.request_id, "\n");
    writer.append_part("", body.location, "\n");
    return writer.finish();
}

}  // namespace

std::string_view BuiltInBody::write(http::AnswerType type, std::span<char> room) const noexcept {
    SEKI_CHECK(room.size() >= least_room);
    switch (type) {
        case http::AnswerType::html:
            return write_html(*this, room);
        case http::AnswerType::json:
            return write_json(*this, room);
        case http::AnswerType::text:
            break;
    }
    return write_text(*this, room);
}

}  // namespace seki::proxy
