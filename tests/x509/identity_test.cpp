#include "x509/identity.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "x509/der.h"
#include "x509/made.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

using made::Form;
using made::Wish;

std::string why_not(const std::string& certificate, const std::string& key, std::vector<std::string_view> chain = {}) {
    const auto identity = read_identity(certificate, chain, key);
    if (identity) return "";
    constexpr std::array parts{"certificate: ", "chain: ", "key: "};
    return parts[static_cast<size_t>(identity.error().part)] + identity.error().message;
}

Identity read(const std::string& certificate, const std::string& key, std::vector<std::string_view> chain = {}) {
    auto identity = read_identity(certificate, chain, key);
    EXPECT_TRUE(identity) << identity.error().message;
    return std::move(*identity);
}

// As the library reads the normal form.
made::Key library_key(const NormalKey& key) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.der.data());
    const auto size = static_cast<long>(key.der.size());
    const int type = key.label == "RSA PRIVATE KEY" ? EVP_PKEY_RSA : EVP_PKEY_EC;
    if (key.label != "PRIVATE KEY") return made::Key(d2i_PrivateKey(type, nullptr, &bytes, size));
    return made::Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes + size - 32, 32));
}

struct KindOfKey {
    const char* name;
    EVP_PKEY* key;
    std::string_view label;
    const char* digest = "SHA256";
};

std::vector<KindOfKey> kinds() {
    static const made::Key p256 = made::ec_key("P-256");
    static const made::Key p384 = made::ec_key("P-384");
    static const made::Key p521 = made::ec_key("P-521");
    static const made::Key ed25519 = made::ed25519_key();
    return {{"RSA", made::rsa_key(), "RSA PRIVATE KEY"},
            {"P-256", p256.get(), "EC PRIVATE KEY"},
            {"P-384", p384.get(), "EC PRIVATE KEY"},
            {"P-521", p521.get(), "EC PRIVATE KEY"},
            {"Ed25519", ed25519.get(), "PRIVATE KEY", nullptr}};
}

std::string certificate_of(const KindOfKey& kind) {
    Wish wish;
    wish.digest = kind.digest;
    return made::certificate_of(kind.key, wish);
}

TEST(Identity, has_its_key_in_one_form_whatever_the_file_has) {
    for (const KindOfKey& kind : kinds()) {
        const std::string certificate = certificate_of(kind);
        const Identity one = read(certificate, made::pem_of(kind.key, Form::pkcs8));
        const Identity other = read(certificate, made::pem_of(kind.key, Form::traditional));
        EXPECT_EQ(one.key.label, kind.label);
        EXPECT_EQ(other.key.label, kind.label);
        EXPECT_EQ(one.key.der, other.key.der) << kind.name;
        EXPECT_EQ(read(certificate, write_pem(one.key.label, one.key.der)).key.der, one.key.der) << kind.name;
        EXPECT_EQ(EVP_PKEY_eq(library_key(one.key).get(), kind.key), 1) << kind.name;
    }
}

TEST(Identity, is_refused_with_the_key_of_another) {
    for (const KindOfKey& kind : kinds()) {
        for (const KindOfKey& other : kinds()) {
            if (kind.key == other.key) continue;
            EXPECT_EQ(why_not(certificate_of(kind), made::pem_of(other.key)),
                      "key: the key does not belong to the certificate");
        }
    }
    for (const char* curve : {"P-256", "P-384", "P-521"}) {
        EXPECT_EQ(why_not(made::certificate_of(made::ec_key(curve).get()), made::pem_of(made::ec_key(curve).get())),
                  "key: the key does not belong to the certificate");
    }
    EXPECT_EQ(why_not(made::certificate_of(made::rsa_key(2048)), made::pem_of(made::rsa_key(2056))),
              "key: the key does not belong to the certificate");
    Wish wish;
    wish.digest = nullptr;
    EXPECT_EQ(why_not(made::certificate_of(made::ed25519_key().get(), wish), made::pem_of(made::ed25519_key().get())),
              "key: the key does not belong to the certificate");
}

TEST(Identity, is_refused_with_a_key_that_needs_a_password) {
    const made::Key key = made::ec_key();
    const std::string certificate = made::certificate_of(key.get());
    for (const Form form : {Form::encrypted_pkcs8, Form::encrypted_traditional}) {
        EXPECT_EQ(why_not(certificate, made::pem_of(key.get(), form)),
                  "key: the key is encrypted, and there is nobody to ask for its password");
    }
}

TEST(Identity, may_have_parameters_in_front_of_its_key_and_everything_in_one_file) {
    const made::Key key = made::ec_key();
    const std::string certificate = made::certificate_of(key.get());
    const std::string parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const std::string traditional = made::pem_of(key.get(), Form::traditional);
    EXPECT_EQ(why_not(certificate, parameters + traditional), "");
    EXPECT_EQ(why_not(traditional + certificate, traditional + certificate), "");
}

// Such keys come from programs that leave out what can be computed.
TEST(Identity, may_have_a_key_without_its_public_half) {
    for (const char* curve : {"P-256", "P-384"}) {
        const made::Key key = made::ec_key(curve);
        const std::string certificate = made::certificate_of(key.get());
        const std::string full = read_pem(made::pem_of(key.get(), Form::traditional))->front().der;
        DerReader parts(*only_content(full, tag::sequence));
        std::string bare;
        for (int i = 0; i < 3; ++i) bare += parts.next()->whole;
        const std::string text = write_pem("EC PRIVATE KEY", der_element(tag::sequence, {bare}));
        EXPECT_EQ(read(certificate, text).key.der, read(certificate, made::pem_of(key.get())).key.der);
        EXPECT_EQ(why_not(made::certificate_of(made::ec_key(curve).get()), text),
                  "key: the key does not belong to the certificate");
    }
}

TEST(Identity, takes_the_secret_of_p256_not_by_its_word) {
    const made::Key key = made::ec_key();
    std::string der = read_pem(made::pem_of(key.get(), Form::traditional))->front().der;
    der[20] ^= 1;  // within the secret, which begins at byte 7
    EXPECT_EQ(why_not(made::certificate_of(key.get()), write_pem("EC PRIVATE KEY", der)),
              "key: the key does not belong to the certificate");
}

TEST(Identity, is_refused_with_numbers_that_contradict_each_other) {
    const std::string certificate = made::certificate_of(made::rsa_key());
    const std::string der = read_pem(made::pem_of(made::rsa_key(), Form::traditional))->front().der;
    DerReader parts(*only_content(der, tag::sequence));
    size_t number = 0;
    for (; !parts.done(); ++number) {
        std::string changed = der;
        const auto part = *parts.next();
        const size_t last = static_cast<size_t>(part.whole.data() - der.data()) + part.whole.size() - 1;
        changed[last] ^= 2;
        const std::string why = why_not(certificate, write_pem("RSA PRIVATE KEY", changed));
        const std::array<std::string_view, 4> expected{"key: its RSA key is damaged, or of more than two primes",
                                                       "key: the key does not belong to the certificate",
                                                       "key: the key does not belong to the certificate",
                                                       "key: the key is damaged: its numbers contradict each other"};
        EXPECT_EQ(why, expected[std::min<size_t>(number, 3)]) << number;
    }
    EXPECT_EQ(number, 9U);
    EXPECT_EQ(why_not(certificate, write_pem("RSA PRIVATE KEY", der + "x")),
              "key: its RSA key is damaged, or of more than two primes");
}

TEST(Identity, is_refused_when_nobody_would_serve_it) {
    Wish wish;
    EXPECT_EQ(why_not(made::certificate_of(made::rsa_key(1024)), made::pem_of(made::rsa_key(1024))),
              "key: an RSA key of 1024 bits is not within 2048 and 16384");
    const made::Key odd = made::ec_key("secp256k1");
    EXPECT_EQ(why_not(made::certificate_of(odd.get()), made::pem_of(odd.get())),
              "certificate: its key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 "
              "are");
    const made::Key key = made::ec_key();
    EXPECT_EQ(why_not(made::certificate_of(key.get()), made::pem_of(odd.get(), Form::traditional)),
              "key: the key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are");
    EXPECT_EQ(why_not(made::certificate_of(key.get()), made::pem_of(odd.get())),
              "key: the key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are");
    wish.digest = "SHA1";
    EXPECT_EQ(why_not(made::certificate_of(key.get(), wish), made::pem_of(key.get())), "");
    wish.issuer = "authority.example";
    wish.issuer_key = made::rsa_key();
    EXPECT_EQ(why_not(made::certificate_of(key.get(), wish), made::pem_of(key.get())),
              "certificate: it is signed with SHA-1 or MD5, which clients refuse");
}

TEST(Identity, says_which_text_is_none) {
    const made::Pair own = made::pair();
    EXPECT_EQ(why_not("", own.key), "certificate: it holds no certificate in PEM");
    EXPECT_EQ(why_not(own.certificate, ""), "key: it holds no private key in PEM");
    EXPECT_EQ(why_not(own.certificate, own.certificate), "key: it holds no private key in PEM");
    EXPECT_EQ(why_not(own.certificate, own.key, {""}), "chain: it holds no certificate in PEM");
    EXPECT_EQ(why_not(write_pem("CERTIFICATE", "x"), own.key), "certificate: it is no certificate");
    EXPECT_EQ(why_not(own.certificate + write_pem("CERTIFICATE", "x"), own.key),
              "chain: one of its blocks is no certificate");
    EXPECT_EQ(why_not(own.certificate, "-----BEGIN PRIVATE KEY-----\n?\n"), "key: line 2 is no base64");
    EXPECT_EQ(why_not("-----BEGIN CERTIFICATE-----\n", own.key),
              "certificate: the block that begins in line 1 does not end");
    for (const char* label : {"PRIVATE KEY", "EC PRIVATE KEY"}) {
        EXPECT_EQ(why_not(own.certificate, write_pem(label, "x")), fmt::format("key: its block {} is no key", label));
    }
    EXPECT_EQ(why_not(own.certificate, write_pem("DSA PRIVATE KEY", "x")),
              "key: the key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are");
}

TEST(Identity, is_no_key_when_it_ends_early) {
    for (const KindOfKey& kind : kinds()) {
        const std::string certificate = certificate_of(kind);
        for (const Form form : {Form::pkcs8, Form::traditional}) {
            const auto block = read_pem(made::pem_of(kind.key, form));
            const std::string& der = block->front().der;
            for (size_t size = 0; size < der.size(); ++size) {
                EXPECT_NE(why_not(certificate, write_pem(block->front().label, der.substr(0, size))), "") << kind.name;
            }
        }
    }
}

TEST(Identity, may_have_any_byte_of_its_key_changed) {
    for (const KindOfKey& kind : kinds()) {
        const std::string certificate = certificate_of(kind);
        const auto block = read_pem(made::pem_of(kind.key));
        for (size_t at = 0; at < block->front().der.size(); ++at) {
            for (const int value : {0x00, 0x7F, 0x80, 0x84, 0xFF}) {
                std::string der = block->front().der;
                der[at] = static_cast<char>(value);
                static_cast<void>(why_not(certificate, write_pem("PRIVATE KEY", der)));
            }
        }
    }
}

// A chain of three.
struct Family {
    static std::string issue(const made::Key& key, const char* name, const char* issuer, const made::Key& issuer_key) {
        Wish wish;
        wish.common_name = name;
        wish.issuer = issuer;
        wish.issuer_key = issuer_key.get();
        return made::certificate_of(key.get(), wish);
    }

    made::Key root_key = made::ec_key();
    made::Key middle_key = made::ec_key();
    made::Key leaf_key = made::ec_key();
    std::string root = issue(root_key, "root.example", "root.example", root_key);
    std::string middle = issue(middle_key, "middle.example", "root.example", root_key);
    std::string leaf = issue(leaf_key, "leaf.example", "middle.example", middle_key);
    std::string key = made::pem_of(leaf_key.get());
};

TEST(Identity, has_its_chain_wherever_it_was_written) {
    const Family family;
    const std::vector<std::string> chain{read_certificates(family.middle)->front(),
                                         read_certificates(family.root)->front()};
    const std::string both = family.middle + family.root;
    EXPECT_EQ(read(family.leaf + both, family.key).chain, chain);
    EXPECT_EQ(read(family.leaf, family.key, {family.middle, family.root}).chain, chain);
    EXPECT_EQ(read(family.leaf, family.key, {both}).chain, chain);
    EXPECT_EQ(read(family.leaf + both, family.key, {family.leaf, both, family.middle}).chain, chain) << "nothing twice";
    EXPECT_EQ(read(family.leaf, family.key).chain, std::vector<std::string>{});
}

TEST(Identity, has_no_chain_that_the_library_would_not_send) {
    const Family family;
    Wish wish;
    wish.common_name = "middle.example";
    wish.issuer = "root.example";
    wish.issuer_key = family.root_key.get();
    wish.digest = "SHA1";
    const std::string weak = made::certificate_of(family.middle_key.get(), wish);
    EXPECT_EQ(why_not(family.leaf, family.key, {weak}),
              "chain: one of them is signed with SHA-1 or MD5, which clients refuse");
    EXPECT_EQ(why_not(family.leaf + weak, family.key),
              "chain: one of them is signed with SHA-1 or MD5, which clients refuse");
    wish.common_name = "root.example";  // by itself: nobody asks for that signature
    EXPECT_EQ(why_not(family.leaf, family.key, {family.middle, made::certificate_of(family.root_key.get(), wish)}), "");
}

TEST(Identity, says_whether_its_chain_leads_anywhere) {
    const Family family;
    EXPECT_TRUE(read(family.leaf, family.key).chain_follows);
    EXPECT_TRUE(read(family.leaf, family.key, {family.middle, family.root}).chain_follows);
    EXPECT_FALSE(read(family.leaf, family.key, {family.root}).chain_follows);
    EXPECT_FALSE(read(family.leaf, family.key, {family.root, family.middle}).chain_follows);
}

TEST(Identity, ranks_above_others_that_end_earlier) {
    const Rank one{.expires_at_s = 2, .not_before_s = 0, .fingerprint = {1}};
    EXPECT_GT(one, (Rank{.expires_at_s = 1, .not_before_s = 9, .fingerprint = {9}}));
    EXPECT_LT(one, (Rank{.expires_at_s = 2, .not_before_s = 1, .fingerprint = {0}}));
    EXPECT_LT(one, (Rank{.expires_at_s = 2, .not_before_s = 0, .fingerprint = {2}}));
}

}  // namespace
}  // namespace seki::x509
