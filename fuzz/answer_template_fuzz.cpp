// Any text must either be refused with a reason of one line, or be an answer that stays well-formed and bounded
// whatever its variables stand for. The status that the text should have is read from where a text has it.

#include <algorithm>

#include "codec_fuzz.h"
#include "http/answer_template.h"
#include "http/h1/head_parser.h"
#include "http/h1/head_writer.h"

using namespace seki;
using fuzz::require;

namespace {

uint16_t status_in(std::string_view text) {
    constexpr size_t at = 9;  // behind "HTTP/1.1 "
    uint16_t status = 0;
    for (const char c : text.substr(std::min(at, text.size()), 3)) {
        status = static_cast<uint16_t>(status * 10 + std::max(0, c - '0') % 10);
    }
    return status;
}

bool says_close(std::string_view text) {
    const auto same_letter = [](char a, char b) { return (a | 0x20) == b; };
    return !std::ranges::search(text, std::string_view("close"), same_letter).empty();
}

http::Variables all_set_to(std::string_view value) {
    http::Variables variables;
    for (size_t i = 0; i < http::variable_count; ++i) variables.set(static_cast<http::Variable>(i), value);
    return variables;
}

// What is sent must be read as it was meant: the same fields, and nothing of a value among them.
void send(const http::AnswerTemplate& answer, const http::FieldTable& fields) {
    using http::AnswerTemplate;
    static std::string bytes(AnswerTemplate::max_head_size + AnswerTemplate::max_head_growth + 1024, '\0');
    http::Output out(bytes.data(), bytes.data() + bytes.size());
    http::h1::write_status_line(answer.status(), answer.reason(), out);
    http::h1::write_fields(fields, out);
    out.append("\r\n");
    require(!out.overflow());
    static http::ResponseHead head;
    const auto parsed = http::h1::parse_response_head({bytes.data(), out.size()}, {.max_head_bytes = 65536}, head);
    require(parsed.outcome == http::h1::Parsed::Outcome::complete && parsed.size == out.size());
    require(std::ranges::equal(head.fields.all(), fields.all(), {}, &http::Field::name, &http::Field::name));
}

void render(const http::AnswerTemplate& answer, std::string_view value, std::string_view never_in_body) {
    using http::AnswerTemplate;
    static http::FieldTable fields;
    fields.clear();
    std::string text;
    const std::string_view body = answer.render(all_set_to(value), fields, text);
    require(fields.all().size() <= AnswerTemplate::max_fields);
    require(body.size() <= AnswerTemplate::max_size + AnswerTemplate::max_growth);
    require(never_in_body.empty() || body.find(never_in_body) == std::string_view::npos);
    send(answer, fields);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto answer = http::AnswerTemplate::parse(status_in(text), text);
    if (!answer) {
        const std::string& reason = answer.error().message;
        require(!reason.empty() && reason.size() < 512);
        require(std::ranges::none_of(reason, [](char c) { return static_cast<uint8_t>(c) < 0x20; }));
        return 0;
    }
    require(!answer->closes() || says_close(text));
    static const std::string long_value(5000, '"');
    constexpr std::string_view hostile = "\r\n\r\nX-Hostile: <%ROUTE>\"'&\\";
    render(*answer, "", {});
    // Unless the template says it itself, or the line ends of it before a value.
    const bool by_itself = text.contains(hostile) || text.contains("\r\n\r\n%");
    render(*answer, hostile, by_itself ? std::string_view() : hostile);
    render(*answer, long_value, {});
    return 0;
}
