#include "tls/handshaking.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <utility>

#include "tls/client_hello.h"

namespace seki::tls {

Handshaking::Handshaking(std::shared_ptr<const ServerContext> context) noexcept
    : OpensslConnection(context->engine(), Role::server, context->settings().own_records),
      context_(std::move(context)) {}

std::unique_ptr<Handshaking> Handshaking::accept(std::shared_ptr<const ServerContext> context) {
    std::unique_ptr<Handshaking> made(new Handshaking(std::move(context)));
    return made->open(made->context_->get()) ? std::move(made) : nullptr;
}

Handshaking& Handshaking::of(const SSL* ssl) noexcept { return static_cast<Handshaking&>(OpensslConnection::of(ssl)); }

// ---- the handshake

// Before anything costly is done: a name that nobody has ends here.
int Handshaking::client_hello(int* alert) {
    const unsigned char* extension = nullptr;
    size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl(), TLSEXT_TYPE_server_name, &extension, &size) == 1)
        server_name_ = server_name_of(std::span(extension, size));
    auto found = context_->certificates().shown_for(server_name_);
    candidates_ = std::move(found.candidates);
    took_default_ = found.is_default;
    if (candidates_.empty()) {
        note_failure(HandshakeFailure::no_certificate, "no certificate for this name");
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (use(candidates_) && bind_sessions_to_policy()) return SSL_CLIENT_HELLO_SUCCESS;
    note_failure(HandshakeFailure::internal, "the certificate cannot be used");
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

bool Handshaking::use(const Candidates& candidates) {
    bool any = false;
    for (const CertificatePtr& certificate : candidates) {
        const ParsedCertificate* parsed = context_->engine().certificates.get(certificate);
        any |= parsed != nullptr &&
               SSL_use_cert_and_key(ssl(), parsed->leaf.get(), parsed->key.get(), parsed->chain.get(), 1) == 1;
    }
    ERR_clear_error();  // of those that cannot be used: the handshake would take it for its own
    return any;
}

// A session under another policy, or of another name, is none here.
bool Handshaking::bind_sessions_to_policy() {
    const auto binding = context_->session_binding(server_name_);
    return SSL_set_session_id_context(ssl(), binding.data(), static_cast<unsigned>(binding.size())) == 1;
}

bool Handshaking::judge_client(X509_STORE_CTX* chain) {
    const X509* const certificate = X509_STORE_CTX_get0_cert(chain);
    const ClientVerifier::Verdict verdict = context_->clients()->judge(chain, context_->engine().loop.wall());
    client_ = read_client_certificate(*certificate);
    if (verdict.good && client_ != nullptr) {
        client_good_until_ = verdict.good_until;
        SSL_set_num_tickets(ssl(), ClientVerifier::tickets_for(*certificate, context_->settings().tickets));
        return true;
    }
    if (verdict.good) X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    note_failure(HandshakeFailure::bad_client_certificate,
                 client_ != nullptr ? fmt::format("{}, of '{}'", verdict.why, client_->subject)
                                    : "the names in the client's certificate are too long");
    ERR_clear_error();
    return false;
}

bool Handshaking::write_session_end() {
    if (SSL_session_reused(ssl()) == 1) return true;  // it says so already
    Engine& engine = context_->engine();
    const WallTime end = std::min(client_good_until_, engine.loop.wall() + engine.tickets.window());
    const int64_t nanoseconds = end.time_since_epoch().count();
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl()), &nanoseconds, sizeof nanoseconds) == 1;
}

bool Handshaking::may_resume(SSL_SESSION* session) {
    void* data = nullptr;
    size_t size = 0;
    int64_t nanoseconds = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != sizeof nanoseconds) return false;
    std::memcpy(&nanoseconds, data, sizeof nanoseconds);
    if (const X509* certificate = SSL_SESSION_get0_peer(session); certificate != nullptr)
        SSL_set_num_tickets(ssl(), ClientVerifier::tickets_for(*certificate, context_->settings().tickets));
    return context_->engine().loop.wall().time_since_epoch().count() < nanoseconds;
}

// Whatever the library has let through, nobody comes past the policy here.
bool Handshaking::note_client() {
    if (context_->clients() == nullptr) return true;
    const X509* const certificate = SSL_get0_peer_certificate(ssl());
    if (certificate != nullptr && SSL_session_reused(ssl()) == 1) client_ = read_client_certificate(*certificate);
    const bool known = certificate != nullptr && client_ != nullptr && SSL_get_verify_result(ssl()) == X509_V_OK;
    const bool may_be_unknown = certificate == nullptr && client_ == nullptr &&
                                context_->settings().clients.mode == ClientPolicy::Mode::optional;
    if (known || may_be_unknown) return true;
    note_failure(HandshakeFailure::internal, "the client's certificate was not looked at");
    return false;
}

int Handshaking::choose_protocol(std::span<const uint8_t> offered, const uint8_t** chosen, uint8_t* chosen_size) {
    if (const auto protocol = choose_alpn(context_->settings().protocols, offered)) {
        protocol_ = *protocol;
        *chosen = reinterpret_cast<const uint8_t*>(name_of(*protocol).data());
        *chosen_size = static_cast<uint8_t>(name_of(*protocol).size());
        return SSL_TLSEXT_ERR_OK;
    }
    note_failure(HandshakeFailure::no_protocol, "no protocol (ALPN) that both speak");
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The library frees what it is given.
int Handshaking::show_status() {
    const std::string_view staple = chosen_certificate()->staple(context_->engine().loop.wall());
    if (staple.empty()) return SSL_TLSEXT_ERR_NOACK;
    void* const copy = OPENSSL_memdup(staple.data(), staple.size());
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_ctrl(ssl(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(staple.size()), copy);
    return SSL_TLSEXT_ERR_OK;
}

// To write secrets down takes OpenSSL longer than to make them: it is asked for two of five.
void Handshaking::before_step() noexcept { listen_for_secrets(has_server_secret()); }

void Handshaking::note_secret(std::string_view line) noexcept {
    OpensslConnection::note_secret(line);
    if (line.starts_with("SERVER_TRAFFIC_SECRET_0 ")) listen_for_secrets(false);
}

// The secrets of the handshake itself are done with, those of the connection come next.
void Handshaking::progress() noexcept {
    if (SSL_get_state(ssl()) == TLS_ST_SW_ENCRYPTED_EXTENSIONS) listen_for_secrets(true);
}

// ---- what it leaves

CertificatePtr Handshaking::chosen_certificate() const {
    const X509* const used = SSL_get_certificate(ssl());
    for (const CertificatePtr& certificate : candidates_) {
        const ParsedCertificate* parsed = context_->engine().certificates.get(certificate);
        if (parsed != nullptr && parsed->leaf.get() == used) return certificate;
    }
    return candidates_.front();
}

ConnectionInfo Handshaking::info() const {
    ConnectionInfo info = OpensslConnection::info();
    info.certificate = chosen_certificate();
    info.client = client_;
    info.protocol = protocol_;
    return info;
}

}  // namespace seki::tls
