#include "observe/access_log.h"

#include "sink_fixture.h"

namespace seki::observe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view head_of_info = "2026-03-04T10:11:12.345678Z 1772619072345678901 4242 INFO-ACCESS  WRK-01\t";

struct AccessLogTest : SinkFixture {
    FakeClock clock;
    Log log{*sink, head, clock};
    AccessLog access{*sink, head, log};

    static AccessLine shop() {
        AccessLine line;
        line.now = noon;
        line.session = Ulid{0, 2};
        line.request = Ulid{0, 3};
        line.cluster = "shop";
        line.backend = "shop-0-10.0.0.7:8080";
        line.client = "192.0.2.9:51234";
        line.backend_address = "10.0.0.7:8080";
        line.request_time = microseconds(25'900);
        line.service_time = microseconds(310);
        line.response_time = microseconds(18'000);
        line.client_rtt = microseconds(640);
        line.backend_rtt = microseconds(210);
        line.bytes_in = 187;
        line.bytes_out = 5120;
        line.tags = "owner=team-a";
        line.user_agent = "curl/8.5.0";
        line.protocol = "http";
        line.authority = "shop.example";
        line.method = "GET";
        line.path = "/cart";
        line.status = 200;
        line.message = "H1::Complete";
        return line;
    }

    std::string line_of(const AccessLine& line) {
        access.write(line);
        const std::vector<std::string> lines = lines_of(received());
        return lines.size() == 1 ? lines[0] : fmt::format("{} lines", lines.size());
    }
};

TEST_F(AccessLogTest, a_request_that_went_well_looks_like_sozus) {
    EXPECT_EQ(line_of(shop()),
              std::string(head_of_info) +
                  "[00000000000000000000000002 00000000000000000000000003 shop shop-0-10.0.0.7:8080] "
                  "192.0.2.9:51234 10.0.0.7:8080 25ms/310μs/18ms/640μs/210μs 187 5120 "
                  "[owner=team-a, user-agent=curl/8.5.0] None http shop.example GET /cart 200 | H1::Complete");
}

TEST_F(AccessLogTest, what_is_absent_is_a_dash) {
    AccessLine line;
    line.now = noon;
    line.protocol = "http";
    EXPECT_EQ(line_of(line),
              std::string(head_of_info) + "[00000000000000000000000000 - - -] - - -/-/-/-/- 0 0 [] None http - - - -");
}

TEST_F(AccessLogTest, a_tcp_session_has_a_dash_for_an_endpoint) {
    AccessLine line;
    line.now = noon;
    line.protocol = "TCP";
    line.has_endpoint = false;
    line.message = "session close";
    EXPECT_TRUE(line_of(line).ends_with(" 0 0 [] None TCP - | session close"));
}

TEST_F(AccessLogTest, what_failed_is_an_error) {
    AccessLine line = shop();
    line.failed = true;
    EXPECT_NE(line_of(line).find(" 4242 ERROR-ACCESS WRK-01\t["), std::string::npos);
}

TEST_F(AccessLogTest, times_are_cut_to_the_largest_unit_of_which_there_are_ten) {
    AccessLine line = shop();
    line.request_time = seconds(10);
    line.service_time = Duration(9'999'999'999);
    line.response_time = Duration(9'999'999);
    line.client_rtt = Duration(9'999);
    line.backend_rtt = Duration(-5);
    EXPECT_NE(line_of(line).find(" 10s/9999ms/9999μs/9999ns/0ns "), std::string::npos);
}

TEST_F(AccessLogTest, a_client_cannot_forge_a_line_or_a_part_of_one) {
    AccessLine line = shop();
    line.path = "/a b\r\n2026 forged\\x";
    line.authority = "evil\x1b[2J";
    line.user_agent = "one [two]\n\xC2\x9B";
    const std::string shown = line_of(line);
    EXPECT_NE(shown.find("user-agent=one_{two}\\x0A\\xC2\\x9B]"), std::string::npos) << shown;
    EXPECT_NE(shown.find(" evil\\x1B[2J GET /a\\x20b\\x0D\\x0A2026\\x20forged\\x5Cx 200 | "), std::string::npos)
        << shown;
}

TEST_F(AccessLogTest, long_texts_are_cut_so_that_the_status_is_there) {
    AccessLine line = shop();
    const std::string control(9000, '\1');
    line.authority = line.path = line.user_agent = line.method = line.client = control;
    const std::string shown = line_of(line);
    EXPECT_TRUE(shown.ends_with("\\x01 200 | H1::Complete")) << shown;
    EXPECT_LT(shown.size(), LogSink::max_line_size);
}

TEST_F(AccessLogTest, the_filter_decides_about_lines) {
    ASSERT_TRUE(log.set_filter("info,seki_access=error"));
    EXPECT_FALSE(access.wants(false));
    access.write(shop());
    EXPECT_EQ(received(), "");
    AccessLine failed = shop();
    failed.failed = true;
    EXPECT_NE(line_of(failed).find("ERROR-ACCESS"), std::string::npos);
    EXPECT_EQ(access.lines(), 1U);
}

TEST_F(AccessLogTest, colours_mark_context_tags_and_status) {
    access.set_coloured(true);
    const std::string shown = line_of(shop());
    EXPECT_NE(shown.find("\t\x1b[1m[0"), std::string::npos);
    EXPECT_NE(shown.find("8080]\x1b[0m 192"), std::string::npos);
    EXPECT_NE(shown.find(" \x1b[2m[owner"), std::string::npos);
    EXPECT_NE(shown.find("/cart \x1b[32m200\x1b[0m |"), std::string::npos);
}

TEST_F(AccessLogTest, lines_that_a_stalled_pipe_does_not_take_are_counted) {
    for (int i = 0; i < 5000; ++i) access.write(shop());
    EXPECT_EQ(access.lines() + access.lost_lines(), 5000U);
    EXPECT_GT(access.lost_lines(), 0U);
}

}  // namespace
}  // namespace seki::observe
