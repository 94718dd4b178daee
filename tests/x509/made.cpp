#include "x509/made.h"

#include <gtest/gtest.h>
#include <map>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <openssl/x509v3.h>

namespace seki::x509::made {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<size_t>(size)};
}

void set_name(X509_NAME* name, const std::string& common_name) {
    if (common_name.empty()) return;
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(common_name.size()), -1, 0);
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    EXPECT_NE(extension, nullptr) << value;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

}  // namespace

Key ec_key(const char* curve) { return Key(EVP_EC_gen(curve)); }
Key ed25519_key() { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

EVP_PKEY* rsa_key(unsigned bits) {
    static std::map<unsigned, Key> keys;
    Key& key = keys[bits];
    if (key == nullptr) key.reset(EVP_RSA_gen(bits));
    return key.get();
}

std::string pem_of(const EVP_PKEY* key, Form form) {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    const bool encrypted = form == Form::encrypted_pkcs8 || form == Form::encrypted_traditional;
    const EVP_CIPHER* cipher = encrypted ? EVP_aes_128_cbc() : nullptr;
    const unsigned char password[] = "password";
    const auto* secret = encrypted ? password : nullptr;
    const int size = encrypted ? 8 : 0;
    const bool only_pkcs8 = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    if (only_pkcs8 || form == Form::pkcs8 || form == Form::encrypted_pkcs8) {
        PEM_write_bio_PrivateKey(bio.get(), key, cipher, secret, size, nullptr, nullptr);
    } else {
        PEM_write_bio_PrivateKey_traditional(bio.get(), key, cipher, secret, size, nullptr, nullptr);
    }
    return text_of(bio.get());
}

std::string certificate_of(EVP_PKEY* key, const Wish& wish) {
    static int64_t serial = 0;
    const std::unique_ptr<X509, Free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), wish.not_before);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), wish.not_after);
    set_name(X509_get_subject_name(certificate.get()), wish.common_name);
    set_name(X509_get_issuer_name(certificate.get()), wish.issuer.empty() ? wish.common_name : wish.issuer);
    X509_set_pubkey(certificate.get(), key);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    if (!wish.alternative_names.empty()) {
        add_extension(certificate.get(), NID_subject_alt_name, wish.alternative_names);
    }
    EVP_PKEY* signer = wish.issuer_key != nullptr ? wish.issuer_key : key;
    const EVP_MD* digest = wish.digest == nullptr ? nullptr : EVP_get_digestbyname(wish.digest);
    EXPECT_GT(X509_sign(certificate.get(), signer, digest), 0);
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(bio.get(), certificate.get());
    return text_of(bio.get());
}

Pair pair(const Wish& wish) {
    const Key key = ec_key();
    return {certificate_of(key.get(), wish), pem_of(key.get())};
}

Pair pair_for(const std::string& host, int64_t not_after) {
    Wish wish;
    wish.alternative_names = "DNS:" + host;
    wish.not_after = not_after;
    return pair(wish);
}

}  // namespace seki::x509::made
