#include "auth/basic.h"

#include <gtest/gtest.h>

#include "auth/credentials.h"

namespace seki::auth {
namespace {

std::string read(std::string_view authorization, size_t max_bytes = 4096) {
    const auto said = parse_basic(authorization, max_bytes);
    return said ? said->user + "|" + said->password : "none";
}

TEST(BasicAuthorization, is_read) {
    EXPECT_EQ(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
    EXPECT_EQ(read("basic  dTpw"), "u|p");
    EXPECT_EQ(read("BASIC dTphOmI="), "u|a:b");
    EXPECT_EQ(read("Basic Og=="), "|");
}

TEST(BasicAuthorization, of_another_form_is_none) {
    for (const char* value :
         {"", "Basic", "Basic ", "Bearer dTpw", "Basicx dTpw", "Basic dTp", "Basic dT=w",
          "Basic ====", "Basic dXA=", "Basic dTpw\n", "Basic dQA6cA==", "Basic d,pw", "Basic dTpwdTpw="}) {
        EXPECT_EQ(read(value), "none") << value;
    }
}

TEST(BasicAuthorization, that_is_too_long_is_none) {
    EXPECT_EQ(read("Basic dTpw", 3), "u|p");
    EXPECT_EQ(read("Basic dTpw", 2), "none");
}

TEST(Credentials, know_fast_hashes_from_slow_ones) {
    EXPECT_TRUE(is_slow("$6$salt$x"));
    EXPECT_FALSE(is_slow("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"));
    EXPECT_TRUE(matches_fast("foo", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"));
    EXPECT_FALSE(matches_fast("bar", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"));
}

TEST(Credentials, of_one_user_may_be_several) {
    Credentials credentials;
    credentials.add("u", "ABCDEF");
    credentials.add("v", "00");
    credentials.add("u", "$y$x");
    EXPECT_EQ(credentials.hashes_of("u"), (std::vector<std::string_view>{"abcdef", "$y$x"}));
    EXPECT_TRUE(credentials.hashes_of("w").empty());
    EXPECT_EQ(credentials.slow_hash(), "$y$x");
    EXPECT_NE(credentials.number(), Credentials().number());
}

}  // namespace
}  // namespace seki::auth
