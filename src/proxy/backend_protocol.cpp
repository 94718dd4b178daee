#include "proxy/backend_protocol.h"

#include <utility>

#include "http/h1/client_codec.h"
#include "proxy/backend_side.h"
#include "proxy/raw_codec.h"
#include "proxy/stream_backend.h"

namespace seki::proxy {

std::unique_ptr<BackendEnd> backend_protocol(net::Session& session, Context& context,
                                             const backend::BackendPtr& backend, Carries what,
                                             Duration connect_timeout) {
    std::unique_ptr<http::ClientCodec> codec;
    if (context.stream_format && what == Carries::requests) codec = context.stream_format(*backend);
    if (codec != nullptr) {
        return std::make_unique<StreamBackend>(session, context, backend, std::move(codec), connect_timeout);
    }
    switch (what) {
        case Carries::requests:
            codec = std::make_unique<http::h1::ClientCodec>(context.heads, context.settings.answer_limits);
            break;
        case Carries::tunnel:
            codec = std::make_unique<RawClientCodec>();
            session.transport().notice_dead_peer();
            break;
    }
    return std::make_unique<BackendSide>(session, context, backend, std::move(codec), connect_timeout);
}

std::unique_ptr<http::ClientCodec> backend_codec_in_exchange(Context& context,
                                                             const std::optional<http::h1::Progress>& place) {
    if (!place) return std::make_unique<RawClientCodec>();
    auto codec = std::make_unique<http::h1::ClientCodec>(context.heads, context.settings.answer_limits);
    if (!codec->go_on(*place)) return nullptr;
    return codec;
}

}  // namespace seki::proxy
