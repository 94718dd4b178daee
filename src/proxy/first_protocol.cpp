#include "proxy/first_protocol.h"

#include <utility>

#include "base/check.h"
#include "http/h1/server_codec.h"
#include "proxy/client_side.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

std::unique_ptr<net::Protocol> first_protocol(net::Session& session, Context& context, ListenerPtr listener) {
    std::unique_ptr<http::SingleStreamServerCodec> codec;
    switch (listener->kind) {
        case Listener::Kind::http:
            codec = std::make_unique<http::h1::ServerCodec>(context.heads, listener->head_limits);
            break;
        case Listener::Kind::tcp:
            codec = std::make_unique<RawServerCodec>();
            break;
    }
    return std::make_unique<ClientSide>(session, context, std::move(listener), std::move(codec), http::Scheme::http);
}

}  // namespace seki::proxy
