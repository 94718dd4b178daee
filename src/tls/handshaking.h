#pragma once

// OpenSSL's part of a connection: the handshake, and the records of those connections that stay with it. Bytes in,
// bytes out, through memory; records go in one at a time, so that nothing that comes behind the last one of the
// handshake is swallowed.
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
#include "tls/server_context.h"

namespace seki::tls {

class Handshaking {
public:
    // Null when the system has no memory for it.
    static std::unique_ptr<Handshaking> accept(std::shared_ptr<const ServerContext> context);
    Handshaking(const Handshaking&) = delete;
    Handshaking& operator=(const Handshaking&) = delete;
    ~Handshaking() = default;

    enum class Step : uint8_t { more, done, failed };
    // The next record from the client.
    Step take(std::string_view record);

    // What is to be sent to the client, and how much of it was.
    [[nodiscard]] std::string_view output() const noexcept { return made().substr(output_sent_); }
    void sent(size_t bytes) noexcept;

    // ---- when it failed

    [[nodiscard]] HandshakeFailure failure() const noexcept { return failure_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }

    // ---- when it is done

    [[nodiscard]] ConnectionInfo info() const;
    [[nodiscard]] bool took_default() const noexcept { return took_default_; }
    // The keys of both directions, and the suite; nothing where the records have to stay with OpenSSL.
    struct Taken {
        const Suite* suite;
        SecretPool<Secrets>::Ptr keys;
    };
    [[nodiscard]] std::optional<Taken> take_keys();
    // A record that is about no content: whether so many may come.
    [[nodiscard]] bool may_say_nothing(Monotonic now) noexcept;
    // Contents of records that were taken; as SSL_read, but 0 for an orderly end, -1 when there is nothing, -2 for an
    // error.
    int read(std::span<char> into);
    // Makes a record of at most max_fragment_bytes of it, and returns how much; 0 when it cannot.
    size_t write(std::string_view content);
    void close_notify();

    // ---- for the callbacks of OpenSSL

    [[nodiscard]] static Handshaking& of(const SSL* ssl) noexcept;
    [[nodiscard]] const ServerContext& context() const noexcept { return *context_; }
    int client_hello(int* alert);
    void progress() noexcept;
    void note_secret(std::string_view line) noexcept;
    // The certificate of a client, and what leads on from it.
    bool judge_client(X509_STORE_CTX* chain);
    // A session in which a client was recognised goes on as long as it would be recognised anew, and no longer than one
    // key makes tickets; its tickets say until when.
    bool write_session_end();
    bool may_resume(SSL_SESSION* session);
    int choose_protocol(std::span<const uint8_t> offered, const uint8_t** chosen, uint8_t* chosen_size);

private:
    struct FreeSsl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    explicit Handshaking(std::shared_ptr<const ServerContext> context) noexcept : context_(std::move(context)) {}
    [[nodiscard]] bool set_up();
    bool use(const Candidates& candidates);
    bool bind_sessions_to_policy();
    void listen_for_secrets(bool listens) noexcept;
    // The handshake is over: with whom, in a new session or an old one.
    bool note_client();
    void note_failure();
    void note_failure(HandshakeFailure failure, std::string why);
    // What was put out since all of it was sent the last time.
    [[nodiscard]] std::string_view made() const noexcept;
    void count_records(size_t before);
    [[nodiscard]] CertificatePtr chosen_certificate() const;
    [[nodiscard]] bool take_tls13(const Suite& suite, Secrets& secrets) const;
    [[nodiscard]] bool take_tls12(const Suite& suite, Secrets& secrets) const;

    std::shared_ptr<const ServerContext> context_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    BIO* in_ = nullptr;   // of ssl_
    BIO* out_ = nullptr;  // likewise
    size_t output_sent_ = 0;
    std::string server_name_;
    Candidates candidates_;
    TrafficSecret client_secret_;
    TrafficSecret server_secret_;
    ClientCertificatePtr client_;
    WallTime client_good_until_ = WallTime::max();
    uint32_t records_made_ = 0;  // in what the last step has put out, those of which only the peer sees what they are
    Alpn protocol_ = Alpn::none;
    bool took_default_ = false;
    uint8_t empty_records_ = 0;  // in that second
    Monotonic empty_since_{};
    HandshakeFailure failure_ = HandshakeFailure::none;
    std::string why_;
};

}  // namespace seki::tls
