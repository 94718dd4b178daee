#pragma once

// A certificate with its key as a worker holds it: what is asked of it at every handshake, and the bytes of the rest,
// which are read when it is first used. Many may lie in one memory that all workers share; `owner` keeps that there.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "x509/identity.h"

namespace seki::tls {

using x509::Fingerprint;
using x509::KeyKind;

struct Certificate {
    x509::Rank rank;                 // among those of one name
    std::vector<std::string> names;  // lower case, without a dot at the end; "*.example.com" stands for one label
    KeyKind key_kind = KeyKind::ecdsa;
    std::shared_ptr<const void> owner;
    std::string_view leaf;  // all in DER
    std::vector<std::string_view> chain;
    std::string_view key;

    [[nodiscard]] const Fingerprint& fingerprint() const noexcept { return rank.fingerprint; }
};
using CertificatePtr = std::shared_ptr<const Certificate>;

// Whether a certificate is one for the host, in lower case (RFC 6125 §6.4.3).
[[nodiscard]] bool covers(const Certificate& certificate, std::string_view host) noexcept;

// "*.example.com" for "www.example.com": the only other name under which it may be found. Empty: none.
[[nodiscard]] std::string_view parent_of(std::string_view host) noexcept;

}  // namespace seki::tls
