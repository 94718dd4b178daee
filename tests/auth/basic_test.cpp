#include "auth/basic.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

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
    EXPECT_EQ(fast_hash("foo"), "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
}

TEST(Credentials, of_one_user_may_be_several) {
    Credentials credentials;
    credentials.add("u", "ABCDEF");
    credentials.add("v", "00");
    credentials.add("u", "$y$x");
    EXPECT_EQ(credentials.hashes_of("u"), (std::vector<std::string_view>{"abcdef", "$y$x"}));
    EXPECT_TRUE(credentials.hashes_of("w").empty());
    EXPECT_NE(credentials.number(), Credentials().number());
}

TEST(Credentials, let_a_name_cost_what_always_the_same_user_costs) {
    Credentials credentials;
    EXPECT_TRUE(credentials.decoys("nobody").empty());
    credentials.add("fast", "00");
    EXPECT_TRUE(credentials.decoys("nobody").empty());
    credentials.add("u", "$y$cheap");
    credentials.add("u", "11");
    credentials.add("v", "$6$dear");
    credentials.add("v", "$y$and_another");
    std::set<std::vector<std::string_view>> seen;
    for (int i = 0; i < 64; ++i) {
        const std::string name = fmt::format("nobody{}", i);
        seen.insert(credentials.decoys(name));
        EXPECT_EQ(credentials.decoys(name), credentials.decoys(name));
    }
    EXPECT_EQ(seen, (std::set<std::vector<std::string_view>>{{"$y$cheap"}, {"$6$dear", "$y$and_another"}}));
}

}  // namespace
}  // namespace seki::auth
