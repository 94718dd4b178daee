// What changes about certificates lead to that may not have been meant.

#include "config/certificate_consequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/certificates.h"
#include "config/consequences.h"

namespace seki::config {
namespace {

using command::Request;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using x509::made::Pair;
using x509::made::Wish;

constexpr const char* here = "127.0.0.1:443";
constexpr int64_t day_s = 86'400;
constexpr int64_t now_s = x509::made::year_2020 + 400 * day_s;

struct CertificateConsequences : testing::Test {
    State state;

    std::vector<std::string> of(const Request& request) {
        auto checked = check(request);
        EXPECT_TRUE(checked.has_value());
        const auto applied = state.apply(*checked);
        EXPECT_TRUE(applied.has_value()) << applied.error().message;
        std::vector<std::string> texts;
        for (const Consequence& each : consequences(state, **checked, now_s)) texts.push_back(each.text);
        return texts;
    }
    static Pair valid(int64_t from, int64_t to) {
        Wish wish;
        wish.alternative_names = "DNS:a.example";
        wish.not_before = from;
        wish.not_after = to;
        return x509::made::pair(wish);
    }
};

TEST_F(CertificateConsequences, of_the_usual_order_are_none) {
    for (const Request& request :
         {https_listener(here), cluster("c"), backend("c", "b", "127.0.0.1:9000"),
          certificate(here, x509::made::pair_for("a.example")), certificate(here, x509::made::pair_for("*.b.example")),
          activate(command::HTTPS, here), https_frontend("c", here, "a.example"),
          https_frontend("c", here, "x.b.example"), https_frontend("c", here, "*.b.example"),
          https_frontend("c", here, "*"), https_frontend("c", here, "/[a-z]+/.c.example")}) {
        EXPECT_THAT(of(request), IsEmpty()) << request.ShortDebugString();
    }
}

TEST_F(CertificateConsequences, of_its_dates_are_told) {
    of(https_listener(here));
    EXPECT_THAT(of(certificate(here, valid(now_s - 100 * day_s, now_s - 1))),
                ElementsAre("it has expired on 2021-02-03T23:59:59Z: clients refuse it"));
    EXPECT_THAT(of(certificate(here, valid(now_s - 100 * day_s, now_s + 12 * day_s + 5))),
                ElementsAre("it expires on 2021-02-16T00:00:05Z, in 12 days"));
    EXPECT_THAT(of(certificate(here, valid(now_s + 1, now_s + 100 * day_s))),
                ElementsAre("it is not valid before 2021-02-04T00:00:01Z: clients refuse it until then"));
    EXPECT_THAT(of(certificate(here, valid(now_s - 3 * day_s, now_s + 3 * day_s))), IsEmpty()) << "one of a few days";
}

TEST_F(CertificateConsequences, of_an_ocsp_response_that_has_run_out_are_told) {
    of(https_listener(here));
    const Pair pair = valid(now_s - 100 * day_s, now_s + 100 * day_s);
    Request request = certificate(here, pair);
    auto& response = *request.mutable_add_certificate()->mutable_certificate()->mutable_ocsp_response();
    response = x509::made::good_ocsp_response(pair, now_s + 1);
    EXPECT_THAT(of(request), IsEmpty());
    EXPECT_EQ(why_too_late(request, now_s), "");
    EXPECT_EQ(why_too_late(certificate(here, pair), now_s), "");
    response = x509::made::good_ocsp_response(pair, now_s);
    EXPECT_THAT(of(request), ElementsAre("it was good until 2021-02-04T00:00:00Z: it is not sent"));
    Request replacement = replace_certificate(here, fingerprint_of(pair), pair);
    replacement.mutable_replace_certificate()->mutable_new_certificate()->set_ocsp_response(response);
    for (const Request& late : {request, replacement})
        EXPECT_EQ(why_too_late(late, now_s),
                  "Invalid value for field 'ocsp_response': it was good until 2021-02-04T00:00:00Z");
}

TEST_F(CertificateConsequences, of_a_place_where_nobody_listens_are_told) {
    EXPECT_THAT(of(certificate(here, x509::made::pair())),
                ElementsAre("there is no HTTPS listener on 127.0.0.1:443: nobody is shown the certificate"));
}

TEST_F(CertificateConsequences, of_what_it_says_are_told) {
    of(https_listener(here));
    Wish nameless;
    nameless.common_name = "My Name";
    EXPECT_THAT(of(certificate(here, x509::made::pair(nameless))),
                ElementsAre("it names no host: no client asks for it"));
    Request versions = certificate(here, x509::made::pair());
    versions.mutable_add_certificate()->mutable_certificate()->add_versions(command::TLS_V1_3);
    EXPECT_THAT(of(versions), ElementsAre("they have no effect: those of the listener count"));
    Wish issued;
    issued.issuer = "authority.example";
    Request broken = certificate(here, x509::made::pair(issued));
    broken.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(x509::made::pair().certificate);
    EXPECT_THAT(of(broken), ElementsAre("it does not lead on from the certificate: clients may find no authority"));
}

TEST_F(CertificateConsequences, of_a_replacement_are_those_of_the_new_one) {
    const Pair one = x509::made::pair_for("a.example");
    of(https_listener(here));
    of(certificate(here, one));
    EXPECT_THAT(of(replace_certificate(here, fingerprint_of(one), valid(now_s - 9 * day_s, now_s - 1))),
                ElementsAre(HasSubstr("it has expired")));
}

TEST_F(CertificateConsequences, of_a_host_without_a_certificate_are_told) {
    of(https_listener(here));
    of(activate(command::HTTPS, here));
    of(cluster("c"));
    of(backend("c", "b", "127.0.0.1:9000"));
    EXPECT_THAT(of(https_frontend("c", here, "a.example")),
                ElementsAre("no certificate on 127.0.0.1:443 is for 'a.example': its clients cannot be served"));
    const Pair own = x509::made::pair();
    Request listener = https_listener("127.0.0.1:444");
    listener.mutable_add_https_listener()->set_certificate(own.certificate);
    listener.mutable_add_https_listener()->set_key(own.key);
    of(listener);
    of(activate(command::HTTPS, "127.0.0.1:444"));
    EXPECT_THAT(of(https_frontend("c", "127.0.0.1:444", "*.example")),
                ElementsAre("no certificate on 127.0.0.1:444 is for '*.example': its clients are shown the listener's "
                            "own one"));
}

TEST_F(CertificateConsequences, of_a_listener_without_certificates_are_told) {
    constexpr const char* fails = "the listener on 127.0.0.1:443 has no certificate: every handshake fails";
    const Pair one = x509::made::pair();
    of(https_listener(here));
    EXPECT_THAT(of(activate(command::HTTPS, here)), ElementsAre(fails));
    EXPECT_THAT(of(certificate(here, one)), IsEmpty());
    EXPECT_THAT(of(remove_certificate(here, fingerprint_of(one))), ElementsAre(fails));
}

TEST_F(CertificateConsequences, of_a_listener_that_goes_are_its_certificates) {
    of(https_listener(here));
    of(certificate(here, x509::made::pair()));
    EXPECT_THAT(of(remove_listener(command::HTTPS, here)),
                Contains("left behind: certificates on 127.0.0.1:443, for a listener to come"));
}

TEST_F(CertificateConsequences, of_a_list_of_revoked_certificates_past_its_time_are_told) {
    Request request = https_listener(here);
    command::HttpsListenerConfig& listener = *request.mutable_add_https_listener();
    listener.set_client_auth(command::CLIENT_AUTH_REQUIRED);
    listener.add_client_ca_certificates(x509::made::pair().certificate);
    listener.add_client_ca_crls(x509::made::revocation_list({.issuer = "a", .next_update = now_s - 1}));
    listener.add_client_ca_crls(x509::made::revocation_list({.issuer = "b", .next_update = now_s + 1}));
    const char* text = "a list was good until 2021-02-03T23:59:59Z: clients of its issuer are refused";
    EXPECT_THAT(of(request), ElementsAre(text));
    Request update = https_update(here);
    EXPECT_THAT(of(update), IsEmpty());
    auto& policy = *update.mutable_update_https_listener()->mutable_client_auth_policy();
    policy.set_client_auth(command::CLIENT_AUTH_REQUIRED);
    *policy.mutable_client_ca_certificates() = listener.client_ca_certificates();
    *policy.mutable_client_ca_crls() = listener.client_ca_crls();
    EXPECT_THAT(of(update), ElementsAre(text));
}

}  // namespace
}  // namespace seki::config
