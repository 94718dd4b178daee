// Bodies in chunks: read whole and in pieces; what was read is written again and must be read as the same body.

#include "codec_fuzz.h"
#include "http/h1/body_reader.h"
#include "http/h1/body_writer.h"

using namespace seki;

namespace {

struct Read {
    std::string body;
    bool ended = false;
    bool fault = false;
};

Read read(std::string_view input, size_t piece) {
    static http::FieldTable trailers;
    http::h1::BodyReader reader;
    reader.begin({http::BodyKind::chunked, 0});
    Read result;
    std::string unread;
    while (!input.empty() && !result.ended) {
        unread += input.substr(0, piece);
        input.remove_prefix(piece < input.size() ? piece : input.size());
        size_t used = 0;
        while (!result.ended) {
            const http::Event event = reader.next(std::string_view(unread).substr(used), trailers);
            used += event.consumed;
            result.body += event.body;
            result.fault = event.kind == http::Event::Kind::fault;
            if (result.fault) return result;
            result.ended = event.end;
            if (event.kind == http::Event::Kind::need_more) break;
        }
        unread.erase(0, used);
    }
    result.fault = reader.next_at_end_of_input().kind == http::Event::Kind::fault;
    return result;
}

std::string write(std::string_view body) {
    http::h1::BodyWriter writer;
    writer.begin({http::BodyKind::chunked, 0});
    std::string bytes(body.size() + 128, '\0');
    http::Output out(bytes.data(), bytes.data() + bytes.size());
    fuzz::require(writer.write(body, out) == body.size());
    writer.write_end(nullptr, out);
    bytes.resize(out.size());
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Read whole = read(input, size);
    const Read pieces = read(input, 1 + size % 5);
    fuzz::require(whole.body == pieces.body && whole.ended == pieces.ended);
    const Read again = read(write(whole.body), size);
    fuzz::require(again.ended && again.body == whole.body);
    return 0;
}
