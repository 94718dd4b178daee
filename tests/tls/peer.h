#pragma once

// An unmodified OpenSSL at the other end of a wire: a client of ours, or a backend.

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

#include "tls/wire.h"

namespace seki::tls {

class Peer {
public:
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    virtual ~Peer() = default;

    // Looks at what has come and says what is to be said. False when it failed.
    bool advance();
    [[nodiscard]] bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
    void send(std::string_view text);
    // All that has come, decrypted.
    std::string receive();
    // The end of our bytes came in order.
    [[nodiscard]] bool saw_close_notify() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void close_notify();
    void update_key(bool both);
    // The same, without hearing what has come.
    void update_key_unheard(bool both);
    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
    [[nodiscard]] std::string error() const { return error_; }

protected:
    explicit Peer(std::shared_ptr<Wire> wire) noexcept : wire_(std::move(wire)), ssl_(nullptr, &SSL_free) {}
    void begin(SSL_CTX* context);

private:
    void speak();
    void move_bytes();
    void note_error();

    std::shared_ptr<Wire> wire_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
    std::string error_;
};

}  // namespace seki::tls
