#pragma once

// Certificates as OpenSSL has them, for names that are in use: reading one takes a quarter of a millisecond and 7 KiB,
// so those that were used last stay, up to a bound, and the others are only bytes.

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <list>
#include <memory>
#include <openssl/ssl.h>
#include <optional>

#include <openssl/x509.h>

#include "tls/certificate.h"

namespace seki::tls {

struct FreeX509 {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeChain {
    void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }
};

using ParsedChain = std::shared_ptr<STACK_OF(X509)>;

struct ParsedCertificate {
    std::unique_ptr<X509, FreeX509> leaf;
    std::unique_ptr<EVP_PKEY, FreeKey> key;
    ParsedChain chain;  // null: none
};

class ParsedCertificates {
public:
    explicit ParsedCertificates(size_t capacity) noexcept : capacity_(capacity) {}

    // Good until the next call. Null when it cannot be read.
    const ParsedCertificate* get(const CertificatePtr& certificate);
    // It was removed, and nobody shall find its key here.
    void forget(const Certificate& certificate);
    [[nodiscard]] size_t size() const noexcept { return entries_.size(); }

private:
    [[nodiscard]] std::optional<ParsedCertificate> parse(const Certificate& certificate);
    [[nodiscard]] ParsedChain parsed_chain(const CertificateChain& chain);

    struct Entry {
        CertificatePtr certificate;
        ParsedCertificate parsed;
    };
    using Entries = std::list<Entry>;  // the one that was used last in front

    size_t capacity_;
    Entries entries_;
    absl::flat_hash_map<const Certificate*, Entries::iterator> found_;
    // Of those that some entry has: many have the same one.
    absl::flat_hash_map<const CertificateChain*, std::weak_ptr<STACK_OF(X509)>> chains_;
    size_t sweep_at_ = 64;  // then those go that no entry has any more
};

}  // namespace seki::tls
