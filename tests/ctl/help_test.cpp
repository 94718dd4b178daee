#include "ctl/help.h"

#include <filesystem>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "ctl/certificate.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string answered(std::string_view line) {
    const auto spoken = speak(line);
    const auto* exit = std::get_if<Exit>(&spoken);
    if (exit == nullptr) {
        ADD_FAILURE() << line << ": is no question about the command line";
        return {};
    }
    EXPECT_EQ(exit->code, 0) << line << "\n" << exit->text;
    return exit->text;
}

std::vector<std::string> indented(const std::string& text, std::string_view indent) {
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = text.substr(begin, end - begin);
        if (line.starts_with(indent) && !line.starts_with(std::string(indent) + " "))
            lines.push_back(line.substr(indent.size()));
        begin = end + 1;
    }
    return lines;
}

// Calls `visit` with each verb's path and help.
void for_each_verb(const std::string& path, const std::function<void(const std::string&, const std::string&)>& visit) {
    const std::string help = answered(path + " --help");
    const size_t parts = help.find("Subcommands:");
    // Words that follow options are no verbs.
    const bool is_verb = parts == std::string::npos || help.contains("Examples:");
    if (is_verb) return visit(path, help);
    for (const std::string& line : indented(help.substr(parts), "  ")) {
        const std::string name = line.substr(0, line.find(' '));
        for_each_verb(path.empty() ? name : path + " " + name, visit);
    }
}

class Help : public testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"shop.pem", "chain.pem", "new.pem"}) directory_.file(name, shop_certificate);
        for (const char* name : {"shop.key", "new.key"}) directory_.file(name, "a key");
        directory_.file("secret.bin", std::string(32, 's'));
        std::filesystem::current_path(directory_.path());
    }
    void TearDown() override { std::filesystem::current_path(before_); }

private:
    Directory directory_;
    std::filesystem::path before_ = std::filesystem::current_path();
};

TEST_F(Help, every_verb_shows_two_examples_that_are_understood) {
    size_t verbs = 0;
    for_each_verb("", [&](const std::string& path, const std::string& help) {
        ++verbs;
        const size_t begin = help.find("Examples:\n");
        ASSERT_NE(begin, std::string::npos) << path;
        const std::vector<std::string> lines = indented(help.substr(begin), "    ");
        EXPECT_EQ(lines.size(), 2U) << path;
        for (const std::string& line : lines) {
            const size_t seki = line.find("seki ");
            const std::string said = line.substr(seki + 5, line.find_first_of("|>", seki) - seki - 5);
            if (line.contains("| seki")) continue;  // it wants a file on its standard input
            const auto spoken = speak(said);
            const auto* exit = std::get_if<Exit>(&spoken);
            EXPECT_TRUE(exit == nullptr || exit->code == 0) << line << "\n" << (exit == nullptr ? "" : exit->text);
            EXPECT_TRUE(line.contains(path) || line.contains("--version")) << path << ": " << line;
        }
    });
    EXPECT_GT(verbs, 60U);
}

TEST_F(Help, no_example_is_of_a_verb_that_is_not_there) {
    for (const Examples& each : all_examples()) {
        std::string path(each.path);
        if (const size_t star = path.find('*'); star != std::string::npos) path.replace(star, 1, "tcp");
        EXPECT_THAT(answered(path + " --help"), HasSubstr("Examples:")) << path;
    }
}

TEST_F(Help, what_is_not_there_yet_is_marked) {
    EXPECT_THAT(answered("listener udp --help"), HasSubstr("(not available yet)"));
    EXPECT_THAT(answered("cluster --help"), HasSubstr("(not available yet)"));
    EXPECT_THAT(answered("cluster add --help"), HasSubstr("(not available yet)"));
    EXPECT_THAT(answered("listener https --help"), Not(HasSubstr("(not available yet)")));
}

TEST_F(Help, the_verb_help_says_what_the_option_says) {
    EXPECT_EQ(answered("help"), answered("--help"));
    EXPECT_EQ(answered("help cluster add"), answered("cluster add --help"));
    EXPECT_EQ(answered("-c /nonexistent help cluster"), answered("cluster --help"));
    EXPECT_THAT(mistake_in("help clutser"), StartsWith("seki: 'clutser' is unknown; did you mean 'cluster'?\n"));
}

TEST_F(Help, the_verb_version_says_what_the_option_says) { EXPECT_EQ(answered("version"), answered("--version")); }

TEST_F(Help, check_is_short_for_config_check) {
    EXPECT_TRUE(std::holds_alternative<CheckConfig>(understood("check -c a.toml").action));
    EXPECT_TRUE(std::holds_alternative<CheckConfig>(understood("config check -c a.toml").action));
}

}  // namespace
}  // namespace seki::ctl
