#include "proxy/held_request.h"

#include <optional>

#include "base/check.h"
#include "http/h1/server_codec.h"
#include "http/head_storage.h"

namespace seki::proxy {

// What was written to a backend is read as a server reads it.
bool HeldRequest::write_to(Writer& writer) const {
    using Kind = http::Event::Kind;
    const auto heads = std::make_unique<http::HeadStorage>();
    const http::HeadLimits as_long_as_it_is{UINT32_MAX, UINT32_MAX, http::FieldTable::capacity};
    http::h1::ServerCodec reader(*heads, as_long_as_it_is);
    for (std::string_view rest = bytes->data(); !rest.empty();) {
        const http::Event event = reader.next(rest);
        rest.remove_prefix(event.consumed);
        switch (event.kind) {
            case Kind::head:
                if (!writer.head(reader.head(), event.end)) return false;
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
                return true;
            default:
                SEKI_CHECK(false);  // it was written by us
        }
    }
    return true;
}

}  // namespace seki::proxy
