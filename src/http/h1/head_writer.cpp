#include "http/h1/head_writer.h"

#include <algorithm>
#include <charconv>

namespace seki::http::h1 {

void write_field(std::string_view name, std::string_view value, Output& out) noexcept {
    if (out.lacks(name.size() + value.size() + 4)) return;
    char* at = std::copy(name.begin(), name.end(), out.cursor());
    *at++ = ':';
    *at++ = ' ';
    at = std::copy(value.begin(), value.end(), at);
    *at++ = '\r';
    *at++ = '\n';
    out.advance(static_cast<size_t>(at - out.cursor()));
}

void write_fields(const FieldTable& fields, Output& out) noexcept {
    std::string_view run;  // lines that lie together and were not written yet
    for (const Field& field : fields.all()) {
        if (field.dropped) continue;
        if (!run.empty() && field.line.data() == run.data() + run.size()) {
            run = {run.data(), run.size() + field.line.size()};
            continue;
        }
        out.append(run);
        run = field.line;
        if (field.line.empty()) write_field(field.name, field.value, out);
    }
    out.append(run);
}

void write_fields(std::span<const AddedField> fields, Output& out) noexcept {
    for (const AddedField& field : fields) write_field(field.name, field.value, out);
}

void write_content_length(uint64_t length, Output& out) noexcept {
    char digits[20];
    const auto written = std::to_chars(digits, digits + sizeof digits, length);
    write_field("Content-Length", {digits, static_cast<size_t>(written.ptr - digits)}, out);
}

void write_status_line(uint16_t status, std::string_view reason, Output& out) noexcept {
    const char digits[] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                           static_cast<char>('0' + status % 10), ' '};
    out.append("HTTP/1.1 ");
    out.append({digits, sizeof digits});
    out.append(reason);
    out.append("\r\n");
}

}  // namespace seki::http::h1
