#include "config/stored_certificate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/hex.h"
#include "x509/ocsp.h"
#include "x509/pem.h"

namespace seki::config {
namespace {

// The one block of a text in its normal form.
std::string der_of(std::string_view pem) {
    auto blocks = x509::read_pem(pem);
    SEKI_CHECK(blocks.has_value() && blocks->size() == 1);
    return std::move(blocks->front().der);
}

x509::Certificate certificate_of(std::string_view pem) {
    auto certificate = x509::Certificate::read(der_of(pem));
    SEKI_CHECK(certificate.has_value());
    return std::move(*certificate);
}

std::string_view key_label(x509::KeyKind kind) {
    switch (kind) {
        case x509::KeyKind::rsa:
            return "RSA PRIVATE KEY";
        case x509::KeyKind::ecdsa:
            return "EC PRIVATE KEY";
        case x509::KeyKind::ed25519:
        case x509::KeyKind::other:
            return "PRIVATE KEY";
    }
    std::unreachable();
}

}  // namespace

std::vector<std::string> CertificateChain::links() const {
    std::vector<std::string> links;
    std::string_view rest = bytes_.view();
    for (const uint32_t size : sizes_) {
        links.emplace_back(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    return links;
}

// Where one DER ends and the next begins they say themselves: equal bytes are an equal chain.
Result<std::shared_ptr<const CertificateChain>> CertificateMemory::share(const std::vector<std::string>& links) {
    if (links.empty()) return std::make_shared<const CertificateChain>(SharedBytes::Piece(), std::vector<uint32_t>());
    std::string all;
    for (const std::string& link : links) all += link;
    std::weak_ptr<const CertificateChain>& place = chains_[x509::fingerprint_of(all)];
    if (auto known = place.lock()) return known;
    const std::string_view part = all;
    auto bytes = bytes_.put({&part, 1});
    if (!bytes) return std::unexpected(bytes.error());
    std::vector<uint32_t> sizes;
    for (const std::string& link : links) sizes.push_back(static_cast<uint32_t>(link.size()));
    auto chain = std::make_shared<const CertificateChain>(std::move(*bytes), std::move(sizes));
    place = chain;
    if (chains_.size() >= sweep_at_) {
        std::erase_if(chains_, [](const auto& each) { return each.second.expired(); });
        sweep_at_ = std::max<size_t>(64, 2 * chains_.size());
    }
    return chain;
}

Result<StoredCertificate> StoredCertificate::store(const command::AddCertificate& checked, CertificateMemory& memory) {
    const command::CertificateAndKey& given = checked.certificate();
    const x509::Certificate leaf = certificate_of(given.certificate());
    const std::string key = der_of(given.key());
    std::string names;
    for (const std::string& name : given.names()) names += name + '\n';
    std::vector<std::string> chain;
    for (const std::string& link : given.certificate_chain()) chain.push_back(der_of(link));

    StoredCertificate stored;
    auto bytes = memory.put(std::array<std::string_view, 4>{leaf.der(), key, names, given.ocsp_response()});
    if (!bytes) return std::unexpected(bytes.error());
    stored.bytes_ = std::move(*bytes);
    auto shared = memory.share(chain);
    if (!shared) return std::unexpected(shared.error());
    stored.chain_ = std::move(*shared);
    stored.leaf_size_ = static_cast<uint32_t>(leaf.der().size());
    stored.key_size_ = static_cast<uint32_t>(key.size());
    stored.key_type_ = leaf.key_type();
    stored.not_before_s_ = leaf.not_before_s();
    stored.not_after_s_ = leaf.not_after_s();
    if (checked.has_expired_at()) stored.expired_at_ = checked.expired_at();
    for (const int version : given.versions())
        stored.versions_ |= static_cast<uint8_t>(1U << static_cast<unsigned>(version));
    if (!given.has_ocsp_response()) return stored;
    stored.ocsp_size_ = static_cast<uint32_t>(given.ocsp_response().size());
    const auto statement = x509::read_ocsp_response(given.ocsp_response(), leaf.der(), {});
    SEKI_CHECK(statement.has_value());
    stored.ocsp_until_s_ = statement->good_until_s;
    return stored;
}

std::vector<std::string> StoredCertificate::names() const {
    std::vector<std::string> names;
    for (std::string_view rest = name_lines(); !rest.empty();) {
        const size_t end = rest.find('\n');
        names.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return names;
}

x509::Rank StoredCertificate::rank(const x509::Fingerprint& fingerprint) const {
    return {expired_at_.value_or(not_after_s_), not_before_s_, fingerprint};
}

command::CertificateAndKey StoredCertificate::message() const {
    command::CertificateAndKey message;
    message.set_certificate(x509::write_pem("CERTIFICATE", leaf()));
    message.set_key(x509::write_pem(key_label(key_type_.kind), key()));
    for (const std::string& link : chain_->links()) message.add_certificate_chain(x509::write_pem("CERTIFICATE", link));
    for (std::string& name : names()) message.add_names(std::move(name));
    for (int version = command::TlsVersion_MIN; version <= command::TlsVersion_MAX; ++version) {
        if ((versions_ >> version & 1) != 0) message.add_versions(static_cast<command::TlsVersion>(version));
    }
    if (!ocsp_response().empty()) message.set_ocsp_response(std::string(ocsp_response()));
    return message;
}

bool StoredCertificate::is_of(const command::AddCertificate& checked) const {
    const auto expired_at = checked.has_expired_at() ? std::optional(checked.expired_at()) : std::nullopt;
    return expired_at == expired_at_ && message().SerializeAsString() == checked.certificate().SerializeAsString();
}

bool StoredCertificate::operator==(const StoredCertificate& other) const {
    return bytes_.view() == other.bytes_.view() && leaf_size_ == other.leaf_size_ && key_size_ == other.key_size_ &&
           chain_->bytes().view() == other.chain_->bytes().view() && expired_at_ == other.expired_at_ &&
           versions_ == other.versions_ && ocsp_size_ == other.ocsp_size_;
}

x509::Fingerprint checked_fingerprint(std::string_view pem) { return certificate_of(pem).fingerprint(); }

std::optional<x509::Fingerprint> parse_fingerprint(std::string_view hex) {
    x509::Fingerprint fingerprint;
    return read_hex(hex, fingerprint) ? std::optional(fingerprint) : std::nullopt;
}

}  // namespace seki::config
