#include "worker/lifeline.h"

#include <gtest/gtest.h>

namespace seki::worker {
namespace {

TEST(Lifeline, is_for_our_user_and_root_only) {
    constexpr uid_t own = 1000;
    EXPECT_TRUE(may_adopt({.pid = 1, .uid = own, .gid = 5}, own));
    EXPECT_TRUE(may_adopt({.pid = 1, .uid = 0, .gid = 0}, own));
    EXPECT_FALSE(may_adopt({.pid = 1, .uid = 1001, .gid = 1000}, own));
    EXPECT_FALSE(may_adopt({.pid = 1, .uid = own, .gid = 0}, 0)) << "root is adopted by nobody else";
}

}  // namespace
}  // namespace seki::worker
