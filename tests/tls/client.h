#pragma once

// An unmodified OpenSSL as the client at the other end of a wire.

#include <memory>
#include <openssl/ssl.h>
#include <string>

#include "tls/peer.h"

namespace seki::tls {

class Client final : public Peer {
public:
    using SessionPtr = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;
    struct Settings {
        std::string server_name = "example.com";
        int version = TLS1_3_VERSION;
        std::string ciphers{};    // OpenSSL's names; empty: its defaults
        std::string groups{};     // likewise; a share is sent for the first
        std::string protocols{};  // as ALPN has them on the wire
        SSL_SESSION* session = nullptr;
        std::string record_size_limit{};  // the content of the extension; empty: none
        // What it shows when it is asked, in PEM; the chain behind the certificate.
        std::string certificate{};
        std::string key{};
    };

    Client(std::shared_ptr<Wire> wire, const Settings& settings);

    // The newest that can be resumed; null when there is none.
    [[nodiscard]] SSL_SESSION* ticket() noexcept { return ticket_.get(); }
    [[nodiscard]] int tickets() const noexcept { return tickets_; }
    // The content of the server's extension of that kind.
    [[nodiscard]] const std::string& record_size_limit() const noexcept { return told_limit_; }

private:
    void set_certificate(const Settings& settings);
    void set_server_name(std::string name);
    static int on_session(SSL* ssl, SSL_SESSION* session);
    void limit_records();

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    SessionPtr ticket_;
    int tickets_ = 0;
    std::string limit_;
    std::string told_limit_;
};

}  // namespace seki::tls
