#include "config/tls_names.h"

#include <algorithm>
#include <array>

namespace seki::config {
namespace {

struct Suite {
    std::string_view registered;
    std::string_view library_name;
    CipherSuite suite;
};

// Those with authenticated encryption and a key exchange that keeps the past secret.
constexpr std::array suites{
    Suite{"TLS_AES_256_GCM_SHA384", "", {"TLS13_AES_256_GCM_SHA384", command::TLS_V1_3}},
    Suite{"TLS_AES_128_GCM_SHA256", "", {"TLS13_AES_128_GCM_SHA256", command::TLS_V1_3}},
    Suite{"TLS_CHACHA20_POLY1305_SHA256", "", {"TLS13_CHACHA20_POLY1305_SHA256", command::TLS_V1_3}},
    Suite{"", "ECDHE-ECDSA-AES256-GCM-SHA384", {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", command::TLS_V1_2}},
    Suite{"", "ECDHE-ECDSA-AES128-GCM-SHA256", {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", command::TLS_V1_2}},
    Suite{"", "ECDHE-ECDSA-CHACHA20-POLY1305", {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", command::TLS_V1_2}},
    Suite{"", "ECDHE-RSA-AES256-GCM-SHA384", {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", command::TLS_V1_2}},
    Suite{"", "ECDHE-RSA-AES128-GCM-SHA256", {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", command::TLS_V1_2}},
    Suite{"", "ECDHE-RSA-CHACHA20-POLY1305", {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", command::TLS_V1_2}},
};

struct Group {
    std::string_view other_name;
    std::string_view name;
};

constexpr std::array groups{
    Group{"X25519MLKEM768", "X25519MLKEM768"},
    Group{"X25519", "x25519"},
    Group{"secp256r1", "P-256"},
    Group{"secp384r1", "P-384"},
    Group{"secp521r1", "P-521"},
};

constexpr auto signature_algorithms = std::to_array<std::string_view>({
    "ECDSA+SHA256",
    "ECDSA+SHA384",
    "ECDSA+SHA512",
    "RSA+SHA256",
    "RSA+SHA384",
    "RSA+SHA512",
    "RSA-PSS+SHA256",
    "RSA-PSS+SHA384",
    "RSA-PSS+SHA512",
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp521r1_sha512",
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pss_rsae_sha256",
    "rsa_pss_rsae_sha384",
    "rsa_pss_rsae_sha512",
    "ed25519",
});

}  // namespace

std::optional<CipherSuite> cipher_suite(std::string_view name) {
    if (name.empty()) return {};
    for (const Suite& each : suites) {
        if (each.suite.name == name || each.registered == name || each.library_name == name) return each.suite;
    }
    return {};
}

std::string_view key_exchange_group(std::string_view name) {
    for (const Group& each : groups) {
        if (each.name == name || each.other_name == name) return each.name;
    }
    return {};
}

bool is_signature_algorithm(std::string_view name) {
    return std::ranges::find(signature_algorithms, name) != signature_algorithms.end();
}

}  // namespace seki::config
