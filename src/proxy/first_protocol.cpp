#include "proxy/first_protocol.h"

#include <utility>

#include "base/check.h"
#include "http/h1/server_codec.h"
#include "proxy/raw_codec.h"
#include "tls/handshake.h"

namespace seki::proxy {

namespace {

std::unique_ptr<http::SingleStreamServerCodec> first_codec(Context& context, const Listener& listener) {
    switch (listener.kind) {
        case Listener::Kind::http:
            return std::make_unique<http::h1::ServerCodec>(context.heads, listener.head_limits);
        case Listener::Kind::tcp:
            break;
    }
    return std::make_unique<RawServerCodec>();
}

std::unique_ptr<ClientSide> client_of(net::Session& session, Context& context, ListenerPtr listener,
                                      std::unique_ptr<http::SingleStreamServerCodec> codec,
                                      const tls::ConnectionInfo* secured) {
    const http::Scheme scheme = listener->scheme();
    auto client = std::make_unique<ClientSide>(session, context, std::move(listener), std::move(codec), scheme);
    client->secured_by(secured);
    return client;
}

std::unique_ptr<ClientSide> client_of(net::Session& session, Context& context, ListenerPtr listener,
                                      const tls::ConnectionInfo* secured) {
    auto codec = first_codec(context, *listener);
    return client_of(session, context, std::move(listener), std::move(codec), secured);
}

// The transport outlives the protocols, and what it knows of the handshake is good as long.
std::unique_ptr<net::Protocol> handshake(net::Session& session, Context& context, ListenerPtr listener) {
    tls::TlsTransport* transport = nullptr;
    session.wrap_transport([&](std::unique_ptr<net::Transport> inner) {
        auto made = std::make_unique<tls::TlsTransport>(std::move(inner), listener->tls, session.peer());
        transport = made.get();
        return made;
    });
    const Duration limit = listener->handshake_timeout;
    return std::make_unique<tls::Handshake>(
        session, *transport, limit,
        [&session, &context, listener = std::move(listener)](const tls::ConnectionInfo& info) mutable {
            return client_of(session, context, std::move(listener), &info);
        });
}

}  // namespace

std::unique_ptr<net::Protocol> first_protocol(net::Session& session, Context& context, ListenerPtr listener) {
    if (listener->tls != nullptr) return handshake(session, context, std::move(listener));
    return client_of(session, context, std::move(listener), nullptr);
}

std::unique_ptr<net::Protocol> protocol_at_rest(net::Session& session, Context& context, ListenerPtr listener,
                                                const tls::ConnectionInfo* secured, ClientSide::SoFar so_far) {
    auto client = client_of(session, context, std::move(listener), secured);
    client->go_on_after(std::move(so_far));
    return client;
}

std::unique_ptr<ClientSide> protocol_in_exchange(net::Session& session, Context& context, ListenerPtr listener,
                                                 std::unique_ptr<http::SingleStreamServerCodec> codec,
                                                 const tls::ConnectionInfo* secured) {
    return client_of(session, context, std::move(listener), std::move(codec), secured);
}

std::unique_ptr<http::SingleStreamServerCodec> codec_in_exchange(Context& context, const Listener& listener,
                                                                 const std::optional<http::h1::Progress>& place) {
    if (!place) return std::make_unique<RawServerCodec>();
    auto codec = std::make_unique<http::h1::ServerCodec>(context.heads, listener.head_limits);
    if (!codec->go_on(*place)) return nullptr;
    return codec;
}

}  // namespace seki::proxy
