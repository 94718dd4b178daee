#pragma once

// A handshake over a transport, from its first byte until it is over: OpenSSL or our own handshake (own_handshake.h)
// says what is to be said, here it is sent, and records of the peer are read for it, whole and one at a time. What the
// peer sent behind the last one stays in raw(). How it went is reported once (Engine::on_handshake).

#include <memory>
#include <string>
#include <string_view>

#include "net/transport.h"
#include "tls/client_context.h"
#include "tls/openssl_connection.h"
#include "tls/own_handshake.h"
#include "tls/server_context.h"

namespace seki::tls {

class Shaking {
public:
    Shaking(std::shared_ptr<const ServerContext> context, const SocketAddress& client);
    Shaking(std::shared_ptr<const ClientContext> context, const SocketAddress& backend);

    // Success: it is over, one way or another.
    net::IoOutcome go_on(net::Transport& transport);
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    // What the peer is told when it failed.
    [[nodiscard]] std::string take_last_words() noexcept { return std::move(last_words_); }

    // The peer's bytes that were not used.
    [[nodiscard]] std::string take_raw() noexcept { return std::move(raw_); }
    [[nodiscard]] HandshakeSteps& steps() noexcept;
    // Where it was OpenSSL's.
    [[nodiscard]] std::unique_ptr<OpensslConnection> take_openssl() noexcept { return std::move(openssl_); }

    void report_success(const ConnectionInfo& info, bool took_default);
    void report_failure(HandshakeFailure failure, std::string_view why);
    // The connection goes, whether or not it is over.
    void report_end();
    // Why it failed, or is not over yet.
    [[nodiscard]] std::string_view problem() const noexcept;
    [[nodiscard]] bool has_failure() const noexcept { return !why_.empty(); }

private:
    Shaking(Engine& engine, Role role, const SocketAddress& peer)
        : engine_(engine), began_(engine.loop.now()), peer_(peer), role_(role) {}
    void begin_with_backend();
    HandshakeStep take(std::string_view record);
    [[nodiscard]] bool begun() const noexcept { return openssl_ != nullptr || own_ != nullptr; }
    bool read_more(net::Transport& transport, net::IoOutcome& outcome);
    [[nodiscard]] bool speaks_tls();
    void fail(HandshakeFailure failure, std::string_view why, std::string alert);
    [[nodiscard]] HandshakeReport report() const;

    Engine& engine_;
    // One of them, from the first record of a client on, or when the connection to a backend stands.
    std::unique_ptr<OpensslConnection> openssl_;
    std::unique_ptr<OwnHandshake> own_;
    std::shared_ptr<const ServerContext> from_;  // until it begins
    std::shared_ptr<const ClientContext> to_;    // likewise
    Monotonic began_;
    SocketAddress peer_;
    std::string raw_;
    std::string last_words_;
    std::string why_;
    Role role_;
    bool failed_ = false;
    bool reported_ = false;
    bool speaks_tls_ = false;  // its first bytes were of that kind
};

// Sends what is to be said, as far as the transport takes it.
net::IoOutcome send_output(HandshakeSteps& steps, net::Transport& transport);

}  // namespace seki::tls
