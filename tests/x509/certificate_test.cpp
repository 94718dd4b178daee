#include "x509/certificate.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "x509/der.h"
#include "x509/made.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

using made::Wish;
using Names = std::vector<std::string>;

std::string der_of(const std::string& pem) { return read_certificates(pem)->front(); }

Certificate read(const std::string& pem) { return *Certificate::read(der_of(pem)); }

Names names_of(const std::string& common_name, const std::string& alternative_names) {
    Wish wish;
    wish.common_name = common_name;
    wish.alternative_names = alternative_names;
    return read(made::pair(wish).certificate).names();
}

TEST(Certificate, has_the_names_of_hosts_that_it_says) {
    EXPECT_EQ(names_of("x.example", "DNS:A.example,DNS:*.b.example"), (Names{"a.example", "*.b.example"}));
    EXPECT_EQ(names_of("x.example", "DNS:a.example,DNS:A.EXAMPLE,email:a@b.example"), (Names{"a.example"}));
    EXPECT_EQ(names_of("x.example", "IP:192.0.2.1,IP:2001:db8::1"), (Names{"192.0.2.1", "2001:db8::1"}));
    EXPECT_EQ(names_of("x.example", "DNS:f*.example,DNS:a.example"), (Names{"a.example"}));
}

TEST(Certificate, is_for_its_common_name_if_nothing_else_is_said) {
    EXPECT_EQ(names_of("X.Example", ""), (Names{"x.example"}));
    EXPECT_EQ(names_of("x.example", "email:a@b.example"), (Names{"x.example"}));
    EXPECT_EQ(names_of("My Authority", ""), Names{});
    EXPECT_EQ(names_of("", ""), Names{});
}

TEST(Certificate, tells_its_dates) {
    Wish wish;
    wish.not_before = 946'684'800;   // a UTCTime
    wish.not_after = 4'102'444'800;  // a GeneralizedTime
    const Certificate certificate = read(made::pair(wish).certificate);
    EXPECT_EQ(certificate.not_before_s(), 946'684'800);
    EXPECT_EQ(certificate.not_after_s(), 4'102'444'800);
}

TEST(Certificate, has_the_fingerprint_that_the_library_computes) {
    const std::string der = der_of(made::pair().certificate);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<X509, made::Free> library(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
    ASSERT_EQ(X509_digest(library.get(), EVP_sha256(), digest.data(), &size), 1);
    const Certificate certificate = *Certificate::read(der);
    EXPECT_TRUE(std::ranges::equal(certificate.fingerprint(), std::span(digest).first(size)));
    EXPECT_EQ(hex(certificate.fingerprint()).size(), 64U);
    EXPECT_EQ(hex({0x00, 0x0F, 0xA9}).substr(0, 8), "000fa900");
}

TEST(Certificate, tells_the_kind_of_its_key) {
    const auto kind_of = [](EVP_PKEY* key, const char* digest = "SHA256") {
        Wish wish;
        wish.digest = digest;
        return read(made::certificate_of(key, wish)).key_type();
    };
    EXPECT_EQ(kind_of(made::rsa_key()), (KeyType{KeyKind::rsa, Curve::none}));
    EXPECT_EQ(kind_of(made::ec_key("P-256").get()), (KeyType{KeyKind::ecdsa, Curve::p256}));
    EXPECT_EQ(kind_of(made::ec_key("P-384").get()), (KeyType{KeyKind::ecdsa, Curve::p384}));
    EXPECT_EQ(kind_of(made::ec_key("P-521").get()), (KeyType{KeyKind::ecdsa, Curve::p521}));
    EXPECT_EQ(kind_of(made::ec_key("secp256k1").get()), KeyType{});
    EXPECT_EQ(kind_of(made::ed25519_key().get(), nullptr), (KeyType{KeyKind::ed25519, Curve::none}));
}

TEST(Certificate, gives_its_key_and_its_names_as_the_library_writes_them) {
    const made::Key key = made::ec_key();
    Wish wish;
    wish.issuer = "authority.example";
    Certificate certificate = read(made::certificate_of(key.get(), wish));
    unsigned char* spki = nullptr;
    const int size = i2d_PUBKEY(key.get(), &spki);
    EXPECT_EQ(certificate.spki(), std::string_view(reinterpret_cast<char*>(spki), static_cast<size_t>(size)));
    OPENSSL_free(spki);
    EXPECT_TRUE(certificate.subject().ends_with("example.com"));
    EXPECT_TRUE(certificate.issuer().ends_with("authority.example"));
    EXPECT_EQ(certificate.public_key().bits.size(), 65U);
    const Certificate moved = std::move(certificate);
    EXPECT_TRUE(moved.subject().ends_with("example.com"));
}

TEST(Certificate, knows_signatures_that_clients_refuse) {
    Wish wish;
    EXPECT_FALSE(read(made::certificate_of(made::rsa_key(), wish)).has_weak_signature());
    wish.digest = "SHA1";
    EXPECT_TRUE(read(made::certificate_of(made::rsa_key(), wish)).has_weak_signature());
    EXPECT_TRUE(read(made::certificate_of(made::ec_key().get(), wish)).has_weak_signature());
}

TEST(Certificate, is_none_when_it_ends_early_or_goes_on) {
    Wish wish;
    wish.alternative_names = "DNS:a.example,IP:192.0.2.1";
    const std::string der = der_of(made::pair(wish).certificate);
    ASSERT_TRUE(Certificate::read(der));
    for (size_t size = 0; size < der.size(); ++size) {
        EXPECT_FALSE(Certificate::read(der.substr(0, size))) << size;
    }
    EXPECT_FALSE(Certificate::read(der + '\0'));
}

// Neither a crash nor a read outside, whatever the bytes say: that is what the sanitizers are asked here.
TEST(Certificate, may_have_any_byte_changed) {
    Wish wish;
    wish.alternative_names = "DNS:a.example,IP:192.0.2.1";
    const std::string der = der_of(made::pair(wish).certificate);
    size_t refused = 0;
    for (size_t at = 0; at < der.size(); ++at) {
        for (const int value : {0x00, 0x01, 0x7F, 0x80, 0x84, 0xFF}) {
            std::string changed = der;
            changed[at] = static_cast<char>(value);
            if (!Certificate::read(std::move(changed))) ++refused;
        }
    }
    EXPECT_GT(refused, der.size());
}

// Puts `inner` where the real certificate has an element, and sees whether anybody takes it.
TEST(Certificate, is_none_without_one_of_its_parts) {
    const auto sequence = [](std::initializer_list<std::string_view> parts) {
        return der_element(tag::sequence, parts);
    };
    const std::string der = der_of(made::pair().certificate);
    DerReader whole(*only_content(der, tag::sequence));
    const auto body = *whole.next();
    const auto algorithm = *whole.next();
    const auto signature = *whole.next();
    std::vector<std::string_view> parts;
    for (DerReader reader(body.content); !reader.done();) parts.push_back(reader.next()->whole);
    const auto read_parts = [&](const std::vector<std::string_view>& some) {
        std::string joined;
        for (const std::string_view part : some) joined += part;
        return Certificate::read(sequence({sequence({joined}), algorithm.whole, signature.whole})).has_value();
    };
    ASSERT_TRUE(read_parts(parts));
    for (size_t left_out = 1; left_out + 1 < parts.size(); ++left_out) {
        auto fewer = parts;
        fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(left_out));
        EXPECT_FALSE(read_parts(fewer)) << left_out;
    }
    auto more = parts;
    more.push_back(parts.back());
    EXPECT_FALSE(read_parts(more));
    EXPECT_FALSE(Certificate::read(sequence({body.whole, algorithm.whole})));
    EXPECT_FALSE(Certificate::read(sequence({body.whole, signature.whole})));
}

}  // namespace
}  // namespace seki::x509
