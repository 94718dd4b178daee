#include "tls/suite.h"

#include <algorithm>
#include <array>

namespace seki::tls {

namespace {

constexpr std::array suites{
    Suite{0x1301, Version::tls13, Aead::aes_128_gcm, Hash::sha256, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
    Suite{0x1302, Version::tls13, Aead::aes_256_gcm, Hash::sha384, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
    Suite{0x1303, Version::tls13, Aead::chacha20_poly1305, Hash::sha256, "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_CHACHA20_POLY1305_SHA256"},
    Suite{0xC02B, Version::tls12, Aead::aes_128_gcm, Hash::sha256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "ECDHE-ECDSA-AES128-GCM-SHA256"},
    Suite{0xC02C, Version::tls12, Aead::aes_256_gcm, Hash::sha384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "ECDHE-ECDSA-AES256-GCM-SHA384"},
    Suite{0xCCA9, Version::tls12, Aead::chacha20_poly1305, Hash::sha256,
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    Suite{0xC02F, Version::tls12, Aead::aes_128_gcm, Hash::sha256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "ECDHE-RSA-AES128-GCM-SHA256"},
    Suite{0xC030, Version::tls12, Aead::aes_256_gcm, Hash::sha384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "ECDHE-RSA-AES256-GCM-SHA384"},
    Suite{0xCCA8, Version::tls12, Aead::chacha20_poly1305, Hash::sha256, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "ECDHE-RSA-CHACHA20-POLY1305"},
};

constexpr std::string_view prefix = "TLS_";
constexpr std::string_view rustls_prefix = "TLS13_";

const Suite* found(const Suite* at) noexcept { return at == suites.end() ? nullptr : at; }

}  // namespace

const Suite* find_suite(uint16_t id) noexcept { return found(std::ranges::find(suites, id, &Suite::id)); }

const Suite* find_suite(std::string_view name) noexcept {
    if (!name.starts_with(rustls_prefix)) return found(std::ranges::find(suites, name, &Suite::name));
    name.remove_prefix(rustls_prefix.size());
    return found(std::ranges::find_if(suites, [&](const Suite& suite) {
        return suite.version == Version::tls13 && suite.name.substr(prefix.size()) == name;
    }));
}

}  // namespace seki::tls
