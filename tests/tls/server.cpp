#include "tls/server.h"

#include <string_view>
#include <utility>

namespace seki::tls {

ServerSide::ServerSide(const Certificate& certificate, const Settings& settings)
    : settings_(settings), context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, settings.version);
    SSL_CTX_set_max_proto_version(context, settings.version);
    SSL_CTX_set_num_tickets(context, static_cast<size_t>(settings.tickets));
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
    if (!settings.ciphers.empty()) {
        settings.version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(context, settings.ciphers.c_str())
                                           : SSL_CTX_set_cipher_list(context, settings.ciphers.c_str());
    }
    const auto read = [](std::string_view der) { return reinterpret_cast<const unsigned char*>(der.data()); };
    SSL_CTX_use_certificate_ASN1(context, static_cast<int>(certificate.leaf.size()), read(certificate.leaf));
    const unsigned char* at = read(certificate.key);
    EVP_PKEY* const key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(certificate.key.size()));
    SSL_CTX_use_PrivateKey(context, key);
    EVP_PKEY_free(key);
    if (!settings.protocols.empty()) SSL_CTX_set_alpn_select_cb(context, choose, this);
    if (settings.asks_for == nullptr) return;
    at = read(settings.asks_for->leaf);
    X509* const trusted = d2i_X509(nullptr, &at, static_cast<long>(settings.asks_for->leaf.size()));
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
    X509_free(trusted);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

int ServerSide::choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                       unsigned int offered_size, void* self) {
    const std::string& mine = static_cast<ServerSide*>(self)->settings_.protocols;
    unsigned char* found = nullptr;
    const int agreed = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(mine.data()),
                                             static_cast<unsigned int>(mine.size()), offered, offered_size);
    *chosen = found;
    return agreed == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Server::Server(std::shared_ptr<Wire> wire, const ServerSide& side) : Peer(std::move(wire)) {
    begin(side.get());
    SSL_set_accept_state(ssl());
}

std::string Server::asked_name() const {
    const char* name = SSL_get_servername(ssl(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

}  // namespace seki::tls
