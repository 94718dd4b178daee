#pragma once

// OpenSSL's part of a connection: the handshake, and the records of those connections that stay with it. Bytes in,
// bytes out, through memory; records go in one at a time, so that nothing that comes behind the last one of the
// handshake is swallowed. What only one of the two ends does in a handshake is in Handshaking (ours is the server's)
// and ClientHandshaking.
//
// What the handshake leaves is taken out before OpenSSL goes: the traffic secrets, which it tells to whoever wants to
// keep a log of keys (TLS 1.3), or the master secret (TLS 1.2), and how many records each side has made with them.

#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tls/connection_info.h"
#include "tls/engine.h"
#include "tls/handshake_steps.h"

namespace seki::tls {

class OpensslConnection : public HandshakeSteps {
public:
    HandshakeStep take(std::string_view record) override;
    [[nodiscard]] std::string_view output() const noexcept override { return made().substr(output_sent_); }
    void sent(size_t bytes) noexcept override;
    [[nodiscard]] HandshakeFailure failure() const noexcept override { return failure_; }
    [[nodiscard]] const std::string& why() const noexcept override { return why_; }
    [[nodiscard]] const std::string& server_name() const noexcept override { return server_name_; }
    [[nodiscard]] ConnectionInfo info() const override;
    [[nodiscard]] bool took_default() const noexcept override { return false; }
    [[nodiscard]] std::optional<TakenKeys> take_keys() override;

    // ---- where the records stay here

    // A record that is about no content: whether so many may come.
    [[nodiscard]] bool may_say_nothing(Monotonic now) noexcept;
    // Contents of records that were taken; as SSL_read, but 0 for an orderly end, -1 when there is nothing, -2 for an
    // error.
    int read(std::span<char> into);
    // Makes a record of at most max_fragment_bytes of it, and returns how much; 0 when it cannot.
    size_t write(std::string_view content);
    void close_notify();

    // ---- for the callbacks of OpenSSL

    [[nodiscard]] static OpensslConnection& of(const SSL* ssl) noexcept;
    virtual void note_secret(std::string_view line) noexcept;

protected:
    OpensslConnection(Engine& engine, Role role, bool own_records) noexcept
        : engine_(engine), role_(role), own_records_(own_records) {}
    // False when the system has no memory for it.
    [[nodiscard]] bool open(SSL_CTX* context);
    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
    // OpenSSL goes on with the handshake, as far as that leads.
    HandshakeStep go_on();
    // The handshake is done, as far as OpenSSL goes; false: it is not to be.
    virtual bool completes() { return true; }
    virtual void before_step() noexcept { listen_for_secrets(true); }
    void listen_for_secrets(bool listens) noexcept;
    [[nodiscard]] bool has_server_secret() const noexcept { return !server_secret_.empty(); }
    virtual void note_failure();
    void note_failure(HandshakeFailure failure, std::string why);

    std::string server_name_;

private:
    struct FreeSsl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    // What was put out since all of it was sent the last time.
    [[nodiscard]] std::string_view made() const noexcept;
    void count_records(size_t before);
    [[nodiscard]] bool take_tls13(const Suite& suite, Secrets& secrets) const;
    [[nodiscard]] bool take_tls12(const Suite& suite, Secrets& secrets) const;

    Engine& engine_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    BIO* in_ = nullptr;   // of ssl_
    BIO* out_ = nullptr;  // likewise
    size_t output_sent_ = 0;
    TrafficSecret client_secret_;
    TrafficSecret server_secret_;
    uint32_t records_made_ = 0;   // in what the last step has put out, those of which only the peer sees what they are
    uint32_t records_taken_ = 0;  // of the peer's, those that are protected, with TLS 1.2
    Role role_;
    bool own_records_;
    bool peer_protects_ = false;  // all that comes from now on, with TLS 1.2
    uint8_t empty_records_ = 0;   // in that second
    Monotonic empty_since_{};
    HandshakeFailure failure_ = HandshakeFailure::none;
    std::string why_;
};

}  // namespace seki::tls
