#pragma once

// Whom a client's certificate says that it is, in the forms in which backends and logs are told. Others read these
// texts and decide by them, so nothing in a certificate can end one name and begin another: what is not printable
// ASCII, and what separates names, is escaped, and a text is never cut.

#include <memory>
#include <optional>
#include <string>

#include <openssl/x509.h>

#include "x509/certificate.h"

namespace seki::tls {

struct ClientCertificate {
    // Of a text; with more of it no request would be forwarded.
    static constexpr size_t max_text_bytes = 8192;

    std::string subject;            // the distinguished name (RFC 4514)
    std::string alternative_names;  // "DNS:a.example, IP:192.0.2.1, email:…, URI:…"; others are left out
    std::string fingerprint;        // SHA-256 of the certificate, in lower-case hex
};
using ClientCertificatePtr = std::shared_ptr<const ClientCertificate>;

// Null when a text is too long, or the system has no memory for it.
[[nodiscard]] ClientCertificatePtr read_client_certificate(const X509& certificate);

}  // namespace seki::tls
