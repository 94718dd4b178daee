#pragma once

// One certificate of the configuration, with its key and its chain. There may be a hundred thousand of them, so what is
// kept is no message but DER, which is half of it, and chains that many have in common are there once. The message that
// adds the certificate can be made of it again.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "command.pb.h"
#include "x509/identity.h"

namespace seki::config {

using CertificateChain = std::vector<std::string>;  // DER, from the issuer on

// Each chain once, as long as somebody has it.
class ChainPool {
public:
    std::shared_ptr<const CertificateChain> share(CertificateChain chain);

private:
    using Shared = std::shared_ptr<const CertificateChain>;
    struct ByContent {
        bool operator()(const Shared& a, const Shared& b) const { return *a < *b; }
    };

    std::set<Shared, ByContent> chains_;
    size_t sweep_at_ = 64;  // then those go that nobody has any more
};

class StoredCertificate {
public:
    // Of a message that the door (check/check.h) let through.
    StoredCertificate(const command::AddCertificate& checked, ChainPool& pool);

    // DER. What kind of key it is says key_type(), and in which form it is NormalKey (x509/key_match.h).
    [[nodiscard]] std::string_view leaf() const { return std::string_view(bytes_).substr(0, leaf_size_); }
    [[nodiscard]] std::string_view key() const { return std::string_view(bytes_).substr(leaf_size_); }
    [[nodiscard]] const CertificateChain& chain() const { return *chain_; }
    [[nodiscard]] x509::KeyType key_type() const { return key_type_; }

    // Whom it is shown to, in their normal form.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] int64_t not_before_s() const { return not_before_s_; }
    [[nodiscard]] int64_t not_after_s() const { return not_after_s_; }
    // Among several for one name; the end is the one that whoever added it says, if it says one.
    [[nodiscard]] x509::Rank rank(const x509::Fingerprint& fingerprint) const;
    [[nodiscard]] const std::string& ocsp_response() const { return ocsp_response_; }

    [[nodiscard]] command::CertificateAndKey message() const;
    [[nodiscard]] std::optional<int64_t> expired_at() const { return expired_at_; }

    bool operator==(const StoredCertificate& other) const;

private:
    std::string bytes_;  // the certificate, then the key
    std::string names_;  // one a line
    std::string ocsp_response_;
    std::shared_ptr<const CertificateChain> chain_;
    int64_t not_before_s_ = 0;
    int64_t not_after_s_ = 0;
    std::optional<int64_t> expired_at_;
    uint32_t leaf_size_ = 0;
    x509::KeyType key_type_;
    uint8_t versions_ = 0;  // a bit for each command::TlsVersion
};

inline bool same_message(const StoredCertificate& a, const StoredCertificate& b) { return a == b; }

// Of a certificate in PEM that the door let through.
x509::Fingerprint checked_fingerprint(std::string_view pem);
// Of 64 hexadecimal digits, in any case; nothing when it is something else.
std::optional<x509::Fingerprint> parse_fingerprint(std::string_view hex);

}  // namespace seki::config
