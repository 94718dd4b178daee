#include "x509/ocsp.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include "x509/made.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

struct Ocsp : testing::Test {
    made::Wish authority_wish{.common_name = "authority", .authority = true};
    made::Key authority_key = made::ec_key();
    made::Pair authority{made::certificate_of(authority_key.get(), authority_wish), made::pem_of(authority_key.get())};
    made::Pair one = issued();
    made::Pair other = issued();

    made::Pair issued() const {
        const made::Key key = made::ec_key();
        made::Wish wish;
        wish.issuer = "authority";
        wish.issuer_key = authority_key.get();
        return {made::certificate_of(key.get(), wish), made::pem_of(key.get())};
    }
    static std::string der(const made::Pair& pair) { return read_pem(pair.certificate)->front().der; }
    made::OcspWish about(const made::Pair& pair) const {
        return {.certificate = pair.certificate, .issuer = &authority};
    }
    Result<OcspStatement> read(const std::string& response, const std::string& issuer = "") {
        return read_ocsp_response(response, der(one), issuer);
    }
};

TEST_F(Ocsp, says_until_when_it_is_good) {
    EXPECT_EQ(read(ocsp_response(about(one)))->good_until_s, made::year_2099);
    EXPECT_EQ(read(ocsp_response(about(one)), der(authority))->good_until_s, made::year_2099);
    auto endless = about(one);
    endless.next_update = 0;
    EXPECT_EQ(read(ocsp_response(endless))->good_until_s, OcspStatement::no_end);
}

TEST_F(Ocsp, with_a_time_that_certificates_could_not_have_is_refused) {
    auto wish = about(one);
    wish.next_update_text = "20700101000000Z";
    EXPECT_EQ(read(ocsp_response(wish))->good_until_s, 3'155'760'000);
    for (const char* text : {"20700101000000.5Z", "207001010000Z", "20700101000000+0100", "20700229000000Z", "soon"}) {
        wish.next_update_text = text;
        EXPECT_EQ(read(ocsp_response(wish)).error().message, "its time cannot be read") << text;
    }
}

TEST_F(Ocsp, about_another_certificate_is_refused) {
    EXPECT_EQ(read(ocsp_response(about(other))).error().message, "it is about another certificate");
    // The same serial number and name of the issuer, but another issuer.
    const made::Key key = made::ec_key();
    EXPECT_EQ(read(ocsp_response(about(one)), read_pem(made::certificate_of(key.get(), authority_wish))->front().der)
                  .error()
                  .message,
              "it is about another certificate");
    // The same serial number of another authority.
    const made::Pair stranger = made::pair({.common_name = "stranger", .authority = true});
    made::OcspWish wish = about(one);
    wish.issuer = &stranger;
    EXPECT_EQ(read(made::ocsp_response(wish), der(authority)).error().message, "it is about another certificate");
}

TEST_F(Ocsp, that_does_not_call_it_good_is_refused) {
    auto wish = about(one);
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    EXPECT_EQ(read(ocsp_response(wish)).error().message, "it says that the certificate was revoked");
    wish.status = V_OCSP_CERTSTATUS_UNKNOWN;
    EXPECT_EQ(read(ocsp_response(wish)).error().message, "it says that its authority does not know the certificate");
    wish.response = OCSP_RESPONSE_STATUS_TRYLATER;
    EXPECT_EQ(read(ocsp_response(wish)).error().message, "it says nothing of the certificate, but 'trylater'");
}

TEST_F(Ocsp, of_another_form_is_refused) {
    const std::string good = ocsp_response(about(one));
    for (const std::string& text : {std::string(), std::string("x"), der(one), good + "x"})
        EXPECT_EQ(read(text).error().message, "it is no OCSP response in DER");
    for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(read(good.substr(0, size)).has_value()) << size;
    for (size_t at = 0; at < good.size(); ++at) {
        for (const int value : {0x00, 0x7F, 0x80, 0xFF}) {
            std::string changed = good;
            changed[at] = static_cast<char>(value);
            static_cast<void>(read(changed, der(authority)));
        }
    }
}

}  // namespace
}  // namespace seki::x509
