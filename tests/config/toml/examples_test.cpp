#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "config/file_text.h"
#include "config/toml/file.h"
#include "x509/made.h"

namespace seki::config {
namespace {

// As ./run makes them, and whoever tries an example has his own.
Result<std::string> read_file(const std::string& path, size_t max_size) {
    static const x509::made::Pair pair = [] {
        x509::made::Wish wish;
        wish.alternative_names = "DNS:localhost,IP:127.0.0.1";
        return x509::made::pair(wish);
    }();
    if (path.ends_with(".pem")) return pair.certificate;
    if (path.ends_with(".key")) return pair.key;
    return read_file_text(path, max_size);
}

TEST(Examples, all_load_without_a_diagnostic) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SEKI_EXAMPLES)) {
        if (entry.path().extension() != ".toml") continue;
        ++files;
        const FileResult result = load(entry.path().string(), read_file);
        ASSERT_TRUE(result.has_value()) << text(result.error());
        EXPECT_THAT(text(result->warnings), testing::IsEmpty());
        EXPECT_FALSE(result->changes.empty()) << entry.path();
    }
    EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace seki::config
