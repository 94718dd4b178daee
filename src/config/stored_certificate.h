#pragma once

// One certificate of the configuration, with its key and its chain. There may be a hundred thousand of them, so what is
// kept is no message but DER, which is half of it, in memory that all workers share (base/shared_bytes.h), and chains
// that many have in common are there once. The message that adds the certificate can be made of it again.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"
#include "command.pb.h"
#include "x509/identity.h"

namespace seki::config {

class CertificateChain {
public:
    // `links` lie in `bytes`, one behind the other.
    CertificateChain(SharedBytes::Piece bytes, std::vector<uint32_t> sizes)
        : bytes_(std::move(bytes)), sizes_(std::move(sizes)) {}

    [[nodiscard]] bool empty() const noexcept { return sizes_.empty(); }
    // DER, from the issuer on.
    [[nodiscard]] std::vector<std::string> links() const;
    [[nodiscard]] const SharedBytes::Piece& bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::vector<uint32_t>& sizes() const noexcept { return sizes_; }

private:
    SharedBytes::Piece bytes_;
    std::vector<uint32_t> sizes_;
};

// The memory of all certificates, where each chain is once, as long as somebody has it.
class CertificateMemory {
public:
    Result<SharedBytes::Piece> put(std::span<const std::string_view> parts) { return bytes_.put(parts); }
    Result<std::shared_ptr<const CertificateChain>> share(const std::vector<std::string>& links);
    [[nodiscard]] std::vector<SharedBytes::SegmentPtr> segments() const { return bytes_.segments(); }
    void number_behind(uint32_t number) noexcept { bytes_.number_behind(number); }

private:
    SharedBytes bytes_;
    std::map<x509::Fingerprint, std::weak_ptr<const CertificateChain>> chains_;  // by all their bytes
    size_t sweep_at_ = 64;  // then those go that nobody has any more
};

class StoredCertificate {
public:
    // Of a message that the validator (check/check.h) let through. An error when there is no memory for it.
    static Result<StoredCertificate> store(const command::AddCertificate& checked, CertificateMemory& memory);

    // DER. What kind of key it is says key_type(), and in which form it is NormalKey (x509/key_match.h).
    [[nodiscard]] std::string_view leaf() const { return bytes_.view().substr(0, leaf_size_); }
    [[nodiscard]] std::string_view key() const { return bytes_.view().substr(leaf_size_, key_size_); }
    [[nodiscard]] const CertificateChain& chain() const { return *chain_; }
    [[nodiscard]] x509::KeyType key_type() const { return key_type_; }
    // Where certificate, key, names and OCSP response lie, one behind the other; the names are one a line.
    [[nodiscard]] const SharedBytes::Piece& bytes() const noexcept { return bytes_; }

    // Whom it is shown to, in their normal form.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] int64_t not_before_s() const { return not_before_s_; }
    [[nodiscard]] int64_t not_after_s() const { return not_after_s_; }
    // Among several for one name; the end is the one that whoever added it says, if it says one.
    [[nodiscard]] x509::Rank rank(const x509::Fingerprint& fingerprint) const;
    // Empty: none. Sent until then, in seconds since 1970.
    [[nodiscard]] std::string_view ocsp_response() const { return bytes_.view().substr(size_before_ocsp()); }
    [[nodiscard]] int64_t ocsp_until_s() const { return ocsp_until_s_; }

    [[nodiscard]] command::CertificateAndKey message() const;
    // Whether it is what this message adds.
    [[nodiscard]] bool is_of(const command::AddCertificate& checked) const;
    [[nodiscard]] std::optional<int64_t> expired_at() const { return expired_at_; }

    bool operator==(const StoredCertificate& other) const;

private:
    StoredCertificate() = default;
    [[nodiscard]] size_t size_before_ocsp() const { return bytes_.view().size() - ocsp_size_; }
    [[nodiscard]] std::string_view name_lines() const {
        const size_t begin = leaf_size_ + key_size_;
        return bytes_.view().substr(begin, size_before_ocsp() - begin);
    }

    SharedBytes::Piece bytes_;
    std::shared_ptr<const CertificateChain> chain_;
    int64_t not_before_s_ = 0;
    int64_t not_after_s_ = 0;
    int64_t ocsp_until_s_ = 0;
    std::optional<int64_t> expired_at_;
    uint32_t leaf_size_ = 0;
    uint32_t key_size_ = 0;
    uint32_t ocsp_size_ = 0;
    x509::KeyType key_type_;
    uint8_t versions_ = 0;  // a bit for each command::TlsVersion
};

inline bool same_message(const StoredCertificate& a, const StoredCertificate& b) { return a == b; }

// Of a certificate in PEM that the validator let through.
x509::Fingerprint checked_fingerprint(std::string_view pem);
// Of 64 hexadecimal digits, in any case; nothing when it is something else.
std::optional<x509::Fingerprint> parse_fingerprint(std::string_view hex);

}  // namespace seki::config
