#include "tls/client_handshaking.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <utility>

#include <openssl/x509v3.h>

#include "base/ip_address.h"

namespace seki::tls {

ClientHandshaking::ClientHandshaking(std::shared_ptr<const ClientContext> context,
                                     const SocketAddress& backend) noexcept
    : OpensslConnection(context->engine(), Role::client, context->settings().own_records),
      context_(std::move(context)),
      backend_(backend) {}

std::unique_ptr<ClientHandshaking> ClientHandshaking::begin(std::shared_ptr<const ClientContext> context,
                                                            const SocketAddress& backend) {
    std::unique_ptr<ClientHandshaking> made(new ClientHandshaking(std::move(context), backend));
    const bool ready = made->open(made->context_->get()) && made->ask_for_name();
    if (ready) made->resume();
    ERR_clear_error();
    return ready && made->go_on() == HandshakeStep::more ? std::move(made) : nullptr;
}

// Nobody is told that the connection ends, and its session is as good as before.
ClientHandshaking::~ClientHandshaking() {
    if (ssl() != nullptr) SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

ClientHandshaking& ClientHandshaking::of(const SSL* ssl) noexcept {
    return static_cast<ClientHandshaking&>(OpensslConnection::of(ssl));
}

ClientHandshaking& ClientHandshaking::of(X509_STORE_CTX* chain) noexcept {
    return of(static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx())));
}

// An address is no name that could be asked for (RFC 6066 §3), but a certificate may be for one.
bool ClientHandshaking::ask_for_name() {
    const std::string& name = context_->settings().server_name;
    if (const auto address = IpAddress::parse(name)) return expect_address(address->text());
    return name.empty() ? expect_address(backend_.ip_address().text()) : expect_host(name);
}

bool ClientHandshaking::expect_host(const std::string& host) {
    expected_ = server_name_ = host;
    // Names of hosts are alternative names and nothing else (RFC 9525 §2).
    SSL_set_hostflags(ssl(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    std::string asked = host;
    return SSL_ctrl(ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, asked.data()) == 1 &&
           SSL_set1_host(ssl(), host.c_str()) == 1;
}

bool ClientHandshaking::expect_address(const std::string& address) {
    expected_ = address;
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl()), address.c_str()) == 1;
}

void ClientHandshaking::resume() {
    Engine& engine = context_->engine();
    if (SSL_SESSION* session = engine.sessions.find(key(), engine.loop.wall())) SSL_set_session(ssl(), session);
}

bool ClientHandshaking::is_pinned(X509* certificate) const {
    unsigned char* spki = nullptr;
    const int size = certificate != nullptr ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki) : -1;
    if (size <= 0) return false;
    Fingerprint digest{};
    const bool made = EVP_Digest(spki, static_cast<size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
    OPENSSL_free(spki);
    const auto& pinned = context_->settings().pinned_keys;
    return made && std::ranges::find(pinned, digest) != pinned.end();
}

int ClientHandshaking::judge(X509_STORE_CTX* chain) {
    const ClientSettings& settings = context_->settings();
    wrong_key_ = !settings.pinned_keys.empty() && !is_pinned(X509_STORE_CTX_get0_cert(chain));
    if (wrong_key_) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    if (!settings.asks_authorities()) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    const WallTime now = context_->engine().loop.wall();
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(chain), std::chrono::system_clock::to_time_t(now));
    return X509_verify_cert(chain) == 1 ? 1 : 0;
}

int ClientHandshaking::keep_session(SSL_SESSION* session) {
    if (SSL_SESSION_is_resumable(session) != 1) return 0;
    context_->engine().sessions.put(key(), session);
    return 1;
}

// Whatever was wrong, it shall not be tried again with a session of before.
void ClientHandshaking::note_failure() {
    context_->engine().sessions.forget(key());
    const long verdict = SSL_get_verify_result(ssl());
    if (verdict == X509_V_OK) return OpensslConnection::note_failure();
    ERR_clear_error();
    if (wrong_key_) {
        return OpensslConnection::note_failure(HandshakeFailure::untrusted, "the key of its certificate is not pinned");
    }
    std::string why = fmt::format("its certificate: {}", X509_verify_cert_error_string(verdict));
    const bool of_name = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
    if (of_name) why += fmt::format(" (it is not for {})", expected_);
    OpensslConnection::note_failure(HandshakeFailure::untrusted, std::move(why));
}

ConnectionInfo ClientHandshaking::info() const {
    ConnectionInfo info = OpensslConnection::info();
    const unsigned char* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl(), &chosen, &size);
    const std::string_view name(reinterpret_cast<const char*>(chosen), size);
    info.protocol = find_alpn(name).value_or(Alpn::none);
    return info;
}

}  // namespace seki::tls
