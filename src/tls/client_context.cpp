#include "tls/client_context.h"

#include <openssl/err.h>
#include <utility>

#include "tls/client_handshaking.h"

namespace seki::tls {

namespace {

using StorePtr = std::unique_ptr<X509_STORE, FreeStore>;

int on_certificate(X509_STORE_CTX* chain, void*) { return ClientHandshaking::of(chain).judge(chain); }

int on_session(SSL* ssl, SSL_SESSION* session) { return ClientHandshaking::of(ssl).keep_session(session); }

StorePtr store_of(const std::vector<std::string>& authorities) {
    StorePtr store(X509_STORE_new());
    if (store == nullptr) return nullptr;
    for (const std::string& der : authorities) {
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        const std::unique_ptr<X509, FreeX509> authority(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
        if (authority == nullptr || X509_STORE_add_cert(store.get(), authority.get()) != 1) return nullptr;
    }
    // Whoever is named is trusted, though somebody else may have signed for it.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

}  // namespace

Result<std::shared_ptr<const ClientContext>> ClientContext::make(Engine& engine, ClientSettings settings) {
    std::shared_ptr<ClientContext> made(new ClientContext(engine, std::move(settings)));
    auto ready = made->set_up();
    ERR_clear_error();
    if (!ready) return std::unexpected(ready.error());
    return made;
}

ClientContext::ClientContext(Engine& engine, ClientSettings settings)
    : engine_(engine), settings_(std::move(settings)), number_(engine.next_policy++) {}

ClientContext::~ClientContext() { engine_.sessions.forget_all(number_); }

Result<> ClientContext::set_up() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (context_ == nullptr) return failure("tls: no memory");
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
    // What is not asked for is not looked at either, in judge().
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, on_certificate, nullptr);
    if (auto trusts = trust(); !trusts) return trusts;
    if (auto shows = show_certificate(); !shows) return shows;
    return offer_protocols();
}

Result<> ClientContext::trust() {
    if (!settings_.asks_authorities()) return {};
    if (!settings_.authorities.empty()) {
        StorePtr store = store_of(settings_.authorities);
        if (store == nullptr) return failure("tls: ca_certificates: the TLS library does not take them");
        SSL_CTX_set_cert_store(context_.get(), store.release());
        return {};
    }
    X509_STORE* const store = engine_.system_authorities.store();
    if (store == nullptr) return failure("tls: no memory");
    SSL_CTX_set1_cert_store(context_.get(), store);
    return {};
}

Result<> ClientContext::show_certificate() {
    if (settings_.certificate == nullptr) return {};
    const ParsedCertificate* parsed = engine_.certificates.get(settings_.certificate);
    const bool taken = parsed != nullptr && SSL_CTX_use_cert_and_key(context_.get(), parsed->leaf.get(),
                                                                     parsed->key.get(), parsed->chain.get(), 1) == 1;
    if (!taken) return failure("tls: certificate: the TLS library does not take it");
    return {};
}

Result<> ClientContext::offer_protocols() {
    if (settings_.protocols.empty()) return {};
    std::string wire;
    for (const Alpn protocol : settings_.protocols) {
        wire.push_back(static_cast<char>(name_of(protocol).size()));
        wire += name_of(protocol);
    }
    const int refused = SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                                static_cast<unsigned int>(wire.size()));
    if (refused != 0) return failure("tls: no memory");
    return {};
}

}  // namespace seki::tls
