#pragma once

// An unmodified OpenSSL as the client at the other end of a wire.

#include <functional>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

#include "tls/wire.h"

namespace seki::tls {

class Client {
public:
    using SessionPtr = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;
    struct Settings {
        std::string server_name = "example.com";
        int version = TLS1_3_VERSION;
        std::string ciphers{};    // OpenSSL's names; empty: its defaults
        std::string protocols{};  // as ALPN has them on the wire
        SSL_SESSION* session = nullptr;
        // What it shows when it is asked, in PEM; the chain behind the certificate.
        std::string certificate{};
        std::string key{};
    };

    Client(std::shared_ptr<Wire> wire, const Settings& settings);

    // Looks at what has come and says what is to be said. False when it failed.
    bool advance();
    [[nodiscard]] bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
    void send(std::string_view text);
    // All that has come, decrypted.
    std::string receive();
    // The end of the server's bytes came in order.
    [[nodiscard]] bool saw_close_notify() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void close_notify();
    void update_key(bool both);
    // The same, without hearing what has come.
    void update_key_unheard(bool both);
    [[nodiscard]] SSL* ssl() noexcept { return ssl_.get(); }
    [[nodiscard]] std::string error() const { return error_; }
    // The newest that can be resumed; null when there is none.
    [[nodiscard]] SSL_SESSION* ticket() noexcept { return ticket_.get(); }
    [[nodiscard]] int tickets() const noexcept { return tickets_; }

private:
    void set_certificate(const Settings& settings);
    void set_server_name(std::string name);
    static int on_session(SSL* ssl, SSL_SESSION* session);
    void speak();
    void move_bytes();
    void note_error();

    std::shared_ptr<Wire> wire_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    BIO* in_;
    BIO* out_;
    SessionPtr ticket_;
    int tickets_ = 0;
    std::string error_;
};

}  // namespace seki::tls
