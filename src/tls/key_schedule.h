#pragma once

// How keys of records follow from what the handshake leaves: traffic secrets of TLS 1.3 (RFC 8446 §7), the master
// secret of TLS 1.2 (RFC 5246 §6.3).

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "tls/secret.h"
#include "tls/suite.h"

namespace seki::tls {

// Of records in one direction, with TLS 1.2.
struct RecordKey {
    Secret<32> key;
    Secret<12> iv;
};
using TrafficSecret = Secret<48>;
using MasterSecret = Secret<48>;
using HandshakeRandom = std::array<uint8_t, 32>;

// HKDF-Expand-Label (RFC 8446 §7.1).
void expand_label(Hash hash, std::span<const uint8_t> secret, std::string_view label, std::span<const uint8_t> context,
                  std::span<uint8_t> out);
// HKDF (RFC 5869) with SHA-256, for keys that have nothing to do with a connection.
void derive(std::span<const uint8_t> secret, std::string_view info, std::span<uint8_t> out);

void derive_record_key(const Suite& suite, const TrafficSecret& secret, Secret<32>& key);
void derive_record_iv(const Suite& suite, const TrafficSecret& secret, Secret<12>& iv);
// Of the secret that follows a KeyUpdate (RFC 8446 §7.2).
void next_secret(const Suite& suite, TrafficSecret& secret);

struct ConnectionKeys {
    RecordKey client;  // writes with this
    RecordKey server;
};
void derive_tls12_keys(const Suite& suite, const MasterSecret& master, const HandshakeRandom& client_random,
                       const HandshakeRandom& server_random, ConnectionKeys& keys);

}  // namespace seki::tls
