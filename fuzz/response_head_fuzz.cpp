// Answers as a backend may send them, to GET and to HEAD: read whole and in pieces, and written towards clients of both
// versions.

#include "codec_fuzz.h"
#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"

using namespace seki;

namespace {

const http::HeadLimits limits;

void begin(http::ClientCodec& codec, bool to_head) {
    http::RequestHead request;
    request.method = to_head ? http::Method::head : http::Method::get;
    request.method_text = to_head ? "HEAD" : "GET";
    request.path = "/";
    request.authority = "a";
    char bytes[128];
    http::Output out(bytes, bytes + sizeof bytes);
    codec.write_head(request, {}, out);
}

void write(const http::ResponseHead& head, std::string_view request) {
    static http::h1::HeadStorage storage;
    http::h1::ServerCodec codec(storage, limits);
    codec.next(request);
    std::string bytes(65536, '\0');
    http::Output out(bytes.data(), bytes.data() + bytes.size());
    codec.write_head(1, head, {}, false, out);
    const bool counted = head.body.kind == http::BodyKind::length;
    codec.write_body(1, std::string_view("body").substr(0, counted ? head.body.length : 4), out);
    codec.write_end(1, nullptr, out);
}

std::string read(std::string_view input, size_t piece, bool to_head, bool write_too) {
    static http::h1::HeadStorage storage;
    http::h1::ClientCodec codec(storage, limits);
    begin(codec, to_head);
    return fuzz::transcript(codec, input, piece, [&](const http::Event& event) {
        if (event.kind != http::Event::Kind::head || !write_too) return;
        write(codec.head(), to_head ? "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" : "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        write(codec.head(), "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const bool to_head = (data[0] & 1) != 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = read(input, size, to_head, true);
    const std::string pieces = read(input, 1 + size % 7, to_head, false);
    fuzz::require(whole.substr(0, whole.find("\nh")) == pieces.substr(0, pieces.find("\nh")));
    return 0;
}
