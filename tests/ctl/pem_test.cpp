#include "ctl/pem.h"

#include <gmock/gmock.h>

#include "ctl/certificate.h"

namespace seki::ctl {
namespace {

using testing::ElementsAre;

TEST(Pem, a_certificate_tells_its_fingerprint_times_and_names) {
    const auto facts = read_certificate(std::string("text before\n") + shop_certificate);
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->fingerprint, shop_fingerprint);
    EXPECT_EQ(facts->not_before, "2026-11-24T00:13:41Z");
    EXPECT_EQ(facts->not_after, "2126-10-31T00:13:41Z");
    EXPECT_THAT(facts->names, ElementsAre("shop.example", "*.shop.example"));
}

TEST(Pem, what_is_no_certificate_is_an_error) {
    const std::string half(shop_certificate, 200);
    for (const std::string& text : {std::string(), std::string("hello"), half}) {
        EXPECT_FALSE(read_certificate(text).has_value()) << text;
    }
}

TEST(Pem, a_chain_is_split_and_what_is_unfinished_is_left_out) {
    const std::string one = shop_certificate;
    EXPECT_THAT(split_chain("a\n" + one + "b\n" + one + one.substr(0, 100)), ElementsAre(one, one));
    EXPECT_TRUE(split_chain("").empty());
}

}  // namespace
}  // namespace seki::ctl
