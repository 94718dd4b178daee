#include "config/default_path.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace seki::config {
namespace {

TEST(DefaultPath, follows_the_environment) {
    unsetenv("SEKI_CONFIG");
    EXPECT_EQ(default_path(), "/etc/seki/seki.toml");
    setenv("SEKI_CONFIG", "", 1);
    EXPECT_EQ(default_path(), "/etc/seki/seki.toml");
    setenv("SEKI_CONFIG", "/x/y.toml", 1);
    EXPECT_EQ(default_path(), "/x/y.toml");
    unsetenv("SEKI_CONFIG");
}

}  // namespace
}  // namespace seki::config
