#include "observe/log.h"

#include "sink_fixture.h"

namespace seki::observe {
namespace {

struct LogTest : SinkFixture {
    FakeClock clock;
    Log log{*sink, head, clock};
};

TEST_F(LogTest, a_line_has_time_process_level_and_message) {
    log.warn(Module::worker, "listener {} is {}", "192.0.2.1:80", "active");
    EXPECT_EQ(received(),
              "2023-11-14T22:13:20.000000Z 1700000000000000000 4242 WARN  WRK-01\tlistener 192.0.2.1:80 is active\n");
}

TEST_F(LogTest, the_time_of_a_line_is_that_of_the_clock) {
    log.info(Module::worker, "a");
    clock.advance(std::chrono::microseconds(1'500'001));
    log.info(Module::worker, "b");
    const std::vector<std::string> lines = lines_of(received());
    EXPECT_TRUE(lines[1].starts_with("2023-11-14T22:13:21.500001Z 1700000001500001000 ")) << lines[1];
}

TEST_F(LogTest, at_first_the_level_is_info) {
    EXPECT_TRUE(log.wants(Level::info, Module::net));
    EXPECT_FALSE(log.wants(Level::debug, Module::net));
    log.debug(Module::net, "not wanted");
    EXPECT_EQ(received(), "");
}

TEST_F(LogTest, a_filter_may_name_modules) {
    ASSERT_TRUE(log.set_filter("WARN,seki_proxy=trace,seki_net=off"));
    EXPECT_TRUE(log.wants(Level::trace, Module::proxy));
    EXPECT_FALSE(log.wants(Level::error, Module::net));
    EXPECT_TRUE(log.wants(Level::warn, Module::worker));
    EXPECT_FALSE(log.wants(Level::info, Module::worker));
}

TEST_F(LogTest, the_longest_name_in_a_filter_counts_whatever_the_order) {
    ASSERT_TRUE(log.set_filter("seki::proxy=debug,seki=error,info"));
    EXPECT_TRUE(log.wants(Level::debug, Module::proxy));
    EXPECT_FALSE(log.wants(Level::warn, Module::worker));
}

TEST_F(LogTest, modules_that_a_filter_does_not_name_are_off) {
    ASSERT_TRUE(log.set_filter("seki_proxy=info"));
    EXPECT_FALSE(log.wants(Level::error, Module::worker));
    ASSERT_TRUE(log.set_filter("seki_proxy=info/text"));
    EXPECT_TRUE(log.wants(Level::info, Module::proxy));
}

TEST_F(LogTest, a_bad_filter_is_refused_and_the_old_one_stays) {
    ASSERT_TRUE(log.set_filter("debug"));
    for (const std::string_view bad : {"loud", "=info", "seki_proxy=", "info,,debug", "seki_proxy=loud"}) {
        EXPECT_FALSE(log.set_filter(bad)) << bad;
    }
    EXPECT_TRUE(log.wants(Level::debug, Module::net));
}

TEST_F(LogTest, nobody_forges_a_line_through_a_message) {
    log.info(Module::worker, "name {}", "a\n2026 ERROR forged\x1b[31m é");
    const std::vector<std::string> lines = lines_of(received());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].ends_with("name a\\x0A2026 ERROR forged\\x1B[31m é")) << lines[0];
}

TEST_F(LogTest, a_long_message_is_cut_to_one_line) {
    log.info(Module::worker, "{}", std::string(20'000, 'z'));
    const std::vector<std::string> lines = lines_of(received());
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].size(), LogSink::max_line_size - 1);
}

TEST_F(LogTest, colours_surround_the_message) {
    log.set_coloured(true);
    log.error(Module::worker, "bad");
    EXPECT_TRUE(received().ends_with("ERROR WRK-01\t\x1b[31mbad\x1b[0m\n"));
}

}  // namespace
}  // namespace seki::observe
