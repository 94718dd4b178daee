// What the validator says of certificates, and the form in which it lets them through.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/certificates.h"
#include "config/check/check.h"
#include "x509/pem.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::HasSubstr;
using x509::made::Pair;

constexpr const char* here = "127.0.0.1:443";

std::vector<std::string> refusals(const Request& request) {
    const auto checked = check_every_field(request);
    std::vector<std::string> texts;
    if (checked) return texts;
    for (const Refusal& each : checked.error()) texts.push_back(each.field + ": " + each.reason);
    return texts;
}

command::CertificateAndKey passed(const Request& request) {
    const auto checked = check(request);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    return (*checked)->add_certificate().certificate();
}

TEST(CertificateCheck, fills_in_the_names) {
    x509::made::Wish wish;
    wish.alternative_names = "DNS:A.example,DNS:*.b.example,IP:2001:db8::1";
    EXPECT_THAT(passed(certificate(here, x509::made::pair(wish))).names(),
                ElementsAre("a.example", "*.b.example", "2001:db8::1"));
}

TEST(CertificateCheck, takes_names_that_are_said_in_their_place) {
    Request request = certificate(here, x509::made::pair_for("a.example"));
    for (const char* name : {"B.example.", "*.c.example", "m\xC3\xBCnchen.example", "b.example", "192.0.2.1"}) {
        request.mutable_add_certificate()->mutable_certificate()->add_names(name);
    }
    EXPECT_THAT(passed(request).names(),
                ElementsAre("b.example", "*.c.example", "xn--mnchen-3ya.example", "192.0.2.1"));
    for (const char* name : {"/[a-z]+/.example", "*", "a b", "", "a.*.example"}) {
        request.mutable_add_certificate()->mutable_certificate()->clear_names();
        request.mutable_add_certificate()->mutable_certificate()->add_names(name);
        EXPECT_THAT(refusals(request), ElementsAre(HasSubstr("names: '"))) << name;
    }
}

TEST(CertificateCheck, has_one_form_for_what_is_the_same) {
    const x509::made::Key key = x509::made::ec_key();
    const std::string leaf = x509::made::certificate_of(key.get());
    const std::string issuer = x509::made::pair_for("issuer.example").certificate;
    const Pair one{leaf + issuer, x509::made::pem_of(key.get(), x509::made::Form::pkcs8)};
    Request other =
        certificate(here, {"Some words\n" + leaf, x509::made::pem_of(key.get(), x509::made::Form::traditional)});
    other.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(issuer + leaf);
    const command::CertificateAndKey first = passed(certificate(here, one));
    EXPECT_TRUE(same_message(first, passed(other)));
    EXPECT_EQ(first.certificate(), leaf);
    EXPECT_THAT(first.certificate_chain(), ElementsAre(issuer));
    EXPECT_THAT(first.key(), testing::StartsWith("-----BEGIN EC PRIVATE KEY-----\n"));
}

TEST(CertificateCheck, names_the_field_that_is_wrong) {
    const Pair good = x509::made::pair();
    EXPECT_THAT(refusals(certificate(here, {"x", good.key})),
                ElementsAre("certificate: it holds no certificate in PEM"));
    EXPECT_THAT(refusals(certificate(here, {good.certificate, x509::made::pair().key})),
                ElementsAre("key: the key does not belong to the certificate"));
    EXPECT_THAT(refusals(certificate(here, {good.certificate, ""})),
                ElementsAre("key: it holds no private key in PEM"));
    Request chain = certificate(here, good);
    chain.mutable_add_certificate()->mutable_certificate()->add_certificate_chain("-----BEGIN CERTIFICATE-----\n?");
    EXPECT_THAT(refusals(chain), ElementsAre("certificate_chain: line 2 is no base64"));
    EXPECT_THAT(refusals(certificate("127.0.0.1:0", good)), ElementsAre(HasSubstr("address: ")));
}

TEST(CertificateCheck, bounds_what_it_takes) {
    const Pair good = x509::made::pair();
    EXPECT_THAT(refusals(certificate(here, {good.certificate + std::string(65'536, ' '), good.key})),
                ElementsAre("certificate: it is larger than 65536 bytes"));
    EXPECT_THAT(refusals(certificate(here, {good.certificate, good.key + std::string(65'536, ' ')})),
                ElementsAre("key: it is larger than 65536 bytes"));
    Request chain = certificate(here, good);
    for (int i = 0; i < 11; ++i) {
        chain.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(x509::made::pair().certificate);
    }
    EXPECT_THAT(refusals(chain), ElementsAre("certificate_chain: 11 certificates are more than 10"));
    Request names = certificate(here, good);
    for (int i = 0; i < 1001; ++i) {
        names.mutable_add_certificate()->mutable_certificate()->add_names(fmt::format("a{}.example", i));
    }
    EXPECT_THAT(refusals(names), ElementsAre("names: 1001 names are more than 1000"));
}

TEST(CertificateCheck, knows_fingerprints_in_any_case) {
    const Pair pair = x509::made::pair();
    std::string upper = fingerprint_of(pair);
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    const auto removal = check(remove_certificate(here, upper));
    ASSERT_TRUE(removal.has_value());
    EXPECT_EQ((*removal)->remove_certificate().fingerprint(), fingerprint_of(pair));
    EXPECT_THAT(refusals(remove_certificate(here, "abc")),
                ElementsAre("fingerprint: it is no SHA-256 in 64 hexadecimal digits"));
    EXPECT_THAT(refusals(replace_certificate(here, std::string(64, 'x'), pair)),
                ElementsAre("old_fingerprint: it is no SHA-256 in 64 hexadecimal digits"));
    EXPECT_THAT(refusals(replace_certificate(here, upper, {pair.certificate, "x"})),
                ElementsAre("key: it holds no private key in PEM"));
}

TEST(CertificateCheck, takes_an_ocsp_response_that_is_about_the_certificate) {
    const Pair pair = x509::made::pair();
    Request request = certificate(here, pair);
    std::string& response = *request.mutable_add_certificate()->mutable_certificate()->mutable_ocsp_response();
    response = x509::made::good_ocsp_response(pair, x509::made::year_2020 + 1);
    EXPECT_EQ(passed(request).ocsp_response(), response) << "one that has run out may be kept somewhere";
    response = x509::made::good_ocsp_response(x509::made::pair());
    EXPECT_THAT(refusals(request), ElementsAre("ocsp_response: it is about another certificate"));
    response = "x";
    EXPECT_THAT(refusals(request), ElementsAre("ocsp_response: it is no OCSP response in DER"));
    response = std::string(65'528, 'x');
    EXPECT_THAT(refusals(request), ElementsAre("ocsp_response: it is larger than 65527 bytes"));
    response = "";
    EXPECT_FALSE(passed(request).has_ocsp_response());
}

TEST(CertificateCheck, of_what_was_checked_changes_nothing) {
    x509::made::Wish wish;
    wish.alternative_names = "DNS:a.example,IP:2001:db8::1";
    Request added = certificate(here, x509::made::pair(wish));
    added.mutable_add_certificate()->mutable_certificate()->add_versions(command::TLS_V1_3);
    added.mutable_add_certificate()->mutable_certificate()->add_versions(command::TLS_V1_2);
    for (const Request& request : {added, replace_certificate(here, std::string(64, 'A'), x509::made::pair(wish))}) {
        const auto once = check(request);
        ASSERT_TRUE(once.has_value());
        const auto twice = check(**once);
        ASSERT_TRUE(twice.has_value());
        EXPECT_TRUE(same_message(**once, **twice));
    }
}

}  // namespace
}  // namespace seki::config
