#pragma once

// Our part in the handshake with a client: which certificates are for the name that it asks for, which protocol is
// spoken, and under which policy its sessions may be resumed.

#include <memory>
#include <span>
#include <string_view>

#include "tls/openssl_connection.h"
#include "tls/server_context.h"

namespace seki::tls {

class Handshaking final : public OpensslConnection {
public:
    // Null when the system has no memory for it.
    static std::unique_ptr<Handshaking> accept(std::shared_ptr<const ServerContext> context);

    [[nodiscard]] ConnectionInfo info() const override;
    [[nodiscard]] bool took_default() const noexcept override { return took_default_; }

    // ---- for the callbacks of OpenSSL

    [[nodiscard]] static Handshaking& of(const SSL* ssl) noexcept;
    [[nodiscard]] const ServerContext& context() const noexcept { return *context_; }
    int client_hello(int* alert);
    void progress() noexcept;
    void note_secret(std::string_view line) noexcept override;
    // The certificate of a client, and what leads on from it.
    bool judge_client(X509_STORE_CTX* chain);
    // A session in which a client was recognised goes on as long as it would be recognised anew, and no longer than one
    // key makes tickets; its tickets say until when.
    bool write_session_end();
    bool may_resume(SSL_SESSION* session);
    // To a client that asks for an OCSP response.
    int show_status();
    int choose_protocol(std::span<const uint8_t> offered, const uint8_t** chosen, uint8_t* chosen_size);

private:
    explicit Handshaking(std::shared_ptr<const ServerContext> context) noexcept;
    void before_step() noexcept override;
    bool use(const Candidates& candidates);
    bool bind_sessions_to_policy();
    // With whom the handshake was, in a new session or an old one.
    bool completes() override { return note_client(); }
    bool note_client();
    [[nodiscard]] CertificatePtr chosen_certificate() const;

    std::shared_ptr<const ServerContext> context_;
    Candidates candidates_;
    ClientCertificatePtr client_;
    WallTime client_good_until_ = WallTime::max();
    Alpn protocol_ = Alpn::none;
    bool took_default_ = false;
};

}  // namespace seki::tls
