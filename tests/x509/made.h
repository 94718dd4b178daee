#pragma once

// Certificates and keys for tests, made by the library and not by what is tested.

#include <cstdint>
#include <memory>
#include <openssl/evp.h>
#include <optional>
#include <string>
#include <vector>

#include <openssl/x509.h>

namespace seki::x509::made {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

Key ec_key(const char* curve = "P-256");
Key ed25519_key();
// Made once for each size, since it takes long.
EVP_PKEY* rsa_key(unsigned bits = 2048);

// How a key is written.
enum class Form : uint8_t { pkcs8, traditional, encrypted_pkcs8, encrypted_traditional };
std::string pem_of(const EVP_PKEY* key, Form form = Form::pkcs8);

inline constexpr int64_t year_2020 = 1'577'836'800;
inline constexpr int64_t year_2099 = 4'070'908'800;

struct Wish {
    std::string common_name = "example.com";
    std::string alternative_names{};  // as openssl.cnf writes them: "DNS:a.example,IP:192.0.2.1"
    int64_t not_before = year_2020;
    int64_t not_after = year_2099;
    std::string issuer{};            // empty: as the common name
    EVP_PKEY* issuer_key = nullptr;  // null: signs itself
    const char* digest = "SHA256";   // null where the key wants none
    bool authority = false;
    std::string purposes{};  // as openssl.cnf writes them: "clientAuth"; empty: any
    int64_t serial = 0;      // 0: another one for each
};
std::string certificate_of(EVP_PKEY* key, const Wish& wish = {});

// A list of revoked certificates.
struct ListWish {
    std::string issuer{};
    EVP_PKEY* issuer_key = nullptr;   // null: made for it
    int64_t next_update = year_2099;  // 0: none
    std::vector<int64_t> serials{};
    const char* scope = nullptr;  // as openssl.cnf writes it: "onlyuser:TRUE"
};
std::string revocation_list(const ListWish& wish);

struct Pair {
    std::string certificate;
    std::string key;
};
// With a P-256 key of its own.
Pair pair(const Wish& wish = {});
// What an authority says of a certificate, in DER.
struct OcspWish {
    std::string certificate{};
    const Pair* issuer = nullptr;     // who signs, too
    int status = 0;                   // V_OCSP_CERTSTATUS_GOOD
    int64_t next_update = year_2099;  // 0: none
    std::string next_update_text{};   // in its place, as it is
    int response = 0;                 // OCSP_RESPONSE_STATUS_SUCCESSFUL
};
std::string ocsp_response(const OcspWish& wish);
// One of a certificate that has signed itself.
std::string good_ocsp_response(const Pair& pair, int64_t next_update = year_2099);
// "DNS:…"
Pair pair_for(const std::string& host, int64_t not_after = year_2099);

}  // namespace seki::x509::made
