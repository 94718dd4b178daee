#include "tls/peer.h"

#include <openssl/err.h>

namespace seki::tls {

void Peer::begin(SSL_CTX* context) {
    ssl_.reset(SSL_new(context));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
}

void Peer::move_bytes() {
    speak();
    BIO_write(in_, wire_->to_client.data(), static_cast<int>(wire_->to_client.size()));
    wire_->to_client.clear();
}

bool Peer::advance() {
    move_bytes();
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const bool failed = done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ;
    if (failed) note_error();
    move_bytes();
    return !failed;
}

void Peer::note_error() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    error_ = reason != nullptr ? reason : "unknown";
}

void Peer::send(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    move_bytes();
}

std::string Peer::receive() {
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

void Peer::close_notify() {
    SSL_shutdown(ssl_.get());
    move_bytes();
}

void Peer::update_key_unheard(bool both) {
    SSL_key_update(ssl_.get(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    speak();
}

void Peer::speak() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out_, &bytes);
    wire_->to_server.append(bytes, static_cast<size_t>(size));
    static_cast<void>(BIO_reset(out_));
}

void Peer::update_key(bool both) {
    SSL_key_update(ssl_.get(), both ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    move_bytes();
}

}  // namespace seki::tls
