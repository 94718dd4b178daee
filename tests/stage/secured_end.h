#pragma once

// The script's end of a connection that goes through TLS: what the script says and hears is plain, what passes the wire
// is not. An unmodified OpenSSL does it.

#include <memory>
#include <string>
#include <string_view>

#include "tls/client.h"

namespace seki::stage {

class SecuredEnd {
public:
    explicit SecuredEnd(const tls::Client::Settings& settings);

    // Each returns what is to go over the wire.
    std::string begin();
    std::string send(std::string_view plain);
    std::string finish();
    // Bytes came over the wire: what they say is added to `plain`.
    std::string receive(std::string_view bytes, std::string& plain);

    [[nodiscard]] bool shaking_hands() const { return !client_.connected() && !failed_; }
    // The worker has said that it says nothing more.
    [[nodiscard]] bool saw_end() const { return client_.saw_close_notify(); }
    [[nodiscard]] tls::Client& client() noexcept { return client_; }

private:
    std::string output() { return std::exchange(wire_->to_server, {}); }

    std::shared_ptr<tls::Wire> wire_ = std::make_shared<tls::Wire>();
    tls::Client client_;
    std::string waiting_;  // for the end of the handshake
    bool finish_waits_ = false;
    bool failed_ = false;
};

}  // namespace seki::stage
