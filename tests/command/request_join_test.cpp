#include "command/request_join.h"

#include <gtest/gtest.h>
#include <string>

namespace seki::command {
namespace {

TEST(RequestJoin, is_complete_when_everybody_answered) {
    RequestJoin<std::string> join;
    join.expect(1);
    join.expect(2);
    EXPECT_TRUE(join.answer(2, "b"));
    EXPECT_FALSE(join.complete());
    EXPECT_EQ(join.missing(), std::vector<MemberId>{1});
    EXPECT_TRUE(join.answer(1, "a"));
    EXPECT_TRUE(join.complete());
    std::string all;
    join.for_each_answer([&](MemberId, const std::string& answer) { all += answer; });
    EXPECT_EQ(all, "ab");
}

TEST(RequestJoin, of_nobody_is_complete) {
    const RequestJoin<int> join;
    EXPECT_TRUE(join.complete());
}

TEST(RequestJoin, does_not_wait_for_the_dead) {
    RequestJoin<int> join;
    join.expect(1);
    join.expect(2);
    EXPECT_TRUE(join.answer(1, 10));
    EXPECT_EQ(join.missing(), std::vector<MemberId>{2});
    EXPECT_TRUE(join.lose(2));
    EXPECT_TRUE(join.complete());
    EXPECT_EQ(join.lost(), std::vector<MemberId>{2});
}

TEST(RequestJoin, who_answered_and_then_died_has_answered) {
    RequestJoin<int> join;
    join.expect(1);
    EXPECT_TRUE(join.answer(1, 10));
    EXPECT_FALSE(join.lose(1));
    EXPECT_TRUE(join.lost().empty());
}

TEST(RequestJoin, takes_no_answer_that_nobody_waits_for) {
    RequestJoin<int> join;
    join.expect(1);
    EXPECT_FALSE(join.answer(2, 20));
    EXPECT_TRUE(join.lose(1));
    EXPECT_FALSE(join.answer(1, 10)) << "given up";
    EXPECT_TRUE(join.complete());
}

}  // namespace
}  // namespace seki::command
