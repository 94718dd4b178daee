#include "supervisor/expiry_watch.h"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "config/certificates.h"
#include "event/poller.h"
#include "observe/log_sink.h"

namespace seki::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using x509::made::Wish;

constexpr const char* here = "127.0.0.1:443";
constexpr int64_t day_s = 86'400;
constexpr int64_t now_s = 1'700'000'000;  // where FakeClock begins

struct ExpiryWatchTest : testing::Test {
    ExpiryWatchTest() {
        apply(config::https_listener(here));
        watch.start();
    }

    void apply(command::Request request) {
        auto checked = config::check(std::move(request));
        SEKI_CHECK(checked.has_value());
        SEKI_CHECK(state.apply(*checked).has_value());
        ++version;
    }
    // One for the host that lasts so long, and begins so long before now.
    static x509::made::Pair lasting(const std::string& host, int64_t seconds, int64_t since = 300 * day_s) {
        Wish wish;
        wish.alternative_names = "DNS:" + host;
        wish.not_before = now_s - since;
        wish.not_after = now_s + seconds;
        return x509::made::pair(wish);
    }
    void add(const std::string& host, int64_t seconds, int64_t since = 300 * day_s) {
        apply(config::certificate(here, lasting(host, seconds, since)));
    }
    void wait(Duration time) {
        for (const Monotonic end = loop.now() + time; loop.now() < end;) {
            clock.advance(std::min<Duration>(std::chrono::hours(1), end - loop.now()));
            loop.turn(Duration::zero());
        }
    }
    // Of the warnings, what stands behind the certificate's fingerprint.
    std::vector<std::string> warnings() {
        sink->flush(loop.wall());
        std::string text(static_cast<size_t>(::lseek(target.get(), 0, SEEK_CUR)), '\0');
        EXPECT_EQ(::pread(target.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
        EXPECT_EQ(::ftruncate(target.get(), 0) | ::lseek(target.get(), 0, SEEK_SET), 0);
        std::vector<std::string> found;
        while (!text.empty()) {
            const std::string line = text.substr(0, text.find('\n'));
            text.erase(0, line.size() + 1);
            const size_t begin = std::min(line.find('('), line.find("MAIN\t"));
            found.push_back(line.substr(begin == std::string::npos ? 0 : begin));
        }
        return found;
    }
    std::map<std::string, uint64_t> figures() {
        OwnFigures::Map map;
        watch.fill(map);
        std::map<std::string, uint64_t> sorted;
        for (const auto& [name, metric] : map) sorted[name] = metric.gauge();
        return sorted;
    }

    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    observe::LineHead head{"MAIN", 42};
    UniqueFd target{::memfd_create("log", MFD_CLOEXEC)};
    std::unique_ptr<observe::LogSink> sink = std::move(observe::LogSink::over(target.get(), head).value());
    observe::Log log{*sink, head, clock};
    config::State state;
    uint64_t version = 0;
    ExpiryWatch watch{loop, state, log, [this] { return version; }};
};

TEST_F(ExpiryWatchTest, warns_of_each_certificate_as_its_end_comes_nearer) {
    add("a.example", 31 * day_s);
    wait(std::chrono::hours(23));
    EXPECT_THAT(warnings(), IsEmpty());
    wait(std::chrono::hours(2));
    EXPECT_THAT(warnings(),
                ElementsAre(HasSubstr("(a.example) on 127.0.0.1:443 expires on 2023-12-15T22:13:20Z, in 30 days")));
    wait(std::chrono::hours(24 * 31));
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("in 14 days"), HasSubstr("in 7 days"), HasSubstr("in 1 day"),
                                        HasSubstr("has expired on 2023-12-15T22:13:20Z")));
    wait(std::chrono::hours(100));
    EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(ExpiryWatchTest, says_nothing_of_one_that_is_not_to_be_renewed_yet) {
    add("short.example", 9 * day_s, day_s);
    wait(std::chrono::hours(24 * 8) + std::chrono::hours(1));
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("in 1 day")));
}

TEST_F(ExpiryWatchTest, warns_of_a_certificate_that_a_listener_has_of_its_own) {
    auto own = lasting("own.example", day_s + 60);
    auto listener = config::https_listener("127.0.0.1:444");
    listener.mutable_add_https_listener()->set_certificate(own.certificate);
    listener.mutable_add_https_listener()->set_key(own.key);
    apply(listener);
    wait(std::chrono::hours(2));
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("(own.example) on 127.0.0.1:444 expires on")));
}

TEST_F(ExpiryWatchTest, does_not_fill_the_log_with_thousands_that_end_together) {
    const auto pair = lasting("a.example", 60);
    for (uint16_t port = 1; port <= ExpiryWatch::most_lines + 5; ++port)
        apply(config::certificate("127.0.0.1:" + std::to_string(port), pair));
    wait(std::chrono::hours(1));
    const auto lines = warnings();
    ASSERT_EQ(lines.size(), ExpiryWatch::most_lines + 1);
    EXPECT_THAT(lines.back(), HasSubstr("5 more certificates likewise"));
}

TEST_F(ExpiryWatchTest, warns_when_an_ocsp_response_has_run_out) {
    const auto pair = lasting("a.example", 300 * day_s);
    auto request = config::certificate(here, pair);
    request.mutable_add_certificate()->mutable_certificate()->set_ocsp_response(
        x509::made::good_ocsp_response(pair, now_s + 5400));
    apply(request);
    wait(std::chrono::hours(1));
    EXPECT_THAT(warnings(), IsEmpty());
    wait(std::chrono::hours(2));
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("was good until 2023-11-14T23:43:20Z: it is not sent any more")));
}

TEST_F(ExpiryWatchTest, has_the_figures) {
    EXPECT_THAT(figures(), IsEmpty());
    add("a.example", 20 * day_s);
    add("b.example", 3 * day_s);
    add("c.example", -60);
    EXPECT_THAT(
        figures(),
        ElementsAre(Pair("tls.cert.expired", 1), Pair("tls.cert.expires_within_14_days", 2),
                    Pair("tls.cert.expires_within_1_days", 1), Pair("tls.cert.expires_within_30_days", 3),
                    Pair("tls.cert.expires_within_7_days", 2), Pair("tls.cert.min_expires_at_seconds", now_s - 60)));
    wait(std::chrono::hours(24 * 3));
    EXPECT_EQ(figures()["tls.cert.expired"], 2U);
}

}  // namespace
}  // namespace seki::supervisor
