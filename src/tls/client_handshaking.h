#pragma once

// Our part in the handshake with a backend: by which name it is asked for, whether it is the one that is meant, and its
// sessions, which are kept for the next connection. It may give means to resume one after the handshake, too.

#include <memory>
#include <string>
#include <string_view>

#include "net/address.h"
#include "tls/client_context.h"
#include "tls/openssl_connection.h"

namespace seki::tls {

class ClientHandshaking final : public OpensslConnection {
public:
    // What it says first is in output(). Null when the system has no memory for it.
    static std::unique_ptr<ClientHandshaking> begin(std::shared_ptr<const ClientContext> context,
                                                    const SocketAddress& backend);
    ~ClientHandshaking() override;

    [[nodiscard]] ConnectionInfo info() const override;

    // ---- for the callbacks of OpenSSL

    [[nodiscard]] static ClientHandshaking& of(const SSL* ssl) noexcept;
    [[nodiscard]] static ClientHandshaking& of(X509_STORE_CTX* chain) noexcept;
    // 1: it is the one that is meant.
    int judge(X509_STORE_CTX* chain);
    // 1: it is ours now.
    int keep_session(SSL_SESSION* session);

private:
    ClientHandshaking(std::shared_ptr<const ClientContext> context, const SocketAddress& backend) noexcept;
    [[nodiscard]] bool ask_for_name();
    [[nodiscard]] bool expect_host(const std::string& host);
    [[nodiscard]] bool expect_address(const std::string& address);
    void resume();
    [[nodiscard]] bool is_pinned(X509* certificate) const;
    void note_failure() override;
    [[nodiscard]] ClientSessions::Key key() const noexcept { return {context_->number(), backend_}; }

    std::shared_ptr<const ClientContext> context_;
    SocketAddress backend_;
    std::string expected_;  // a host or an address
    bool wrong_key_ = false;
};

}  // namespace seki::tls
