#include "proxy/answers.h"

#include <fmt/format.h>
#include <map>

namespace seki::proxy {

std::string_view reason_phrase(uint16_t status) noexcept {
    switch (status) {
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
        default:
            return "Error";
    }
}

namespace {
constexpr std::string_view page =
    "<!doctype html>\n<html><head><title>{0} {1}</title></head>\n<body><h1>{0} {1}</h1><p>request "
    "{2}</p></body></html>\n";
}

OwnAnswer::OwnAnswer(http::ResponseHead& head, uint16_t status, std::string_view request_id, std::string_view id_header)
    : head_(head) {
    const auto written = fmt::format_to_n(body_.data(), body_.size(), page, status, reason_phrase(status), request_id);
    body_size_ = std::min(written.size, body_.size());
    head_.status = status;
    head_.version = http::Version::http11;
    head_.reason = reason_phrase(status);
    head_.body = {http::BodyKind::length, body_size_};
    head_.fields.clear();
    added_[count_++] = {"Content-Type", "text/html; charset=utf-8"};
    added_[count_++] = {"Cache-Control", "no-store"};
    added_[count_++] = {id_header, request_id};
    if (status == 405) added_[count_++] = {"Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH"};
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
