#include "x509/names.h"

#include <gtest/gtest.h>

namespace seki::x509 {
namespace {

TEST(NamesOfCertificates, have_a_normal_form) {
    EXPECT_EQ(normal_name("Example.COM."), "example.com");
    EXPECT_EQ(normal_name("*.Example.com"), "*.example.com");
    EXPECT_EQ(normal_name("localhost"), "localhost");
    EXPECT_EQ(normal_name("xn--mnchen-3ya.example"), "xn--mnchen-3ya.example");
    EXPECT_EQ(normal_name("_acme.a-b.example"), "_acme.a-b.example");
}

TEST(NamesOfCertificates, are_what_a_host_can_be_called) {
    using namespace std::string_literals;
    for (const std::string& name :
         {""s, "."s, "*"s, "*."s, "*.."s, "a..b"s, ".a"s, "a.*.b"s, "f*.example"s, "*.*.example"s, "a b"s, "a\0b"s,
          "m\xC3\xBCnchen.example"s, "/x/.example"s, std::string(64, 'a') + ".b", std::string(254, 'a')}) {
        EXPECT_FALSE(normal_name(name)) << name;
    }
}

TEST(NamesOfCertificates, stand_for_one_label_with_a_star) {
    EXPECT_EQ(wildcard_for("a.example.com"), "*.example.com");
    EXPECT_EQ(wildcard_for("localhost"), "");
    EXPECT_EQ(wildcard_for(".a"), "");
    EXPECT_EQ(wildcard_for("a."), "");
}

}  // namespace
}  // namespace seki::x509
