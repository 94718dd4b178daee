// Requests as a client may send them: read whole and in pieces; what is understood is written towards a backend, and a
// second reader must understand that as the same one request.

#include "codec_fuzz.h"
#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"

using namespace seki;

namespace {

// The head as a backend gets it is one request, with the same framing.
void write_and_read_again(http::RequestHead& head) {
    static http::h1::HeadStorage storage;
    static http::h1::HeadStorage storage_of_backend;
    static const http::HeadLimits limits{.max_head_bytes = 1U << 20U, .max_target_bytes = 1U << 20U, .max_fields = 120};
    if (head.method == http::Method::connect) return;
    http::h1::ClientCodec client(storage, limits);
    std::string bytes(65536, '\0');
    http::Output out(bytes.data(), bytes.data() + bytes.size());
    client.write_head(head, {}, out);
    if (out.overflow()) return;
    bytes.resize(out.size());
    http::h1::ServerCodec backend(storage_of_backend, limits);
    const http::Event event = backend.next(bytes);
    if (head.authority.empty()) return;  // HTTP/1.0 without a host, which is never routed
    fuzz::require(event.kind == http::Event::Kind::head && event.consumed == bytes.size());
    fuzz::require(backend.head().body.kind == head.body.kind && backend.head().body.length == head.body.length);
    fuzz::require(backend.head().path == head.path);
}

std::string read(std::string_view input, size_t piece, bool write) {
    static http::h1::HeadStorage storage;
    const http::HeadLimits limits;
    http::h1::ServerCodec codec(storage, limits);
    return fuzz::transcript(codec, input, piece, [&](const http::Event& event) {
        if (event.kind == http::Event::Kind::head && write) write_and_read_again(codec.head());
        if (event.end) codec.finish(event.stream);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string whole = read(input, size, true);
    const std::string pieces = read(input, 1 + size % 7, false);
    fuzz::require(whole.substr(0, whole.find("\nh")) == pieces.substr(0, pieces.find("\nh")));
    return 0;
}
