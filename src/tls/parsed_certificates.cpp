#define OPENSSL_SUPPRESS_DEPRECATED  // see read_key()
#include "tls/parsed_certificates.h"

#include <algorithm>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <optional>

namespace seki::tls {

namespace {

const unsigned char* bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

X509* read_certificate(std::string_view der) {
    const unsigned char* at = bytes(der);
    return d2i_X509(nullptr, &at, static_cast<long>(der.size()));
}

// The functions for one type of key take a hundredth of the time that the one for all types takes, which finds out by
// trying. They are deprecated for those who have no reason.
template <typename Key, typename Assign>
EVP_PKEY* wrap(Key* key, Assign assign) {
    if (key == nullptr) return nullptr;
    EVP_PKEY* const wrapped = EVP_PKEY_new();
    if (wrapped != nullptr) assign(wrapped, key);
    return wrapped;
}

EVP_PKEY* read_key(std::string_view der, KeyKind kind) {
    const unsigned char* at = bytes(der);
    const auto size = static_cast<long>(der.size());
    EVP_PKEY* key = nullptr;
    if (kind == KeyKind::ecdsa) {
        key = wrap(d2i_ECPrivateKey(nullptr, &at, size),
                   [](EVP_PKEY* to, EC_KEY* one) { EVP_PKEY_assign_EC_KEY(to, one); });
    }
    if (kind == KeyKind::rsa) {
        key = wrap(d2i_RSAPrivateKey(nullptr, &at, size), [](EVP_PKEY* to, RSA* one) { EVP_PKEY_assign_RSA(to, one); });
    }
    if (key != nullptr) return key;
    at = bytes(der);
    return d2i_AutoPrivateKey(nullptr, &at, size);
}

// Null when one of them cannot be read.
ParsedChain parse(const CertificateChain& chain) {
    const ParsedChain parsed(sk_X509_new_null(), FreeChain());
    if (parsed == nullptr) return nullptr;
    for (const std::string_view der : chain.links) {
        X509* const issuer = read_certificate(der);
        if (issuer == nullptr || sk_X509_push(parsed.get(), issuer) == 0) {
            X509_free(issuer);
            return nullptr;
        }
    }
    return parsed;
}

}  // namespace

std::optional<ParsedCertificate> ParsedCertificates::parse(const Certificate& certificate) {
    ParsedCertificate parsed;
    parsed.leaf.reset(read_certificate(certificate.leaf));
    parsed.key.reset(read_key(certificate.key, certificate.key_kind));
    if (parsed.leaf == nullptr || parsed.key == nullptr) return std::nullopt;
    if (certificate.chain == nullptr) return parsed;
    parsed.chain = parsed_chain(*certificate.chain);
    if (parsed.chain == nullptr) return std::nullopt;
    return parsed;
}

// An entry keeps its certificate and so the chain: whoever is found under an address was made of the one that is there.
ParsedChain ParsedCertificates::parsed_chain(const CertificateChain& chain) {
    if (const auto found = chains_.find(&chain); found != chains_.end()) {
        if (auto known = found->second.lock()) return known;
    }
    ParsedChain parsed = tls::parse(chain);
    chains_.insert_or_assign(&chain, parsed);
    if (chains_.size() >= sweep_at_) {
        absl::erase_if(chains_, [](const auto& each) { return each.second.expired(); });
        sweep_at_ = std::max<size_t>(64, 2 * chains_.size());
    }
    return parsed;
}

const ParsedCertificate* ParsedCertificates::get(const CertificatePtr& certificate) {
    if (const auto found = found_.find(certificate.get()); found != found_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->parsed;
    }
    auto parsed = parse(*certificate);
    ERR_clear_error();  // of attempts: whoever comes next would take it for one of his own
    if (!parsed) return nullptr;
    if (entries_.size() >= capacity_) {
        found_.erase(entries_.back().certificate.get());
        entries_.pop_back();
    }
    entries_.push_front({certificate, std::move(*parsed)});
    found_.emplace(certificate.get(), entries_.begin());
    return &entries_.front().parsed;
}

void ParsedCertificates::forget(const Certificate& certificate) {
    const auto found = found_.find(&certificate);
    if (found == found_.end()) return;
    entries_.erase(found->second);
    found_.erase(found);
}

}  // namespace seki::tls
