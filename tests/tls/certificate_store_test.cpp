#include "tls/certificate_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/identities.h"

namespace seki::tls {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CertificateStore, goes_on_finding_a_name_when_one_of_its_certificates_is_removed) {
    CertificateStore store;
    auto first = make_certificate({.names = {"shared.example", "first.example"}});
    const auto second = make_certificate({.names = {"second.example", "shared.example"}, .valid_days = 80});
    const Fingerprint fingerprint = first->fingerprint();
    store.put(first);
    store.put(second);
    EXPECT_THAT(store.find("shared.example"), ElementsAre(first));
    first = nullptr;
    EXPECT_NE(store.remove(fingerprint), nullptr);
    EXPECT_THAT(store.find("shared.example"), ElementsAre(second)) << "whose bytes the name is in now";
    EXPECT_THAT(store.find("first.example"), IsEmpty());
    EXPECT_EQ(store.remove(fingerprint), nullptr);
    store.remove(second->fingerprint());
    EXPECT_TRUE(store.empty());
}

TEST(CertificateStore, takes_names_that_a_certificate_has_twice) {
    CertificateStore store;
    const auto one = make_certificate({.names = {"a.example", "a.example"}});
    store.put(one);
    EXPECT_THAT(store.find("a.example"), ElementsAre(one));
    EXPECT_EQ(store.put(one), one);
    store.remove(one->fingerprint());
    EXPECT_TRUE(store.empty());
    EXPECT_THAT(store.find("a.example"), IsEmpty());
}

}  // namespace
}  // namespace seki::tls
