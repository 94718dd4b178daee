#include "proxy/answers.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>

#include "base/check.h"
#include "http/characters.h"
#include "proxy/built_in_body.h"
#include "proxy/hsts.h"

namespace seki::proxy {

using http::Variable;

std::string_view reason_phrase(uint16_t status) noexcept {
    switch (status) {
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 421:
            return "Misdirected Request";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Error";
    }
}

namespace {

// RFC 9110 §15.4.2, §15.4.9: may be kept without being asked again. All else is about this moment.
bool lasts(uint16_t status) noexcept { return status == 301 || status == 308; }

constexpr std::string_view methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH";

}  // namespace

OwnAnswer::OwnAnswer(http::ResponseHead& head, const AnswerParts& parts) : head_(head) {
    head_.status = parts.status;
    head_.version = http::Version::http11;
    head_.fields.clear();
    if (parts.custom != nullptr) {
        use(*parts.custom, parts);
    } else {
        use_built_in(parts);
    }
    head_.body = {body_.empty() ? http::BodyKind::none : http::BodyKind::length, body_.size()};
    // RFC 9110 §15.5.6 demands it, whoever wrote the answer.
    if (parts.status == 405 && !has("Allow")) push("Allow", methods);
    if (!http::bodiless(parts.status)) push_content_length();
    const std::string_view id = parts.variables[Variable::request_id];
    if (!parts.id_header.empty() && !id.empty() && !has(parts.id_header))
        added_[added_count_++] = {parts.id_header, id};
    if (!parts.hsts.empty() && !has(hsts_field)) added_[added_count_++] = {hsts_field, parts.hsts};
}

void OwnAnswer::use(const http::AnswerTemplate& custom, const AnswerParts& parts) {
    SEKI_DCHECK(custom.status() == parts.status);
    head_.reason = custom.reason();
    closes_ = custom.closes();
    body_ = custom.render(parts.variables, head_.fields, rendered_);
}

void OwnAnswer::use_built_in(const AnswerParts& parts) {
    const http::AnswerType type = http::preferred_type(parts.accept);
    const bool redirect = parts.status >= 300 && parts.status < 400;
    const BuiltInBody content{.status = parts.status,
                              .reason = reason_phrase(parts.status),
                              .request_id = parts.variables[Variable::request_id],
                              .location = redirect ? parts.variables[Variable::redirect_location] : std::string_view()};
    head_.reason = content.reason;
    body_ = content.write(type, built_in_);
    push("Content-Type", http::content_type(type));
    if (lasts(parts.status)) {
        push("Vary", "Accept");  // RFC 9110 §12.5.5: what is kept must not be shown to those who like another type
    } else {
        push("Cache-Control", "no-store");
    }
    push_if_valid("Location", content.location);
    if (parts.status == 401) push_if_valid("WWW-Authenticate", parts.variables[Variable::www_authenticate]);
    if (parts.status == 429 || parts.status == 503) {
        push_if_valid("Retry-After", parts.variables[Variable::retry_after]);
    }
}

void OwnAnswer::push(std::string_view name, std::string_view value) {
    head_.fields.add({.name = name, .value = value, .line = {}, .id = http::field_id(name)});
}

// A value that is not ours: no field if there is none, nor if it could end its line.
void OwnAnswer::push_if_valid(std::string_view name, std::string_view value) {
    const char* const end = value.data() + value.size();
    if (!value.empty() && http::find_control(value.data(), end) == end) push(name, value);
}

// Said here and not left to the codec, which does not count the body that the answer to HEAD would have.
void OwnAnswer::push_content_length() {
    const auto written = std::to_chars(length_.data(), length_.data() + length_.size(), body_.size());
    push("Content-Length", {length_.data(), written.ptr});
}

bool OwnAnswer::has(std::string_view name) const noexcept {
    return std::ranges::any_of(head_.fields.all(),
                               [&](const http::Field& field) { return http::equal_ignoring_case(field.name, name); });
}

std::string_view bare_answer(uint16_t status) {
    static std::map<uint16_t, std::string> answers;
    std::string& answer = answers[status];
    if (answer.empty()) {
        const std::string body = fmt::format("{} {}\n", status, reason_phrase(status));
        answer = fmt::format(
            "HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
            status, reason_phrase(status), body.size(), body);
    }
    return answer;
}

}  // namespace seki::proxy
