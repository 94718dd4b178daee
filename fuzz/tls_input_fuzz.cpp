// Whatever bytes a client sends to a port of HTTPS, in whatever pieces: the handshake goes on or is refused, and no
// byte of a content comes of it, since nobody here has the keys.

#include <cstdint>
#include <cstdlib>

#include "event/poller.h"
#include "tls/identities.h"
#include "tls/transport.h"
#include "tls/wire.h"

using namespace seki;

namespace {

struct ServerFixture {
    ServerFixture() {
        certificates->put(tls::make_certificate({.names = {"example.com"}}));
        tls::ServerSettings settings;
        settings.protocols = {tls::Alpn::http11};
        context = *tls::ServerContext::make(*engine, settings, certificates);
    }

    SystemClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    std::unique_ptr<tls::Engine> engine = *tls::Engine::make(loop, tls::TicketSecret(), std::chrono::hours(1));
    std::shared_ptr<tls::CertificateStore> certificates = std::make_shared<tls::CertificateStore>();
    std::shared_ptr<const tls::ServerContext> context;
};

}  // namespace

// The first byte says how many bytes come at a time.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static ServerFixture fixture;
    if (size == 0) return 0;
    auto wire = std::make_shared<tls::Wire>();
    wire->piece = data[0] == 0 ? SIZE_MAX : data[0];
    wire->to_server.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    wire->client_ended = true;
    tls::TlsTransport server(std::make_unique<tls::WireEnd>(wire), fixture.context, SocketAddress::v4(1, 1));
    char into[100];
    for (auto got = server.read({}); got.stop == net::IoOutcome::Stop::none && !server.refused();
         got = server.read(into)) {
        if (server.open() && got.bytes > 0) std::abort();
    }
    return 0;
}
