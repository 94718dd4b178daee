// Requests as a client may send them: read whole, in pieces, and by codecs that go on where another one stopped; each
// that is understood is written towards a backend, and a second reader must understand that as the same one request.

#include <optional>

#include "codec_fuzz.h"
#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"

using namespace seki;
using Kind = http::Event::Kind;

namespace {

// A request on its way to a backend.
class Relay {
public:
    Relay(const http::RequestHead& head, size_t room) : written_(room), path_(head.path), framing_(head.body) {
        codec_->write_head(head, {}, written_.out());
    }

    void pass_on(const http::Event& event, const http::ServerCodec& client) {
        body_ += event.body;
        fuzz::move(codec_, storage(), limits);
        fuzz::pass_on(event, client, *codec_, written_.out());
        if (event.end) parse_as_backend();
    }

private:
    void parse_as_backend() const {
        http::h1::ServerCodec backend(storage(), limits);
        size_t heads = 0;
        std::string body;
        const auto check = [&](const http::Event& event) {
            body += event.body;
            if (event.kind == Kind::head) {
                const http::RequestHead& head = backend.head();
                fuzz::require(head.path == path_ && head.body.kind == framing_.kind);
                fuzz::require(head.body.length == framing_.length);
                ++heads;
            }
            if (event.end) backend.finish(event.stream);
        };
        const std::string said = fuzz::transcript(backend, written_.text(), fuzz::whole(written_.text()), check);
        fuzz::require(heads == 1 && body == body_ && said.ends_with("\nend"));
    }

    // Of the backend, who may be more generous.
    static constexpr http::HeadLimits limits{
        .max_head_bytes = 1U << 20U, .max_target_bytes = 1U << 20U, .max_fields = 1000};
    static http::HeadStorage& storage() {
        static http::HeadStorage storage;
        return storage;
    }

    std::optional<http::h1::ClientCodec> codec_{std::in_place, storage(), limits};
    fuzz::Written written_;
    std::string path_;
    http::Body framing_;
    std::string body_;
};

// CONNECT is not forwarded, nor is a request without a host (of HTTP/1.0).
bool forwarded(const http::RequestHead& head) {
    return head.method != http::Method::connect && !head.authority.empty();
}

enum class Reader : uint8_t { plain, relaying, moving };

std::string read(std::string_view input, fuzz::Way way, Reader reader = Reader::plain) {
    static http::HeadStorage storage;
    const http::HeadLimits limits;
    const size_t room = 4 * input.size() + 1024;
    std::optional<http::h1::ServerCodec> codec(std::in_place, storage, limits);
    std::optional<Relay> relay;
    return fuzz::transcript(*codec, input, way, [&](const http::Event& event) {
        if (event.kind == Kind::head) relay.reset();
        if (event.kind == Kind::head && reader == Reader::relaying && forwarded(codec->head()))
            relay.emplace(codec->head(), room);
        if (relay) relay->pass_on(event, *codec);
        if (reader == Reader::moving) fuzz::move(codec, storage, limits);
        fuzz::require(codec->request_complete(event.stream) == event.end);
        if (!event.end) return;
        fuzz::require(codec->next("GET").kind == Kind::blocked);
        codec->finish(event.stream);
    });
}

// An owner who cannot act on a head yet is given it again.
void require_same_when_repeated(std::string_view input) {
    static http::HeadStorage storage;
    const http::HeadLimits limits;
    http::h1::ServerCodec codec(storage, limits);
    const http::Event first = codec.next(input);
    if (first.kind != Kind::head) return;
    const std::string target(codec.head().path);
    codec.repeat_head();
    const http::Event second = codec.next(input);
    fuzz::require(second.kind == Kind::head && second.consumed == first.consumed && second.end == first.end);
    fuzz::require(codec.head().path == target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string whole = read(input, fuzz::whole(input), Reader::relaying);
    fuzz::require(read(input, fuzz::pieces(input)) == whole);
    fuzz::require(read(input, fuzz::pieces(input, true)) == whole);
    fuzz::require(read(input, fuzz::pieces(input), Reader::moving) == whole);
    require_same_when_repeated(input);
    return 0;
}
