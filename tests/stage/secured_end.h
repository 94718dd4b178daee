#pragma once

// The script's end of a connection that goes through TLS: what the script says and hears is plain, what passes the wire
// is not. An unmodified OpenSSL does it.

#include <memory>
#include <string>
#include <string_view>

#include "tls/client.h"
#include "tls/server.h"

namespace seki::stage {

class SecuredEnd {
public:
    explicit SecuredEnd(const tls::Client::Settings& settings)
        : peer_(std::make_unique<tls::Client>(wire_, settings)) {}
    // The script is a backend.
    explicit SecuredEnd(const tls::ServerSide& side) : peer_(std::make_unique<tls::Server>(wire_, side)) {}

    // Each returns what is to go over the wire.
    std::string begin();
    std::string send(std::string_view plain);
    std::string finish();
    // Bytes came over the wire: what they say is added to `plain`.
    std::string receive(std::string_view bytes, std::string& plain);

    [[nodiscard]] bool shaking_hands() const { return !peer_->connected() && !failed_; }
    // The worker has said that it says nothing more.
    [[nodiscard]] bool saw_end() const { return peer_->saw_close_notify(); }
    [[nodiscard]] tls::Peer& peer() noexcept { return *peer_; }

private:
    std::string output() { return std::exchange(wire_->to_server, {}); }

    std::shared_ptr<tls::Wire> wire_ = std::make_shared<tls::Wire>();
    std::unique_ptr<tls::Peer> peer_;
    std::string waiting_;  // for the end of the handshake
    bool finish_waits_ = false;
    bool failed_ = false;
};

}  // namespace seki::stage
