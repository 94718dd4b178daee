#pragma once

// What connections to the backends of a cluster have in common: whom they trust, by which name, and what they show of
// themselves. A cluster whose policy changes gets a new one, and with it no session of the old one is resumed.
//
// A pinned key is enough. Where authorities are named besides, both have to be right; without either, whom the system
// trusts counts.

#include <cstdint>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/alpn.h"
#include "tls/certificate.h"
#include "tls/engine.h"

namespace seki::tls {

struct ClientSettings {
    std::vector<std::string> authorities{};  // DER of certificates that may have signed; empty: whom the system trusts
    bool verify = true;                      // against these, with dates and name
    std::vector<Fingerprint> pinned_keys{};  // SHA-256 of the SPKI; one must fit if there are any
    std::string server_name{};               // a host or an address; empty: the address of the backend
    CertificatePtr certificate{};            // shown to backends that ask for one; may be null
    std::vector<Alpn> protocols{};           // that are offered, the best first
    bool own_records = true;
    std::string policy{};  // two that have the same text are the same; for whoever compares

    [[nodiscard]] bool asks_authorities() const noexcept {
        return verify && (!authorities.empty() || pinned_keys.empty());
    }
};

class ClientContext {
public:
    // `engine` outlives it. An error names the key of the configuration.
    static Result<std::shared_ptr<const ClientContext>> make(Engine& engine, ClientSettings settings);
    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;
    ~ClientContext();

    [[nodiscard]] Engine& engine() const noexcept { return engine_; }
    [[nodiscard]] const ClientSettings& settings() const noexcept { return settings_; }
    // Of all that a worker ever has, this one.
    [[nodiscard]] uint64_t number() const noexcept { return number_; }
    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }

private:
    struct FreeContext {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    ClientContext(Engine& engine, ClientSettings settings);
    Result<> set_up();
    Result<> trust();
    Result<> show_certificate();
    Result<> offer_protocols();

    Engine& engine_;
    ClientSettings settings_;
    uint64_t number_;
    std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace seki::tls
