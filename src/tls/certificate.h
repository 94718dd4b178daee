#pragma once

// A certificate with its key as a worker holds it: what is asked of it at every handshake, and the bytes of the rest,
// which are read when it is first used. Many may lie in one memory that all workers share; `owner` keeps that there.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "x509/identity.h"

namespace seki::tls {

using x509::Fingerprint;
using x509::KeyKind;

// What leads from a certificate to an authority; many have the same one.
struct CertificateChain {
    std::vector<std::string_view> links;  // in DER, from the issuer on
    std::shared_ptr<const void> owner;
};

struct Certificate {
    x509::Rank rank;  // among those of one name
    // One a line; lower case, without a dot at the end. "*.example.com" stands for one label.
    std::string_view names;
    KeyKind key_kind = KeyKind::ecdsa;
    std::string_view leaf;  // in DER, as the key
    std::string_view key;
    std::string_view ocsp_response{};               // DER; empty: none
    int64_t ocsp_until_s = 0;                       // it is good, since 1970
    std::shared_ptr<const CertificateChain> chain;  // null: none
    std::shared_ptr<const void> owner;              // of all these bytes but the chain's

    [[nodiscard]] const Fingerprint& fingerprint() const noexcept { return rank.fingerprint; }
    // What is shown along with it now (RFC 6066 §8); empty: nothing.
    [[nodiscard]] std::string_view staple(WallTime now) const noexcept {
        const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
        return now_s < ocsp_until_s ? ocsp_response : std::string_view();
    }
};
using CertificatePtr = std::shared_ptr<const Certificate>;

template <typename Visit>
void for_each_name(const Certificate& certificate, Visit visit) {
    for (std::string_view rest = certificate.names; !rest.empty();) {
        const size_t end = rest.find('\n');
        visit(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

// Whether a certificate is one for the host, in lower case (RFC 6125 §6.4.3).
[[nodiscard]] bool covers(const Certificate& certificate, std::string_view host) noexcept;

// "*.example.com" for "www.example.com": the only other name under which it may be found. Empty: none.
[[nodiscard]] std::string_view parent_of(std::string_view host) noexcept;

}  // namespace seki::tls
