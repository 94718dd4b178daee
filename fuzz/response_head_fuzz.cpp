// Answers as a backend may send them, to GET, or to HEAD if an input begins with that word: read whole, in pieces,
// and by codecs that go on where another one stopped; each is written towards clients of both versions, who must
// understand it as the same answer and agree whether the connection stays.

#include <fmt/format.h>

#include "codec_fuzz.h"
#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"

using namespace seki;
using Kind = http::Event::Kind;

namespace {

constexpr http::HeadLimits limits;
constexpr http::HeadLimits limits_of_client{.max_head_bytes = 1U << 20U, .max_fields = 1000};

struct Answer {
    std::string said;
    uint16_t status = 0;
    std::string body;
    bool complete = false;
    bool connection_stays = false;

    bool operator==(const Answer&) const = default;
};

// A codec that has just asked.
class Asking {
public:
    explicit Asking(std::string_view method, const http::HeadLimits& accepted = limits)
        : accepted_(accepted), codec_(std::in_place, storage_, accepted) {
        http::RequestHead request;
        request.method = method == "HEAD" ? http::Method::head : http::Method::get;
        request.method_text = method;
        request.path = "/";
        request.authority = "a";
        char bytes[128];
        http::Output out(bytes, bytes + sizeof bytes);
        codec_->write_head(request, {}, out);
    }

    // What it understands. `after` is called with each event, too.
    template <typename After>
    Answer read(std::string_view input, fuzz::Way way, After after) {
        Answer answer;
        answer.said = fuzz::transcript(*codec_, input, way, [&](const http::Event& event) {
            if (event.kind == Kind::head) answer.status = codec_->head().status;
            answer.body += event.body;
            if (event.end) answer.complete = true;
            if (moves_) fuzz::move(codec_, storage_, accepted_);
            const auto place = codec_->progress();
            fuzz::require(http::h1::ClientCodec::awaits_head(place) == (event.kind == Kind::interim));
            fuzz::require(http::h1::ClientCodec::answered(place) == event.end);
            if (event.end) answer.connection_stays = codec_->free_streams() == 1;
            after(event, *codec_);
        });
        return answer;
    }
    Answer read(std::string_view input, fuzz::Way way) {
        return read(input, way, [](const http::Event&, http::ClientCodec&) {});
    }

    // Another connection takes the place of one that was lost after these bytes.
    Asking& lose(std::string_view bytes) {
        codec_->next(bytes);
        codec_->restart_answer();
        return *this;
    }
    // From one place to the next, in the middle of the answer.
    Asking& moving() {
        moves_ = true;
        return *this;
    }

private:
    static inline http::HeadStorage storage_;
    const http::HeadLimits& accepted_;
    std::optional<http::h1::ClientCodec> codec_;
    bool moves_ = false;
};

void pass_on(std::string_view input, std::string_view method, std::string_view version) {
    static http::HeadStorage storage;
    std::optional<http::h1::ServerCodec> codec(std::in_place, storage, limits);
    const std::string request = fmt::format("{} / {}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", method, version);
    fuzz::require(codec->next(request).kind == Kind::head);
    fuzz::Written written(4 * input.size() + 1024);
    const Answer sent = Asking(method).read(input, fuzz::whole(input), [&](const auto& event, http::ClientCodec& from) {
        fuzz::move(codec, storage, limits);
        if (event.kind == Kind::interim) codec->write_interim(1, from.head(), written.out());
        if (event.kind == Kind::head) codec->write_head(1, from.head(), {}, false, written.out());
        fuzz::pass_on(event, from, *codec, written.out());
    });
    if (!sent.complete) return;  // the client's connection is reset

    const Answer received = Asking(method, limits_of_client).read(written.text(), fuzz::whole(written.text()));
    fuzz::require(received.complete && received.status == sent.status && received.body == sent.body);
    fuzz::require(received.connection_stays == codec->persistent());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    constexpr std::string_view to_head = "HEAD\n";
    const std::string_view method = input.starts_with(to_head) ? "HEAD" : "GET";
    if (method == "HEAD") input.remove_prefix(to_head.size());
    if (input.empty()) return 0;
    const Answer whole = Asking(method).read(input, fuzz::whole(input));
    fuzz::require(Asking(method).read(input, fuzz::pieces(input)) == whole);
    fuzz::require(Asking(method).read(input, fuzz::pieces(input, true)) == whole);
    fuzz::require(Asking(method).moving().read(input, fuzz::pieces(input)) == whole);
    fuzz::require(Asking(method).lose(input.substr(0, input.size() / 2)).read(input, fuzz::whole(input)) == whole);
    pass_on(input, method, "HTTP/1.1");
    pass_on(input, method, "HTTP/1.0");
    return 0;
}
