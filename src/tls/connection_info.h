#pragma once

// What is known of a connection after its handshake.

#include <cstdint>
#include <string>

#include "tls/alpn.h"
#include "tls/certificate.h"
#include "tls/client_certificate.h"

namespace seki::tls {

// Which of the two we are.
enum class Role : uint8_t { server, client };

struct ConnectionInfo {
    std::string server_name;      // that the client asked for, lower case
    CertificatePtr certificate;   // that was chosen for it; null where we are the client
    ClientCertificatePtr client;  // that the client has shown; null: none
    uint16_t version = 0;         // as on the wire
    uint16_t suite = 0;           // likewise
    Alpn protocol = Alpn::none;
    bool resumed = false;
};

}  // namespace seki::tls
