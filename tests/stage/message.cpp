#include "stage/message.h"

#include <algorithm>
#include <charconv>
#include <gtest/gtest.h>
#include <strings.h>

namespace seki::stage {

namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Takes a line off the front; false when it is not all there.
bool take_line(std::string_view& bytes, std::string_view& line) {
    const size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return false;
    line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return true;
}

uint64_t number(std::string_view text, int base) {
    uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
    EXPECT_TRUE(read.ec == std::errc() && !text.empty()) << "not a number: " << text;
    return value;
}

bool read_head(Message& message, std::string_view& rest) {
    if (rest.find("\r\n\r\n") == std::string_view::npos) return false;
    std::string_view line;
    take_line(rest, line);
    message.first_line = line;
    while (take_line(rest, line) && !line.empty()) {
        const size_t colon = line.find(": ");
        EXPECT_NE(colon, std::string_view::npos) << "not a field: " << line;
        if (colon == std::string_view::npos) continue;
        message.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    return true;
}

bool read_chunks(Message& message, std::string_view& rest) {
    std::string_view line;
    while (true) {
        std::string_view ahead = rest;
        if (!take_line(ahead, line)) return false;
        const uint64_t size = number(line.substr(0, line.find(';')), 16);
        rest = ahead;
        if (size == 0) break;
        const std::string_view data = rest.substr(0, size);
        message.body += data;
        if (rest.size() < size + 2) {
            rest.remove_prefix(data.size());
            return false;
        }
        EXPECT_EQ(rest.substr(size, 2), "\r\n");
        rest.remove_prefix(size + 2);
    }
    while (take_line(rest, line)) {
        if (line.empty()) return true;
        message.trailers += std::string(line) + "\n";
    }
    return false;
}

bool read_body(Message& message, std::string_view& rest) {
    if (message.has("Transfer-Encoding")) {
        EXPECT_EQ(message.field("Transfer-Encoding"), "chunked");
        EXPECT_FALSE(message.has("Content-Length"));
        return read_chunks(message, rest);
    }
    if (!message.has("Content-Length")) return true;
    const uint64_t length = number(message.field("Content-Length"), 10);
    message.body = rest.substr(0, length);
    rest.remove_prefix(message.body.size());
    return message.body.size() == length;
}

}  // namespace

std::string Message::field(std::string_view name) const {
    std::string all;
    for (const auto& [key, value] : fields) {
        if (same_name(key, name)) all += (all.empty() ? "" : " | ") + value;
    }
    return all;
}

bool Message::has(std::string_view name) const {
    return std::ranges::any_of(fields, [&](const auto& field) { return same_name(field.first, name); });
}

int Message::status() const {
    return first_line.size() < 12 ? 0 : static_cast<int>(number(std::string_view(first_line).substr(9, 3), 10));
}

Message read_request(std::string_view bytes) {
    Message message;
    std::string_view rest = bytes;
    message.whole = read_head(message, rest) && read_body(message, rest);
    message.size = bytes.size() - rest.size();
    return message;
}

Message read_answer(std::string_view bytes, Bodies bodies) {
    Message message;
    std::string_view rest = bytes;
    if (!read_head(message, rest)) return message;
    const int status = message.status();
    const bool bodiless = bodies == Bodies::none || status < 200 || status == 204 || status == 304;
    message.until_close = !bodiless && !message.has("Content-Length") && !message.has("Transfer-Encoding");
    if (message.until_close) {
        message.body = rest;
        rest = {};
    } else {
        message.whole = bodiless || read_body(message, rest);
    }
    message.size = bytes.size() - rest.size();
    return message;
}

Message take_request(const WirePtr& wire) {
    Message message = read_request(wire->received());
    if (message.whole) wire->take(message.size);
    return message;
}

Message take_answer(const WirePtr& wire, Bodies bodies) {
    Message message = read_answer(wire->received(), bodies);
    if (message.whole) wire->take(message.size);
    return message;
}

}  // namespace seki::stage
