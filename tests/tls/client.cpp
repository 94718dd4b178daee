#include "tls/client.h"

#include <openssl/pem.h>
#include <utility>

namespace seki::tls {

Client::Client(std::shared_ptr<Wire> wire, const Settings& settings)
    : Peer(std::move(wire)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      ticket_(nullptr, &SSL_SESSION_free) {
    SSL_CTX_set_min_proto_version(context_.get(), settings.version);
    SSL_CTX_set_max_proto_version(context_.get(), settings.version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), on_session);
    if (!settings.ciphers.empty()) {
        settings.version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(context_.get(), settings.ciphers.c_str())
                                           : SSL_CTX_set_cipher_list(context_.get(), settings.ciphers.c_str());
    }
    if (!settings.certificate.empty()) set_certificate(settings);
    if (std::string groups = settings.groups; !groups.empty()) SSL_CTX_set1_groups_list(context_.get(), groups.data());
    limit_ = settings.record_size_limit;
    if (!limit_.empty()) limit_records();
    begin(context_.get());
    SSL_set_ex_data(ssl(), 0, this);
    SSL_set_connect_state(ssl());
    if (!settings.server_name.empty()) set_server_name(settings.server_name);
    if (!settings.protocols.empty()) {
        SSL_set_alpn_protos(ssl(), reinterpret_cast<const unsigned char*>(settings.protocols.data()),
                            static_cast<unsigned int>(settings.protocols.size()));
    }
    if (settings.session != nullptr) SSL_set_session(ssl(), settings.session);
}

void Client::set_certificate(const Settings& settings) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(settings.certificate.data(), static_cast<int>(settings.certificate.size())), &BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> key_in(
        BIO_new_mem_buf(settings.key.data(), static_cast<int>(settings.key.size())), &BIO_free);
    for (bool leaf = true; X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr); leaf = false) {
        if (leaf) {
            SSL_CTX_use_certificate(context_.get(), certificate);
            X509_free(certificate);
        } else {
            SSL_CTX_add_extra_chain_cert(context_.get(), certificate);
        }
    }
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_.get(), key);
    EVP_PKEY_free(key);
}

void Client::limit_records() {
    constexpr unsigned record_size_limit = 28;
    const auto add = [](SSL*, unsigned, unsigned context, const unsigned char** out, size_t* size, X509*, size_t, int*,
                        void* self) {
        if (context != SSL_EXT_CLIENT_HELLO) return 0;
        const std::string& limit = static_cast<Client*>(self)->limit_;
        *out = reinterpret_cast<const unsigned char*>(limit.data());
        *size = limit.size();
        return 1;
    };
    const auto read = [](SSL*, unsigned, unsigned, const unsigned char* in, size_t size, X509*, size_t, int*,
                         void* self) {
        static_cast<Client*>(self)->told_limit_.assign(reinterpret_cast<const char*>(in), size);
        return 1;
    };
    SSL_CTX_add_custom_ext(context_.get(), record_size_limit,
                           SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS,
                           add, nullptr, this, read, this);
}

// As the macro SSL_set_tlsext_host_name() does it.
void Client::set_server_name(std::string name) {
    SSL_ctrl(ssl(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

int Client::on_session(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<Client*>(SSL_get_ex_data(ssl, 0));
    self.ticket_.reset(session);
    ++self.tickets_;
    return 1;  // it is ours
}

}  // namespace seki::tls
