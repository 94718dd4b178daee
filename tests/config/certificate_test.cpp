// Certificates in the state: added, exchanged, removed, taken back, asked for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/certificates.h"
#include "config/query.h"
#include "config/state.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using x509::made::Pair;

constexpr const char* here = "127.0.0.1:443";
constexpr const char* there = "127.0.0.1:444";

struct CertificateTest : testing::Test {
    State state;
    const Pair one = x509::made::pair_for("a.example");
    const Pair two = x509::made::pair_for("b.example");

    Result<Undo> apply(const Request& request) {
        auto checked = check(request);
        SEKI_CHECK(checked.has_value());
        return state.apply(*checked);
    }
    Undo must(const Request& request) {
        auto applied = apply(request);
        EXPECT_TRUE(applied.has_value()) << applied.error().message;
        return std::move(*applied);
    }
    std::string refusal(const Request& request) {
        const auto applied = apply(request);
        return applied ? "" : applied.error().message;
    }
    std::vector<std::string> known() {
        std::vector<std::string> known;
        for (const auto& [key, certificate] : state.table<Certificates>().entries()) {
            known.push_back(key.address.text() + " " + Certificates::key_text(key));
        }
        return known;
    }
    static std::string at(const char* address, const Pair& pair) {
        return std::string(address) + " " + fingerprint_of(pair);
    }
    std::vector<std::string> asked(const command::QueryCertificatesFilters& filters) {
        std::vector<std::string> found;
        const command::CertificatesWithFingerprints answer = certificates(state, filters, SIZE_MAX).value();
        for (const auto& [fingerprint, certificate] : answer.certs()) found.push_back(fingerprint);
        std::ranges::sort(found);
        return found;
    }
    std::vector<std::string> shown_to(const std::string& domain) {
        command::QueryCertificatesFilters filters;
        filters.set_domain(domain);
        return asked(filters);
    }
    State copy() {
        State other;
        for (const Request& change : snapshot(state)) {
            const auto checked = check(change);
            SEKI_CHECK(checked.has_value());
            EXPECT_TRUE(other.apply(*checked).has_value());
        }
        return other;
    }
};

TEST_F(CertificateTest, is_known_by_its_address_and_its_fingerprint) {
    must(certificate(here, one));
    must(certificate(there, one));
    must(certificate(here, two));
    EXPECT_THAT(known(), UnorderedElementsAre(at(here, one), at(here, two), at(there, one)));
    must(remove_certificate(here, fingerprint_of(one)));
    EXPECT_THAT(known(), UnorderedElementsAre(at(here, two), at(there, one)));
}

TEST_F(CertificateTest, that_is_there_already_changes_nothing) {
    EXPECT_FALSE(must(certificate(here, one)).empty());
    EXPECT_TRUE(must(certificate(here, one)).empty());
}

TEST_F(CertificateTest, takes_another_chain_name_or_end_when_it_is_added_again) {
    must(certificate(here, one));
    Request again = certificate(here, one);
    again.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(two.certificate);
    again.mutable_add_certificate()->mutable_certificate()->add_names("c.example");
    again.mutable_add_certificate()->set_expired_at(7);
    EXPECT_FALSE(must(again).empty());
    EXPECT_THAT(shown_to("a.example"), ElementsAre());
    EXPECT_THAT(shown_to("c.example"), ElementsAre(fingerprint_of(one)));
    EXPECT_EQ(state.table<Certificates>().entries().begin()->second.chain().sizes().size(), 1U);
}

TEST_F(CertificateTest, that_is_not_there_cannot_be_removed) {
    EXPECT_EQ(refusal(remove_certificate(here, fingerprint_of(one))),
              "Did not find Certificate with address or id '" + fingerprint_of(one) + "'");
}

TEST_F(CertificateTest, is_exchanged_in_one_step) {
    must(certificate(here, one));
    must(replace_certificate(here, fingerprint_of(one), two));
    EXPECT_THAT(known(), ElementsAre(at(here, two)));
    EXPECT_TRUE(must(replace_certificate(here, fingerprint_of(one), two)).empty()) << "it was done before";
    EXPECT_TRUE(must(replace_certificate(here, fingerprint_of(two), two)).empty()) << "for itself";
    EXPECT_EQ(refusal(replace_certificate(here, fingerprint_of(one), x509::made::pair())),
              "Did not find Certificate with address or id '" + fingerprint_of(one) + "'");
    EXPECT_THAT(known(), ElementsAre(at(here, two)));
}

TEST_F(CertificateTest, may_be_exchanged_for_one_that_is_there) {
    must(certificate(here, one));
    must(certificate(here, two));
    Undo undo = must(replace_certificate(here, fingerprint_of(one), two));
    EXPECT_THAT(known(), ElementsAre(at(here, two)));
    state.undo(std::move(undo));
    EXPECT_THAT(known(), UnorderedElementsAre(at(here, one), at(here, two)));
}

TEST_F(CertificateTest, is_as_it_was_when_its_change_is_taken_back) {
    must(certificate(here, one));
    const State before = copy();
    for (const Request& request : {certificate(here, two), remove_certificate(here, fingerprint_of(one)),
                                   replace_certificate(here, fingerprint_of(one), two)}) {
        Undo undo = must(request);
        EXPECT_FALSE(state.same_as(before));
        state.undo(std::move(undo));
        EXPECT_TRUE(state.same_as(before));
        EXPECT_THAT(shown_to("a.example"), ElementsAre(fingerprint_of(one)));
        EXPECT_THAT(shown_to("b.example"), ElementsAre());
    }
}

TEST_F(CertificateTest, comes_as_it_was_given_out_of_a_snapshot) {
    Request request = certificate(here, one);
    request.mutable_add_certificate()->set_expired_at(4'000'000'000);
    request.mutable_add_certificate()->mutable_certificate()->add_versions(command::TLS_V1_3);
    request.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(two.certificate);
    must(request);
    const auto checked = check(request);
    const std::vector<Request> changes = snapshot(state);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(same_message(changes[0], **checked));
    EXPECT_TRUE(copy().same_as(state));
}

TEST_F(CertificateTest, keeps_each_kind_of_key_as_it_was_given) {
    const x509::made::Key ec = x509::made::ec_key("P-384");
    const x509::made::Key ed25519 = x509::made::ed25519_key();
    x509::made::Wish wish;
    must(certificate(here, {x509::made::certificate_of(ec.get(), wish), x509::made::pem_of(ec.get())}));
    must(certificate(
        here, {x509::made::certificate_of(x509::made::rsa_key(), wish), x509::made::pem_of(x509::made::rsa_key())}));
    wish.digest = nullptr;
    must(certificate(here, {x509::made::certificate_of(ed25519.get(), wish), x509::made::pem_of(ed25519.get())}));
    EXPECT_TRUE(copy().same_as(state));
}

TEST_F(CertificateTest, comes_after_its_listener_and_before_frontends) {
    must(https_frontend("c", here, "a.example"));
    must(certificate(here, one));
    must(https_listener(here));
    must(activate(command::HTTPS, here));
    std::vector<std::string> verbs;
    for (const Request& change : snapshot(state)) verbs.push_back(verb_name(change));
    EXPECT_THAT(verbs, ElementsAre("AddHttpsListener", "AddCertificate", "AddHttpsFrontend", "ActivateListener"));
}

TEST_F(CertificateTest, is_changed_by_a_difference_where_it_is) {
    must(certificate(here, one));
    State other;
    const auto changes = diff(state, other);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(same_message(changes[0], remove_certificate(here, fingerprint_of(one))));
    Request again = certificate(here, one);
    again.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(two.certificate);
    const auto checked = check(again);
    ASSERT_TRUE(other.apply(*checked).has_value());
    EXPECT_EQ(verb_name(diff(state, other).at(0)), "AddCertificate");
    EXPECT_EQ(diff(state, other).size(), 1U);
}

TEST_F(CertificateTest, shares_its_chain_with_others) {
    for (const Pair& pair : {one, two}) {
        Request request = certificate(here, pair);
        request.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(x509::made::pair().certificate);
        must(request);
    }
    Request same = certificate(there, one);
    same.mutable_add_certificate()->mutable_certificate()->add_certificate_chain(
        state.table<Certificates>().entries().begin()->second.message().certificate_chain(0));
    must(same);
    std::set<const CertificateChain*> chains;
    for (const auto& [key, each] : state.table<Certificates>().entries()) chains.insert(&each.chain());
    EXPECT_EQ(chains.size(), 2U);
}

TEST(CertificateMemory, forgets_chains_that_nobody_has) {
    CertificateMemory memory;
    const auto kept = *memory.share({"kept", "by two"});
    for (int i = 0; i < 1000; ++i) EXPECT_EQ((*memory.share({std::to_string(i)}))->links().size(), 1U);
    EXPECT_EQ(*memory.share({"kept", "by two"}), kept);
    EXPECT_THAT(kept->links(), ElementsAre("kept", "by two"));
}

// ---- which one is shown

TEST_F(CertificateTest, is_shown_for_its_name_before_any_wildcard) {
    const Pair wildcard = x509::made::pair_for("*.example");
    must(certificate(here, wildcard));
    must(certificate(here, one));
    EXPECT_THAT(shown_to("A.Example."), ElementsAre(fingerprint_of(one)));
    EXPECT_THAT(shown_to("c.example"), ElementsAre(fingerprint_of(wildcard)));
    EXPECT_THAT(shown_to("*.example"), ElementsAre(fingerprint_of(wildcard)));
    EXPECT_THAT(shown_to("x.c.example"), ElementsAre());
    EXPECT_THAT(shown_to("example"), ElementsAre());
}

TEST_F(CertificateTest, is_shown_when_it_lasts_longest) {
    const Pair longer = x509::made::pair_for("a.example", x509::made::year_2099 + 1);
    must(certificate(here, longer));
    must(certificate(here, one));
    EXPECT_THAT(shown_to("a.example"), ElementsAre(fingerprint_of(longer)));
    Request forced = certificate(here, one);
    forced.mutable_add_certificate()->set_expired_at(x509::made::year_2099 + 2);
    must(forced);
    EXPECT_THAT(shown_to("a.example"), ElementsAre(fingerprint_of(one)));
}

TEST_F(CertificateTest, is_shown_at_each_address_and_for_each_kind_of_key) {
    x509::made::Wish wish;
    wish.alternative_names = "DNS:a.example";
    const Pair rsa{x509::made::certificate_of(x509::made::rsa_key(), wish), x509::made::pem_of(x509::made::rsa_key())};
    const Pair elsewhere = x509::made::pair_for("*.example");
    must(certificate(here, one));
    must(certificate(here, rsa));
    must(certificate(here, x509::made::pair_for("*.example")));
    must(certificate(there, elsewhere));
    EXPECT_THAT(shown_to("a.example"),
                UnorderedElementsAre(fingerprint_of(one), fingerprint_of(rsa), fingerprint_of(elsewhere)));
}

TEST_F(CertificateTest, is_found_by_its_fingerprint_or_among_all) {
    must(certificate(here, one));
    must(certificate(here, two));
    command::QueryCertificatesFilters filters;
    EXPECT_THAT(asked(filters), UnorderedElementsAre(fingerprint_of(one), fingerprint_of(two)));
    filters.set_fingerprint(fingerprint_of(two));
    EXPECT_THAT(asked(filters), ElementsAre(fingerprint_of(two)));
    filters.set_fingerprint("x");
    EXPECT_THAT(asked(filters), ElementsAre());
}

TEST_F(CertificateTest, keeps_its_ocsp_response_and_takes_a_newer_one) {
    const std::string old = x509::made::good_ocsp_response(one, x509::made::year_2020);
    Request request = certificate(here, one);
    std::string& response = *request.mutable_add_certificate()->mutable_certificate()->mutable_ocsp_response();
    response = old;
    must(request);
    EXPECT_TRUE(must(request).empty());
    const auto stored = [this]() -> const StoredCertificate& {
        return state.table<Certificates>().entries().begin()->second;
    };
    EXPECT_EQ(stored().ocsp_until_s(), x509::made::year_2020);
    EXPECT_THAT(stored().names(), ElementsAre("a.example"));
    EXPECT_TRUE(copy().same_as(state));
    response = x509::made::good_ocsp_response(one);
    EXPECT_FALSE(must(request).empty());
    EXPECT_EQ(stored().message().ocsp_response(), response);
    EXPECT_EQ(stored().ocsp_until_s(), x509::made::year_2099);
    EXPECT_FALSE(must(certificate(here, one)).empty());
    EXPECT_EQ(stored().ocsp_response(), "");
}

}  // namespace
}  // namespace seki::config
