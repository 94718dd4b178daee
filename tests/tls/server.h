#pragma once

// An unmodified OpenSSL as a backend at the other end of a wire.

#include <memory>
#include <openssl/ssl.h>
#include <string>

#include "tls/certificate.h"
#include "tls/peer.h"

namespace seki::tls {

// What a backend is: its certificate, and which clients it takes. Connections that are to resume each other's sessions
// have the same one.
class ServerSide {
public:
    struct Settings {
        int version = TLS1_3_VERSION;
        std::string ciphers{};      // OpenSSL's names; empty: its defaults
        std::string protocols{};    // as ALPN has them on the wire; empty: it knows nothing of ALPN
        CertificatePtr asks_for{};  // clients have to show this certificate
        int tickets = 2;
    };

    ServerSide(const Certificate& certificate, const Settings& settings);
    ServerSide(const ServerSide&) = delete;
    ServerSide& operator=(const ServerSide&) = delete;
    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

private:
    static int choose(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                      unsigned int offered_size, void* self);

    Settings settings_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

class Server final : public Peer {
public:
    Server(std::shared_ptr<Wire> wire, const ServerSide& side);

    // By SNI; empty: none.
    [[nodiscard]] std::string asked_name() const;
};

}  // namespace seki::tls
