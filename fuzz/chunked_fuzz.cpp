// Bodies in chunks with their trailers: read whole and in pieces; what was read is written again and must be read as
// the same body and trailers.

#include "codec_fuzz.h"
#include "http/h1/body_reader.h"
#include "http/h1/body_writer.h"

using namespace seki;

namespace {

struct Read {
    std::string body;
    std::string trailers;  // those that are forwarded
    bool ended = false;
    std::string written;  // all of it, as it is forwarded

    bool operator==(const Read&) const = default;
};

std::string text(const http::FieldTable& fields) {
    std::string text;
    for (const http::Field& field : fields.all()) {
        if (!field.dropped) text += field.line;
    }
    return text;
}

std::string write(std::string_view body, const http::FieldTable& trailers) {
    http::h1::BodyWriter writer;
    writer.begin({http::BodyKind::chunked, 0});
    fuzz::Written written(body.size() + http::HeadStorage::max_trailer_bytes + 64);
    fuzz::require(writer.write(body, written.out()) == body.size());
    writer.write_end(&trailers, written.out());
    return std::string(written.text());
}

Read read(std::string_view input, fuzz::Way way) {
    static http::FieldTable trailers;
    trailers.clear();
    http::h1::BodyReader reader;
    reader.begin({http::BodyKind::chunked, 0});
    Read result;
    std::string unread;
    while (!input.empty()) {
        unread += input.substr(0, way.piece);
        input.remove_prefix(std::min(way.piece, input.size()));
        http::Event event;
        do {
            event = reader.next(unread, trailers);
            result.body += event.body;
            if (event.kind == http::Event::Kind::fault) return result;
            if (event.end) {
                result.ended = true;
                result.trailers = text(trailers);
                result.written = write(result.body, trailers);
                return result;
            }
            unread.erase(0, event.consumed);
        } while (event.kind != http::Event::Kind::need_more);
    }
    fuzz::require(reader.next_at_end_of_input().kind == http::Event::Kind::fault);
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Read whole = read(input, fuzz::whole(input));
    fuzz::require(read(input, fuzz::pieces(input)) == whole);
    if (!whole.ended) return 0;
    fuzz::require(read(whole.written, fuzz::whole(whole.written)) == whole);
    return 0;
}
