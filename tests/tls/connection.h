#pragma once

// A client and a TlsTransport, with a wire between them.

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "event/event_loop.h"
#include "event/poller.h"
#include "tls/client.h"
#include "tls/identities.h"
#include "tls/transport.h"

namespace seki::tls {

// What a worker would have.
class ServerFixture {
public:
    ServerFixture() { certificates->put(ecdsa); }

    std::shared_ptr<const ServerContext> context(ServerSettings settings = {}) {
        if (settings.protocols.empty()) settings.protocols = {Alpn::http11};
        auto made = ServerContext::make(*engine, std::move(settings), certificates);
        EXPECT_TRUE(made.has_value());
        return *made;
    }

    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    std::unique_ptr<Engine> engine = [this] {
        TicketSecret secret;
        static_cast<void>(secret.resize(32));
        return *Engine::make(loop, secret, std::chrono::hours(12));
    }();
    CertificatePtr ecdsa = make_certificate({});
    std::shared_ptr<CertificateStore> certificates = std::make_shared<CertificateStore>();
};

class Connection {
public:
    Connection(const std::shared_ptr<const ServerContext>& context, const Client::Settings& settings)
        : wire(std::make_shared<Wire>()),
          client(wire, settings),
          server(std::make_unique<TlsTransport>(std::make_unique<WireEnd>(wire), context,
                                                SocketAddress::v4(0xC0000201U, 1))) {}

    // Both say what they have to say. False when one of them failed.
    bool shake_hands() {
        for (int turns = 0; turns < 1000; ++turns) {
            if (!client.advance()) return false;
            if (!server->open() && !server->refused()) outcome = server->read({});
            if (server->refused()) {
                client.advance();
                return false;
            }
            if (server->open() && client.connected()) {
                client.receive();  // tickets
                return true;
            }
        }
        return false;
    }
    // What the server can read now.
    std::string read(size_t at_once = 20'000) {
        std::string all;
        std::string piece(at_once, '\0');
        for (outcome = {}; outcome.stop == net::IoOutcome::Stop::none;) {
            outcome = server->read(piece);
            all += piece.substr(0, outcome.bytes);
        }
        return all;
    }
    // Sends all of it, as often as that takes; what the client has got at the end.
    std::string send(std::string_view text) {
        std::string got;
        while (!text.empty()) {
            outcome = server->write(text);
            EXPECT_NE(outcome.stop, net::IoOutcome::Stop::error);
            if (outcome.stop == net::IoOutcome::Stop::error) break;
            text.remove_prefix(outcome.bytes);
            got += client.receive();
        }
        return got + client.receive();
    }

    // The server's end goes to another process, which goes on with it.
    void move_to(Engine& engine) {
        const auto exported = server->to_export();
        ASSERT_TRUE(exported.has_value());
        server.reset();
        auto adopted = TlsTransport::adopt(std::make_unique<WireEnd>(wire), engine, Role::server, exported->beside);
        ASSERT_TRUE(adopted.has_value()) << adopted.error().message;
        server = std::move(*adopted);
    }

    std::shared_ptr<Wire> wire;
    Client client;
    std::unique_ptr<TlsTransport> server;
    net::IoOutcome outcome;
};

}  // namespace seki::tls
