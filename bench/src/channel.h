#pragma once

// A client's connection as the load generator uses it: plain, or through TLS (OpenSSL on the socket), where each slot
// of the generator may resume the session that it had before.

#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string_view>
#include <utility>

#include "net.h"

namespace bench {

// What all connections through TLS have in common: TLS 1.3, X25519, AES-128-GCM, so that every proxy does the same
// work.
class TlsClient {
public:
    TlsClient(bool resumes, const std::string& host)
        : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), host_(host) {
        SSL_CTX* const context = context_.get();
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
        char groups[] = "X25519";
        SSL_CTX_set1_groups_list(context, groups);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
        if (!resumes) return;
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
            auto& kept = *static_cast<Session*>(SSL_get_app_data(ssl));
            kept.reset(session);
            return 1;
        });
    }

    struct FreeSession {
        void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
    };
    using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

    // `kept` outlives the connection.
    SSL* open(int fd, Session& kept) {
        SSL* const ssl = SSL_new(context_.get());
        SSL_set_fd(ssl, fd);
        SSL_set_app_data(ssl, &kept);
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
        if (kept != nullptr) SSL_set_session(ssl, kept.get());
        SSL_set_connect_state(ssl);
        return ssl;
    }

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::string host_;
};

class Channel {
public:
    void open(int fd) { fd_ = fd; }
    void secure(TlsClient& client) { ssl_ = client.open(fd_, session_); }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

    enum class Step { done, wants_input, wants_output, failed };
    Step shake_hands() {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl_);
        if (done == 1) return Step::done;
        const int error = SSL_get_error(ssl_, done);
        if (error == SSL_ERROR_WANT_READ) return Step::wants_input;
        return error == SSL_ERROR_WANT_WRITE ? Step::wants_output : Step::failed;
    }
    // As send(2) and recv(2).
    ssize_t write(std::string_view bytes) {
        if (ssl_ == nullptr) return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        ERR_clear_error();
        return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    }
    ssize_t read(char* into, size_t size) {
        if (ssl_ == nullptr) return recv(fd_, into, size, 0);
        ERR_clear_error();
        const int got = SSL_read(ssl_, into, static_cast<int>(size));
        if (got > 0) return got;
        const int error = SSL_get_error(ssl_, got);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            errno = EAGAIN;
            return -1;
        }
        return error == SSL_ERROR_ZERO_RETURN ? 0 : (errno = EPROTO, -1);
    }
    // It has bytes that no event will tell of.
    [[nodiscard]] bool holds_more() const { return ssl_ != nullptr; }
    void shut() {
        if (ssl_ != nullptr) {
            SSL_shutdown(ssl_);
            SSL_free(std::exchange(ssl_, nullptr));
        }
        close(std::exchange(fd_, -1));
    }

private:
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    TlsClient::Session session_;
};

}  // namespace bench
