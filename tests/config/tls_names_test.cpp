#include "config/tls_names.h"

#include <gtest/gtest.h>

namespace seki::config {
namespace {

std::string_view normal_name(std::string_view name) {
    const auto suite = cipher_suite(name);
    return suite ? suite->name : "";
}

TEST(NamesOfTls, are_those_of_three_parties) {
    for (const char* name : {"TLS13_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"}) {
        EXPECT_EQ(normal_name(name), "TLS13_AES_256_GCM_SHA384");
        EXPECT_EQ(cipher_suite(name)->version, command::TLS_V1_3);
    }
    for (const char* name : {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"}) {
        EXPECT_EQ(normal_name(name), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
        EXPECT_EQ(cipher_suite(name)->version, command::TLS_V1_2);
    }
    EXPECT_EQ(normal_name("TLS13_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "");
    EXPECT_EQ(normal_name("TLS_RSA_WITH_AES_128_CBC_SHA"), "");
    EXPECT_EQ(normal_name(""), "");
}

TEST(NamesOfTls, have_groups_and_algorithms_of_signatures) {
    EXPECT_EQ(key_exchange_group("x25519"), "x25519");
    EXPECT_EQ(key_exchange_group("X25519"), "x25519");
    EXPECT_EQ(key_exchange_group("secp256r1"), "P-256");
    EXPECT_EQ(key_exchange_group("ffdhe2048"), "");
    EXPECT_TRUE(is_signature_algorithm("ed25519"));
    EXPECT_TRUE(is_signature_algorithm("ECDSA+SHA256"));
    EXPECT_FALSE(is_signature_algorithm("RSA+SHA1"));
}

}  // namespace
}  // namespace seki::config
