#include "ctl/settings.h"

#include <gmock/gmock.h>

#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using testing::HasSubstr;

struct SettingsTest : testing::Test {
    Directory directory;

    Result<Settings> load(std::string_view text) { return load_settings(directory.file("seki.toml", text)); }
    Settings good(std::string_view text) {
        auto settings = load(text);
        if (settings) return *settings;
        ADD_FAILURE() << settings.error().message;
        return {};
    }
    std::string mistake(std::string_view text) {
        const auto settings = load(text);
        return settings ? "taken" : settings.error().message;
    }
};

TEST_F(SettingsTest, an_empty_file_has_the_defaults) {
    const Settings settings = good("");
    EXPECT_EQ(settings.socket_path, "sozu.sock");
    EXPECT_EQ(settings.max_frame_bytes, 2'000'000U);
    EXPECT_EQ(settings.timeout, Milliseconds(1000));
    EXPECT_FALSE(settings.front_timeout || settings.back_timeout || settings.connect_timeout ||
                 settings.request_timeout);
}

TEST_F(SettingsTest, what_the_command_line_needs_is_read) {
    const Settings settings = good(
        "command_socket = \"./run/seki.sock\"\nmax_command_buffer_size = 5000\nctl_command_timeout = 7\n"
        "front_timeout = 1\nback_timeout = 2\nconnect_timeout = 3\nrequest_timeout = 4\n");
    EXPECT_EQ(settings.socket_path, directory.path() + "/run/seki.sock");
    EXPECT_EQ(settings.max_frame_bytes, 5000U);
    EXPECT_EQ(settings.timeout, Milliseconds(7));
    EXPECT_EQ(settings.front_timeout, 1U);
    EXPECT_EQ(settings.back_timeout, 2U);
    EXPECT_EQ(settings.connect_timeout, 3U);
    EXPECT_EQ(settings.request_timeout, 4U);
    EXPECT_EQ(good("command_socket = \"/run/seki.sock\"").socket_path, "/run/seki.sock");
}

TEST_F(SettingsTest, mistakes_elsewhere_do_not_keep_the_operator_from_the_server) {
    EXPECT_EQ(good("command_socket = \"/s\"\nnonsense = 1\n[clusters.shop]\nprotocol = 5\n").socket_path, "/s");
}

TEST_F(SettingsTest, mistakes_in_what_is_read_name_file_line_and_key) {
    EXPECT_THAT(mistake("\ncommand_socket = 5"),
                HasSubstr("seki.toml:2:18: command_socket: it must be text, not a number; write \"5\"\n"));
    EXPECT_THAT(mistake("front_timeout = -1"),
                HasSubstr("seki.toml:1:17: front_timeout: -1 is not within 0 and 4294967295\n"));
    EXPECT_THAT(mistake("a = [1,\n"), HasSubstr("something before it is not closed"));
    EXPECT_THAT(mistake("[@"), HasSubstr("seki.toml:1:"));
}

TEST_F(SettingsTest, a_file_that_is_not_there_is_named) {
    const auto settings = load_settings(directory.path() + "/none.toml");
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().message, directory.path() + "/none.toml: cannot open it: No such file or directory");
}

}  // namespace
}  // namespace seki::ctl
