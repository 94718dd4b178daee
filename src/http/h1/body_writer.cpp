#include "http/h1/body_writer.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "http/h1/head_writer.h"

namespace seki::http::h1 {

namespace {
constexpr size_t longest_size = 16;                 // hexadecimal digits of 64 bits
constexpr size_t chunk_framing = longest_size + 4;  // and two line ends
}  // namespace

void BodyWriter::begin(const Body& body) noexcept {
    kind_ = body.kind;
    left_ = body.length;
    ended_ = body.kind == BodyKind::none;
}

size_t BodyWriter::write(std::string_view body, Output& out) noexcept {
    if (kind_ == BodyKind::none || body.empty()) return body.size();
    if (kind_ == BodyKind::chunked) {
        if (out.room() <= chunk_framing) return 0;
        body = body.substr(0, out.room() - chunk_framing);
        char size[longest_size];
        const auto written = std::to_chars(size, size + sizeof size, body.size(), 16);
        out.append({size, static_cast<size_t>(written.ptr - size)});
        out.append("\r\n");
        out.append(body);
        out.append("\r\n");
        return body.size();
    }
    body = body.substr(0, out.room());
    out.append(body);
    sent_raw(body.size());
    return body.size();
}

void BodyWriter::write_end(const FieldTable* trailers, Output& out) noexcept {
    if (ended_) return;
    ended_ = true;
    if (kind_ != BodyKind::chunked) return;
    out.append("0\r\n");
    if (trailers != nullptr) write_fields(*trailers, out);
    out.append("\r\n");
}

bool BodyWriter::go_on(const Progress::Writing& progress) noexcept {
    if (progress.kind > static_cast<uint8_t>(BodyKind::until_close)) return false;
    kind_ = static_cast<BodyKind>(progress.kind);
    left_ = progress.left;
    ended_ = progress.ended;
    return ended_ || kind_ != BodyKind::none;
}

uint64_t BodyWriter::raw() const noexcept {
    if (kind_ == BodyKind::length) return left_;
    return kind_ == BodyKind::until_close ? UINT64_MAX : 0;
}

void BodyWriter::sent_raw(uint64_t bytes) noexcept {
    if (kind_ != BodyKind::length) return;
    SEKI_DCHECK(bytes <= left_);
    left_ -= bytes;
    if (left_ == 0) ended_ = true;
}

}  // namespace seki::http::h1
