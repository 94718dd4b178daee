#pragma once

// Which clients a listener lets in by their certificates: whether they must show one, who may have signed it, and what
// was revoked since. In doubt nobody is let in: with a list of revoked certificates there has to be a good one for each
// issuer in a client's chain but the authority at its end, which is trusted because the operator says so.

#include <cstdint>
#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <vector>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/result.h"

namespace seki::tls {

struct ClientPolicy {
    enum class Mode : uint8_t { none, optional, required };

    Mode mode = Mode::none;
    std::vector<std::string> authorities;  // certificates, in DER
    std::vector<std::string> revocations;  // lists of revoked ones (CRL), in DER

    [[nodiscard]] bool asks() const noexcept { return mode != Mode::none; }
    // The same for policies that let in the same clients, and else another one.
    [[nodiscard]] std::string digest() const;
};

class ClientVerifier {
public:
    // Certificates between the client's and an authority.
    static constexpr int max_intermediates = 10;
    // Of all that a client shows, and of what a connection waits to send with one of them in it (see tickets_for).
    static constexpr long max_chain_bytes = 32'768;

    // Of a policy that asks.
    static Result<std::unique_ptr<ClientVerifier>> make(const ClientPolicy& policy);

    // Connections of the context ask their clients from now on.
    Result<> install(SSL_CTX* context) const;

    struct Verdict {
        bool good = false;
        std::string why;      // not
        WallTime good_until;  // in the light of what is known now
    };
    // Sets the context's error too, from which the alert follows.
    [[nodiscard]] Verdict judge(X509_STORE_CTX* context, WallTime now) const;

    // Tickets of the certificate's session have it in them: how many of so many may be sent at once.
    [[nodiscard]] static uint32_t tickets_for(const X509& certificate, uint32_t wanted) noexcept;

private:
    struct FreeStore {
        void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
    };

    ClientVerifier() = default;
    Result<> take_authority(const std::string& der);
    Result<> take_revocations(const std::string& der);

    ClientPolicy::Mode mode_ = ClientPolicy::Mode::none;
    std::unique_ptr<X509_STORE, FreeStore> store_;
    std::vector<std::string> names_;         // of the authorities, in DER, each once
    std::optional<int64_t> lists_end_at_s_;  // when the first of the lists does
};

}  // namespace seki::tls
