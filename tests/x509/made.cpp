#include "x509/made.h"

#include <gtest/gtest.h>
#include <map>
#include <openssl/ocsp.h>
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

Key ec_key(const char* curve) { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve)); }
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
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), wish.serial != 0 ? wish.serial : ++serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), wish.not_before);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), wish.not_after);
    set_name(X509_get_subject_name(certificate.get()), wish.common_name);
    set_name(X509_get_issuer_name(certificate.get()), wish.issuer.empty() ? wish.common_name : wish.issuer);
    X509_set_pubkey(certificate.get(), key);
    add_extension(certificate.get(), NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!wish.purposes.empty()) add_extension(certificate.get(), NID_ext_key_usage, wish.purposes);
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

std::string revocation_list(const ListWish& wish) {
    const Key own = wish.issuer_key != nullptr ? nullptr : ec_key();
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> name(X509_NAME_new(), &X509_NAME_free);
    set_name(name.get(), wish.issuer);
    X509_CRL_set_issuer_name(list.get(), name.get());
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_set(nullptr, year_2020),
                                                                     &ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), time.get());
    for (const int64_t serial : wish.serials) {
        X509_REVOKED* const revoked = X509_REVOKED_new();
        const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> number(ASN1_INTEGER_new(),
                                                                                 &ASN1_INTEGER_free);
        ASN1_INTEGER_set_int64(number.get(), serial);
        X509_REVOKED_set_serialNumber(revoked, number.get());
        X509_REVOKED_set_revocationDate(revoked, time.get());
        X509_CRL_add0_revoked(list.get(), revoked);
    }
    if (wish.next_update != 0) {
        ASN1_TIME_set(time.get(), wish.next_update);
        X509_CRL_set1_nextUpdate(list.get(), time.get());
    }
    if (wish.scope != nullptr) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, NID_issuing_distribution_point, wish.scope);
        EXPECT_NE(extension, nullptr);
        X509_CRL_add_ext(list.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    EXPECT_GT(X509_CRL_sign(list.get(), own != nullptr ? own.get() : wish.issuer_key, EVP_sha256()), 0);
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509_CRL(bio.get(), list.get());
    return text_of(bio.get());
}

std::string ocsp_response(const OcspWish& wish) {
    const auto read = [](const std::string& pem) {
        const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
        return std::unique_ptr<X509, Free>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    };
    const auto certificate = read(wish.certificate);
    const auto issuer = read(wish.issuer->certificate);
    const Bio bio(BIO_new_mem_buf(wish.issuer->key.data(), static_cast<int>(wish.issuer->key.size())), &BIO_free);
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic(OCSP_BASICRESP_new(),
                                                                                &OCSP_BASICRESP_free);
    using Time = std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)>;
    const Time begin(ASN1_TIME_set(nullptr, year_2020), &ASN1_TIME_free);
    const Time end(wish.next_update == 0 ? nullptr : ASN1_TIME_set(nullptr, wish.next_update), &ASN1_TIME_free);
    OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), certificate.get(), issuer.get());
    const bool revoked = wish.status == V_OCSP_CERTSTATUS_REVOKED;
    OCSP_basic_add1_status(basic.get(), id, wish.status, 0, revoked ? begin.get() : nullptr, begin.get(), end.get());
    OCSP_CERTID_free(id);
    if (!wish.next_update_text.empty()) {
        ASN1_GENERALIZEDTIME* next = nullptr;
        OCSP_single_get0_status(OCSP_resp_get0(basic.get(), 0), nullptr, nullptr, nullptr, &next);
        ASN1_STRING_set(next, wish.next_update_text.data(), static_cast<int>(wish.next_update_text.size()));
    }
    EXPECT_EQ(OCSP_basic_sign(basic.get(), issuer.get(), key.get(), EVP_sha256(), nullptr, 0), 1);
    const bool successful = wish.response == OCSP_RESPONSE_STATUS_SUCCESSFUL;
    const std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> response(
        OCSP_response_create(wish.response, successful ? basic.get() : nullptr), &OCSP_RESPONSE_free);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &der);
    std::string text(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return text;
}

std::string good_ocsp_response(const Pair& pair, int64_t next_update) {
    return ocsp_response({.certificate = pair.certificate, .issuer = &pair, .next_update = next_update});
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
