#include "tls/identities.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <utility>

#include <openssl/x509v3.h>

#include "base/check.h"

namespace seki::tls {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

// RSA keys take long to make; one is enough for all.
KeyPtr make_key(KeyKind kind) {
    static const KeyPtr rsa(EVP_RSA_gen(2048), &EVP_PKEY_free);
    if (kind == KeyKind::rsa) {
        EVP_PKEY_up_ref(rsa.get());
        return {rsa.get(), &EVP_PKEY_free};
    }
    return {kind == KeyKind::ecdsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                   : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
            &EVP_PKEY_free};
}

template <typename Object, typename Write>
std::string der_of(Object* object, Write write) {
    unsigned char* bytes = nullptr;
    const int size = write(object, &bytes);
    SEKI_CHECK(size > 0);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

X509Ptr make_x509(const Identity& identity, EVP_PKEY* key) {
    static long serial = 0;
    X509Ptr made(X509_new(), &X509_free);
    X509* const x509 = made.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(x509), 1'580'000'000);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86'400L * identity.valid_days);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(identity.names.front().c_str()), -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    std::string names;
    for (const std::string& name : identity.names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    for (const std::string& address : identity.addresses) names += ",IP:" + address;
    X509_EXTENSION* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(x509, alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256());
    return made;
}

struct Bytes {
    std::string leaf;
    std::string key;
    std::string names;
};

std::string text_of(BIO* memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    std::string text(bytes, static_cast<size_t>(size));
    BIO_free(memory);
    return text;
}

}  // namespace

CertificatePtr make_certificate(const Identity& identity) {
    const KeyPtr key = make_key(identity.kind);
    const X509Ptr x509 = make_x509(identity, key.get());
    auto bytes = std::make_shared<Bytes>();
    bytes->leaf = der_of(x509.get(), i2d_X509);
    bytes->key = der_of(key.get(), i2d_PrivateKey);
    auto certificate = std::make_shared<Certificate>();
    unsigned int size = 0;
    X509_digest(x509.get(), EVP_sha256(), certificate->rank.fingerprint.data(), &size);
    for (const std::string& name : identity.names) bytes->names += name + '\n';
    certificate->names = bytes->names;
    certificate->rank.expires_at_s = 1'700'000'000 + 86'400L * identity.valid_days;
    certificate->key_kind = identity.kind;
    certificate->leaf = bytes->leaf;
    certificate->key = bytes->key;
    certificate->owner = std::move(bytes);
    return certificate;
}

PemPair to_pem(const Certificate& certificate) {
    const auto* at = reinterpret_cast<const unsigned char*>(certificate.leaf.data());
    const X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.leaf.size())), &X509_free);
    at = reinterpret_cast<const unsigned char*>(certificate.key.data());
    const KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(certificate.key.size())), &EVP_PKEY_free);
    PemPair pem;
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, x509.get());
    pem.certificate = text_of(out);
    out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    pem.key = text_of(out);
    return pem;
}

}  // namespace seki::tls
