#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace seki::tls {

Client::Client(std::shared_ptr<Wire> wire, const Settings& settings)
    : wire_(std::move(wire)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      ssl_(nullptr, &SSL_free),
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
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_ex_data(ssl_.get(), 0, this);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (!settings.server_name.empty()) set_server_name(settings.server_name);
    if (!settings.protocols.empty()) {
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(settings.protocols.data()),
                            static_cast<unsigned int>(settings.protocols.size()));
    }
    if (settings.session != nullptr) SSL_set_session(ssl_.get(), settings.session);
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

// As the macro SSL_set_tlsext_host_name() does it.
void Client::set_server_name(std::string name) {
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

int Client::on_session(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<Client*>(SSL_get_ex_data(ssl, 0));
    self.ticket_.reset(session);
    ++self.tickets_;
    return 1;  // it is ours
}

void Client::move_bytes() {
    speak();
    BIO_write(in_, wire_->to_client.data(), static_cast<int>(wire_->to_client.size()));
    wire_->to_client.clear();
}

bool Client::advance() {
    move_bytes();
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const bool failed = done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ;
    if (failed) note_error();
    move_bytes();
    return !failed;
}

void Client::note_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    error_ = reason != nullptr ? reason : "unknown";
}

void Client::send(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    move_bytes();
}

std::string Client::receive() {
    move_bytes();
    std::string all;
    char piece[4096];
    while (true) {
        ERR_clear_error();
        const int got = SSL_read(ssl_.get(), piece, sizeof piece);
        if (got <= 0) {
            const int error = SSL_get_error(ssl_.get(), got);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) note_error();
            break;
        }
        all.append(piece, static_cast<size_t>(got));
    }
    move_bytes();
    return all;
}

void Client::close_notify() {
    SSL_shutdown(ssl_.get());
    move_bytes();
}

void Client::update_key_unheard(bool both) {
    SSL_key_update(ssl_.get(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    speak();
}

void Client::speak() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out_, &bytes);
    wire_->to_server.append(bytes, static_cast<size_t>(size));
    static_cast<void>(BIO_reset(out_));
}

void Client::update_key(bool both) {
    SSL_key_update(ssl_.get(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    move_bytes();
}

}  // namespace seki::tls
