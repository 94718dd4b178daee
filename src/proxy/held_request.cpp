#include "proxy/held_request.h"

#include "base/check.h"
#include "http/h1/server_codec.h"
#include "http/head_storage.h"

namespace seki::proxy {

namespace {

// What was written to a backend is read as a server reads it.
void parse(std::string_view bytes, http::HeadStorage& heads, HeldRequest::Writer& writer) {
    using Kind = http::Event::Kind;
    const http::HeadLimits as_long_as_it_is{UINT32_MAX, UINT32_MAX, http::FieldTable::capacity};
    http::h1::ServerCodec reader(heads, as_long_as_it_is);
    while (!bytes.empty() && !writer.failed()) {
        const http::Event event = reader.next(bytes);
        bytes.remove_prefix(event.consumed);
        switch (event.kind) {
            case Kind::head:
                writer.head(reader.head(), event.end);
                break;
            case Kind::body:
                writer.body(event.body);
                if (event.end) writer.end(nullptr);
                break;
            case Kind::end:
                writer.end(&reader.trailers());
                break;
            case Kind::need_more:
            case Kind::blocked:
                return;
            default:
                SEKI_CHECK(false);  // it was written by us
        }
    }
}

}  // namespace

void HeldRequest::write_to(Writer& writer) {
    if (const Written* as_written = written()) {
        std::string bytes(as_written->bytes->data());
        form_ = std::move(bytes);
    }
    const auto heads = std::make_unique<http::HeadStorage>();  // those of the worker may be in use
    if (const auto* bytes = std::get_if<std::string>(&form_)) return parse(*bytes, *heads, writer);
    std::get<KeptRequest>(form_).show(heads->request);
    writer.head(heads->request, heads->request.body.kind == http::BodyKind::none);
}

}  // namespace seki::proxy
