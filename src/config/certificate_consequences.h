#pragma once

// The part of consequences.h that is about certificates: dates, chains, and hosts whose clients find none.

#include <cstdint>

#include "config/consequences.h"

namespace seki::config {

// Of the certificate that replaces another.
CertificateKey new_key(const command::ReplaceCertificate& replaced);

// One that has been added.
void of_certificate(const State& state, const CertificateKey& key, int64_t now_s, Findings& findings);
// Why a certificate should not be added, or take the place of another, now: its OCSP response has run out. Empty:
// nothing speaks against it. One that is kept somewhere may well have.
[[nodiscard]] std::string why_too_late(const command::Request& checked, int64_t now_s);
// What is there, or left, at an address.
void of_listener_certificates(const State& state, const SocketAddress& address, Findings& findings);
// Those of a listener that has gone.
void of_certificates_left(const State& state, const SocketAddress& address, Findings& findings);
// Of a listener's lists.
void of_revocations(const State& state, const SocketAddress& address, int64_t now_s, Findings& findings);
void of_secured_host(const State& state, const command::RequestHttpFrontend& frontend, Findings& findings);

}  // namespace seki::config
