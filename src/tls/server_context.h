#pragma once

// What the connections of an HTTPS listener have in common: versions, ciphers and protocols it takes, its certificates,
// and OpenSSL's form of all that. A listener that changes gets a new one; the certificates stay.

#include <array>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/alpn.h"
#include "tls/certificate_store.h"
#include "tls/client_policy.h"
#include "tls/engine.h"

namespace seki::tls {

struct ServerSettings {
    bool tls12 = true;
    bool tls13 = true;
    std::vector<std::string> ciphers;               // names of suites; empty: all that find_suite() knows
    std::vector<std::string> groups;                // key exchange, the best first; empty: see default_groups
    std::vector<std::string> signature_algorithms;  // empty: what OpenSSL takes
    std::vector<Alpn> protocols;                    // the best first
    uint32_t tickets = 1;                           // for each handshake of TLS 1.3
    bool own_records = true;
    ClientPolicy clients{};
};

// What a listener asks for and the linked library has not.
[[nodiscard]] std::vector<std::string> unavailable_groups(const std::vector<std::string>& groups);

class Handshaking;

class ServerContext {
public:
    // `engine` outlives it.
    static Result<std::shared_ptr<const ServerContext>> make(Engine& engine, ServerSettings settings,
                                                             std::shared_ptr<const CertificateStore> certificates);

    [[nodiscard]] Engine& engine() const noexcept { return engine_; }
    [[nodiscard]] const ServerSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const CertificateStore& certificates() const noexcept { return *certificates_; }
    // Null: clients are not asked for certificates.
    [[nodiscard]] const ClientVerifier* clients() const noexcept { return clients_.get(); }
    // Whom it lets in: sessions are resumed only under the same.
    [[nodiscard]] const std::string& policy_digest() const noexcept { return policy_digest_; }
    // What a session that is resumed must have had in common with this one: whom it lets in, and the name.
    using SessionBinding = std::array<uint8_t, 32>;
    [[nodiscard]] SessionBinding session_binding(std::string_view server_name) const;
    // Whether what this listener wants is in reach of OwnHandshake; and what of it.
    [[nodiscard]] bool shakes_hands_by_itself() const noexcept;
    [[nodiscard]] const Suite* tls13_suite(uint16_t id) const noexcept;  // null: not taken
    [[nodiscard]] bool takes_group(uint16_t id) const noexcept;

    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

private:
    struct FreeContext {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    ServerContext(Engine& engine, ServerSettings settings, std::shared_ptr<const CertificateStore> certificates)
        : engine_(engine), settings_(std::move(settings)), certificates_(std::move(certificates)) {}
    Result<> set_up();
    Result<> set_ciphers();
    Result<> set_groups();
    Result<> set_clients();

    Engine& engine_;
    ServerSettings settings_;
    std::shared_ptr<const CertificateStore> certificates_;
    std::unique_ptr<const ClientVerifier> clients_;
    std::string policy_digest_;
    std::vector<const Suite*> tls13_suites_;
    std::vector<uint16_t> groups_;  // as on the wire
    std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace seki::tls
