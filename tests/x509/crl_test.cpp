#include "x509/crl.h"

#include <gtest/gtest.h>

#include "x509/made.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

// A list of an authority of this name; no end if it is 0.
std::string list_of(const char* issuer, int64_t next_update, const char* scope = nullptr) {
    return made::revocation_list({.issuer = issuer, .next_update = next_update, .serials = {7}, .scope = scope});
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
