#define OPENSSL_SUPPRESS_DEPRECATED  // sign_ecdsa(): the function for this kind of key does without all that the other
                                     // looks up
#include "tls/signing.h"

#include <memory>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "tls/hash.h"

namespace seki::tls {

namespace {

enum Algorithm : uint16_t {
    ecdsa_secp256r1_sha256 = 0x0403,
    ecdsa_secp384r1_sha384 = 0x0503,
    rsa_pss_rsae_sha256 = 0x0804,
    ed25519 = 0x0807,
};

uint16_t algorithm_of(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            return rsa_pss_rsae_sha256;
        case EVP_PKEY_ED25519:
            return ed25519;
        case EVP_PKEY_EC:
            break;
        default:
            return 0;
    }
    const EC_KEY* const ec = EVP_PKEY_get0_EC_KEY(key);
    if (ec == nullptr) return 0;
    switch (EC_GROUP_get_curve_name(EC_KEY_get0_group(ec))) {
        case NID_X9_62_prime256v1:
            return ecdsa_secp256r1_sha256;
        case NID_secp384r1:
            return ecdsa_secp384r1_sha384;
        default:
            return 0;
    }
}

std::string sign_ecdsa(Hash hash, EVP_PKEY* key, std::string_view content) {
    RunningHash running(hash);
    running.add(content);
    const HashValue value = running.value();
    // The library asks for one that could be changed, and does not change it.
    auto* const ec = const_cast<EC_KEY*>(EVP_PKEY_get0_EC_KEY(key));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    std::string signature(static_cast<size_t>(ECDSA_size(ec)), '\0');
    unsigned int size = 0;
    const bool made = ECDSA_sign(0, value.bytes().data(), static_cast<int>(value.bytes().size()),
                                 reinterpret_cast<unsigned char*>(signature.data()), &size, ec) == 1;
    signature.resize(made ? size : 0);
    return signature;
}

std::string sign_otherwise(uint16_t algorithm, EVP_PKEY* key, std::string_view content) {
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    if (context == nullptr) return {};
    EVP_PKEY_CTX* parameters = nullptr;
    const char* const digest = algorithm == rsa_pss_rsae_sha256 ? "SHA256" : nullptr;
    bool ready = EVP_DigestSignInit_ex(context.get(), &parameters, digest, nullptr, nullptr, key, nullptr) == 1;
    if (algorithm == rsa_pss_rsae_sha256) {
        ready = ready && EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    const Bytes bytes = bytes_of(content);
    size_t size = 0;
    if (!ready || EVP_DigestSign(context.get(), nullptr, &size, bytes.data(), bytes.size()) != 1) return {};
    std::string signature(size, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(signature.data());
    const bool made = EVP_DigestSign(context.get(), out, &size, bytes.data(), bytes.size()) == 1;
    signature.resize(made ? size : 0);
    return signature;
}

}  // namespace

uint16_t signature_algorithm(const EVP_PKEY* key) {
    const uint16_t algorithm = algorithm_of(key);
    ERR_clear_error();
    return algorithm;
}

std::string sign(uint16_t algorithm, EVP_PKEY* key, std::string_view content) {
    std::string signature = algorithm == ecdsa_secp256r1_sha256   ? sign_ecdsa(Hash::sha256, key, content)
                            : algorithm == ecdsa_secp384r1_sha384 ? sign_ecdsa(Hash::sha384, key, content)
                                                                  : sign_otherwise(algorithm, key, content);
    ERR_clear_error();
    return signature;
}

}  // namespace seki::tls
