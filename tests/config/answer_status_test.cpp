#include "config/answer_status.h"

#include <gtest/gtest.h>
#include <string>

namespace seki::config {
namespace {

TEST(AnswerStatus, is_one_that_seki_answers_with) {
    for (const int status :
         {301, 302, 307, 308, 400, 401, 404, 405, 408, 413, 414, 421, 429, 431, 500, 501, 502, 503, 504, 505, 507}) {
        EXPECT_EQ(answer_status(std::to_string(status)), status);
    }
    for (const char* key : {"", "0", "200", "418", "0404", "404 ", "+404", "4e2", "70036"}) {
        EXPECT_FALSE(answer_status(key).has_value()) << key;
    }
}

TEST(AnswerStatus, of_a_redirect_is_that_of_its_policy) {
    EXPECT_EQ(redirect_status(command::PERMANENT), 301);
    EXPECT_EQ(redirect_status(command::FOUND), 302);
    EXPECT_EQ(redirect_status(command::TEMPORARY_REDIRECT), 307);
    EXPECT_EQ(redirect_status(command::PERMANENT_REDIRECT), 308);
    EXPECT_EQ(redirect_status(command::UNAUTHORIZED), 401);
    EXPECT_EQ(redirect_status(command::FORWARD), 301);
}

}  // namespace
}  // namespace seki::config
