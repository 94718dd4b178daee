#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "config/toml/file.h"

namespace seki::config {
namespace {

TEST(Examples, all_load_without_a_remark) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SEKI_EXAMPLES)) {
        if (entry.path().extension() != ".toml") continue;
        ++files;
        const FileResult result = load(entry.path().string());
        ASSERT_TRUE(result.has_value()) << text(result.error());
        EXPECT_THAT(text(result->warnings), testing::IsEmpty());
        EXPECT_FALSE(result->changes.empty()) << entry.path();
    }
    EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace seki::config
