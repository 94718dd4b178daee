#include "config/check/credential.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace seki::config {
namespace {

using testing::HasSubstr;

const std::string sha256(64, 'a');
const std::string yescrypt = "$y$j9T$N9p81ZBSIVXCjpS0pI3BM1$Fer6qPD4jLbThEWCzTu2up6PzlRBQ4v0B92YG2gsYd6";
const std::string sha512_digest =
    "Yhrv.PkCvqpNJtxV5VlrQv629PWeYnDVCGDtVVA9DkOvOsyK0Ol1hSUCZC00w3gXbHNVBnzQryiFoxTi9h8VT.";
const std::string bcrypt_digest = "U1J9tV/NEC1Z.cZe0rKuS.YVnnP3nyOpd5KP1P2FlW.H8vcIAm4jy";

TEST(Credential, is_a_user_and_a_hash_of_a_known_kind) {
    for (const std::string& hash :
         {sha256, yescrypt, std::string("$y$j75$$vVF.8MHzaTJC75m6VzR343FNPkQ7vQWm4tyZBb7rtlA"),
          "$6$LK1LxXpsGeXPxP5/$" + sha512_digest, "$6$rounds=200000$a$" + sha512_digest, "$2b$04$" + bcrypt_digest,
          "$2y$12$" + bcrypt_digest}) {
        EXPECT_EQ(why_no_credential("ann:" + hash), "") << hash;
    }
    EXPECT_EQ(why_no_credential("Zoë von X:" + sha256), "");
}

TEST(Credential, needs_a_user) {
    EXPECT_THAT(why_no_credential(sha256), HasSubstr("a ':' between user and hash is missing"));
    EXPECT_THAT(why_no_credential(":" + sha256), HasSubstr("the user is missing"));
    EXPECT_THAT(why_no_credential("a\tb:" + sha256), HasSubstr("control character"));
    EXPECT_THAT(why_no_credential(std::string(512, 'a') + ":" + sha256), HasSubstr("longer than 512 bytes"));
}

TEST(Credential, of_another_hash_is_refused) {
    const std::string upper(64, 'A');
    for (const std::string& hash : {std::string(),
                                    std::string("secret"),
                                    sha256 + "a",
                                    sha256.substr(1),
                                    upper,
                                    "a:" + sha256,
                                    std::string("$1$salt$ykTZAmz1ZBSTFT4TJzGiS1"),
                                    "$5$salt$" + std::string(43, 'a'),
                                    "$2a$04$" + bcrypt_digest,
                                    "$2b$4$" + bcrypt_digest,
                                    "$2b$03$" + bcrypt_digest,
                                    "$2b$04$" + bcrypt_digest + "x",
                                    "$2b$xx$" + bcrypt_digest,
                                    "$6$" + sha512_digest,
                                    "$6$$" + sha512_digest,
                                    "$6$12345678901234567$" + sha512_digest,
                                    "$6$rounds=x$a$" + sha512_digest,
                                    "$6$rounds=999$a$" + sha512_digest,
                                    "$6$rounds=05000$a$" + sha512_digest,
                                    "$6$a$" + sha512_digest + "b",
                                    yescrypt + "x",
                                    yescrypt.substr(0, yescrypt.size() - 1),
                                    std::string("$y$j9T"),
                                    std::string("$y$")}) {
        EXPECT_THAT(why_no_credential("ann:" + hash), HasSubstr("the hash is none of")) << hash;
    }
}

TEST(Credential, that_would_keep_a_worker_busy_is_refused) {
    const std::string tail = yescrypt.substr(6);
    for (const std::string& hash : {"$6$rounds=200001$a$" + sha512_digest, "$2b$13$" + bcrypt_digest,
                                    "$2b$31$" + bcrypt_digest, "$y$jBT" + tail, "$y$j9U" + tail, "$y$k9T" + tail}) {
        EXPECT_THAT(why_no_credential("ann:" + hash), HasSubstr("too much time")) << hash;
    }
}

}  // namespace
}  // namespace seki::config
