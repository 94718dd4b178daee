#include "x509/crl.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <openssl/x509v3.h>

#include "x509/made.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

// A list of an authority of this name; no end if it is 0.
std::string list_of(const char* issuer, int64_t next_update, const char* scope = nullptr) {
    const made::Key key = made::ec_key();
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> name(X509_NAME_new(), &X509_NAME_free);
    X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(issuer), -1, -1,
                               0);
    X509_CRL_set_issuer_name(list.get(), name.get());
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_set(nullptr, made::year_2020),
                                                                     &ASN1_TIME_free);
    X509_CRL_set1_lastUpdate(list.get(), time.get());
    if (next_update != 0) {
        ASN1_TIME_set(time.get(), next_update);
        X509_CRL_set1_nextUpdate(list.get(), time.get());
    }
    X509_REVOKED* revoked = X509_REVOKED_new();
    const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> serial(ASN1_INTEGER_new(), &ASN1_INTEGER_free);
    ASN1_INTEGER_set(serial.get(), 7);
    X509_REVOKED_set_serialNumber(revoked, serial.get());
    X509_REVOKED_set_revocationDate(revoked, time.get());
    X509_CRL_add0_revoked(list.get(), revoked);
    if (scope != nullptr) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, NID_issuing_distribution_point, scope);
        EXPECT_NE(extension, nullptr);
        X509_CRL_add_ext(list.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    EXPECT_GT(X509_CRL_sign(list.get(), key.get(), EVP_sha256()), 0);
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509_CRL(bio.get(), list.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<size_t>(size)};
}

TEST(RevocationList, says_whose_it_is_and_until_when) {
    const auto lists = read_revocation_lists(list_of("a", made::year_2099) + list_of("b", 0));
    ASSERT_TRUE(lists.has_value());
    ASSERT_EQ(lists->size(), 2U);
    EXPECT_EQ((*lists)[0].next_update_s, made::year_2099);
    EXPECT_EQ((*lists)[1].next_update_s, std::nullopt);
    EXPECT_NE((*lists)[0].issuer, (*lists)[1].issuer);
    EXPECT_EQ((*lists)[0].scope, "");
}

TEST(RevocationList, says_what_it_is_about) {
    const auto lists =
        read_revocation_lists(list_of("a", made::year_2099, "onlyuser:TRUE") + list_of("a", made::year_2099));
    EXPECT_EQ((*lists)[0].issuer, (*lists)[1].issuer);
    EXPECT_NE((*lists)[0].scope, (*lists)[1].scope);
}

TEST(RevocationList, is_none_of_another_form) {
    EXPECT_EQ(read_revocation_lists("").error().message, "it holds no list of revoked certificates (X509 CRL) in PEM");
    EXPECT_EQ(read_revocation_lists("-----BEGIN X509 CRL-----\n?").error().message, "line 2 is no base64");
    const std::string der = read_pem(list_of("a", made::year_2099, "onlyuser:TRUE"))->front().der;
    for (size_t size = 0; size < der.size(); ++size) {
        EXPECT_EQ(read_revocation_lists(write_pem("X509 CRL", der.substr(0, size))).error().message,
                  "one of its blocks is no list of revoked certificates");
    }
    for (size_t at = 0; at < der.size(); ++at) {
        for (const int value : {0x00, 0x7F, 0x80, 0xFF}) {
            std::string changed = der;
            changed[at] = static_cast<char>(value);
            static_cast<void>(read_revocation_lists(write_pem("X509 CRL", changed)));
        }
    }
}

}  // namespace
}  // namespace seki::x509
