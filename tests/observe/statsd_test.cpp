#include "observe/statsd.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "base/check.h"
#include "event/poller.h"

namespace seki::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// A server of statsd that keeps each datagram as it came.
class Receiver {
public:
    explicit Receiver(std::string_view ip = "127.0.0.1") : address_(SocketAddress::parse(text(ip, 0)).value()) {
        socket_.reset(::socket(address_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        bind();
    }
    [[nodiscard]] const SocketAddress& address() const { return address_; }

    std::vector<std::string> datagrams() {
        std::vector<std::string> all;
        char datagram[65536];
        for (;;) {
            const ssize_t got = ::recv(socket_.get(), datagram, sizeof datagram, 0);
            if (got < 0) return all;
            all.emplace_back(datagram, static_cast<size_t>(got));
        }
    }
    std::vector<std::string> lines() {
        std::vector<std::string> all;
        for (const std::string& datagram : datagrams()) {
            std::istringstream text(datagram);
            for (std::string line; std::getline(text, line);) all.push_back(line);
        }
        return all;
    }
    void close() { socket_.reset(); }
    void open_again() {
        socket_.reset(::socket(address_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        bind();
    }

private:
    static std::string text(std::string_view ip, int port) {
        return ip.contains(':') ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
    }
    void bind() {
        sockaddr_storage at;
        socklen_t size = address_.to_kernel(at);
        SEKI_CHECK(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
        size = sizeof at;
        SEKI_CHECK(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
        address_ = *SocketAddress::from_kernel(at);
    }

    SocketAddress address_;
    UniqueFd socket_;
};

struct StatsdTest : testing::Test {
    std::unique_ptr<Statsd> begin(Receiver& receiver, bool tagged = false) {
        return std::make_unique<Statsd>(
            loop, metrics, StatsdOutput::Settings{receiver.address(), "sozu", tagged, "WRK-07"}, [this] { refresh(); });
    }
    void round() {
        clock.advance(Statsd::interval + milliseconds(2));
        for (int turn = 0; turn < 2000; ++turn) {
            loop.turn(Duration::zero());
            if (!loop.has_ready()) return;
        }
    }

    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    Metrics metrics;
    std::function<void()> refresh = [] {};
};

// What each counter adds up to.
std::map<std::string, uint64_t> sums(const std::vector<std::string>& lines) {
    std::map<std::string, uint64_t> sums;
    for (const std::string& line : lines) {
        const size_t colon = line.rfind(':');
        if (line.ends_with("|c")) sums[line.substr(0, colon)] += std::stoull(line.substr(colon + 1));
    }
    return sums;
}

TEST_F(StatsdTest, counters_are_told_as_differences_and_gauges_when_they_change) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.add(Counter::http_requests, 3);
    metrics.set(Gauge::client_connections, 2);
    round();
    EXPECT_THAT(receiver.lines(),
                testing::IsSupersetOf({"sozu.WRK-07.http.requests:3|c", "sozu.WRK-07.client.connections:2|g"}));
    metrics.add(Counter::http_requests, 2);
    round();
    EXPECT_THAT(receiver.lines(), ElementsAre("sozu.WRK-07.http.requests:2|c"));
    round();
    EXPECT_THAT(receiver.lines(), IsEmpty());
}

TEST_F(StatsdTest, what_is_not_counted_as_it_happens_is_brought_up_to_date_before) {
    Receiver receiver;
    refresh = [this] { metrics.set(Counter::access_logs_count, 5); };
    const auto statsd = begin(receiver);
    round();
    EXPECT_THAT(receiver.lines(), Contains("sozu.WRK-07.access_logs.count:5|c"));
}

TEST_F(StatsdTest, a_time_is_a_line_for_each_millisecond_with_its_rate) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    for (int i = 0; i < 4; ++i) metrics.record(Time::request_time, milliseconds(2));
    metrics.record(Time::request_time, milliseconds(9));
    round();
    const auto lines = receiver.lines();
    EXPECT_THAT(lines, Contains("sozu.WRK-07.request_time:2|ms|@0.25"));
    EXPECT_THAT(lines, Contains("sozu.WRK-07.request_time:9|ms"));
    round();
    EXPECT_THAT(receiver.lines(), IsEmpty());
}

TEST_F(StatsdTest, clusters_and_backends_have_lines_of_their_own) {
    metrics.set_detail(Detail::backend);
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.cluster("shop")->add(SeriesCounter::requests, 2);
    metrics.backend(*metrics.cluster("shop"), "shop-0-10.0.0.1:80")->add(SeriesCounter::requests);
    round();
    EXPECT_THAT(receiver.lines(), testing::IsSupersetOf({"sozu.WRK-07.cluster.shop.requests:2|c",
                                                         "sozu.WRK-07.backend.shop-0-10.0.0.1_80.requests:1|c"}));
}

TEST_F(StatsdTest, with_tags_they_say_whose_a_figure_is) {
    metrics.set_detail(Detail::backend);
    Receiver receiver;
    const auto statsd = begin(receiver, true);
    metrics.add(Counter::http_requests);
    metrics.backend(*metrics.cluster("shop"), "shop-1")->add(SeriesCounter::requests);
    round();
    const auto lines = receiver.lines();
    EXPECT_THAT(lines, Contains(testing::MatchesRegex("sozu\\.http\\.requests,origin=WRK-07,version=[0-9.]+:1\\|c")));
    EXPECT_THAT(lines, Contains(testing::MatchesRegex(
                           "sozu\\.requests,origin=WRK-07,version=[0-9.]+,cluster_id=shop,backend_id=shop-1:1\\|c")));
}

TEST_F(StatsdTest, an_id_cannot_forge_a_line) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.cluster("a:1|c\nsozu.x,b=c d#e@f")->add(SeriesCounter::requests);
    round();
    EXPECT_THAT(receiver.lines(), Contains("sozu.WRK-07.cluster.a_1_c_sozu.x_b_c_d_e_f.requests:1|c"));
}

TEST_F(StatsdTest, datagrams_have_whole_lines_and_fit_into_a_packet) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    for (int i = 0; i < 300; ++i) metrics.cluster(fmt::format("cluster-{}", i))->add(SeriesCounter::requests);
    round();
    size_t seen = 0;
    for (const std::string& datagram : receiver.datagrams()) {
        EXPECT_LE(datagram.size(), StatsdOutput::max_datagram_size);
        std::istringstream text(datagram);
        for (std::string line; std::getline(text, line);) {
            EXPECT_TRUE(line.starts_with("sozu.WRK-07.") && (line.ends_with("|c") || line.ends_with("|g"))) << line;
            seen += line.contains(".cluster.cluster-") ? 1U : 0U;
        }
    }
    EXPECT_EQ(seen, 300U);
}

TEST_F(StatsdTest, a_server_over_ipv6_is_told_too) {
    Receiver receiver("::1");
    const auto statsd = begin(receiver);
    metrics.add(Counter::http_requests);
    round();
    EXPECT_THAT(receiver.lines(), Contains("sozu.WRK-07.http.requests:1|c"));
}

TEST_F(StatsdTest, clearing_the_figures_takes_nothing_from_what_is_told) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.add(Counter::http_requests, 5);
    metrics.cluster("shop")->add(SeriesCounter::requests, 5);
    round();
    auto told = receiver.lines();
    metrics.add(Counter::http_requests, 2);
    metrics.cluster("shop")->add(SeriesCounter::requests, 2);
    metrics.cluster("blog")->add(SeriesCounter::requests, 1);
    metrics.clear();
    metrics.add(Counter::http_requests, 1);
    metrics.cluster("shop")->add(SeriesCounter::requests, 1);
    round();
    for (const std::string& line : receiver.lines()) told.push_back(line);
    const auto counted = sums(told);
    EXPECT_EQ(counted.at("sozu.WRK-07.http.requests"), 8U);
    EXPECT_EQ(counted.at("sozu.WRK-07.cluster.shop.requests"), 8U);
    EXPECT_EQ(counted.at("sozu.WRK-07.cluster.blog.requests"), 1U);
}

TEST_F(StatsdTest, a_cluster_that_was_removed_is_not_told_of) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.cluster("shop")->add(SeriesCounter::requests, 5);
    round();
    receiver.lines();
    metrics.cluster("shop")->add(SeriesCounter::requests);
    metrics.remove_cluster("shop");
    round();
    EXPECT_THAT(receiver.lines(), testing::Each(testing::Not(testing::HasSubstr("shop"))));
}

TEST_F(StatsdTest, what_is_removed_and_comes_again_begins_at_zero) {
    metrics.set_detail(Detail::backend);
    Receiver receiver;
    const auto statsd = begin(receiver);
    std::vector<std::string> told;
    const auto listen = [&] {
        round();
        for (const std::string& line : receiver.lines()) told.push_back(line);
    };
    const auto use = [&](uint64_t requests) {
        ClusterSeries& shop = *metrics.cluster("shop");
        shop.add(SeriesCounter::requests, requests);
        shop.record(Time::backend_response_time, milliseconds(3));
        metrics.backend(shop, "one")->add(SeriesCounter::requests, requests);
    };
    use(1000);
    listen();
    metrics.remove_backend("shop", "one");
    use(1);
    listen();
    metrics.remove_cluster("shop");
    use(2);
    listen();
    metrics.clear();
    use(4);
    metrics.remove_cluster("shop");
    use(8);
    listen();
    const auto counted = sums(told);
    EXPECT_EQ(counted.at("sozu.WRK-07.backend.one.requests"), 1011U) << "1000, 1, 2 and 8";
    EXPECT_EQ(counted.at("sozu.WRK-07.cluster.shop.requests"), 1011U);
}

TEST_F(StatsdTest, a_server_that_is_gone_is_noticed_and_told_again_when_it_is_back) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    receiver.close();
    for (int i = 0; i < 3; ++i) {
        metrics.add(Counter::http_requests);
        round();
    }
    EXPECT_GE(metrics.value(Counter::statsd_lost), 1U);
    receiver.open_again();
    metrics.add(Counter::http_requests, 7);
    round();
    EXPECT_THAT(receiver.lines(), Contains("sozu.WRK-07.http.requests:7|c"));
}

TEST_F(StatsdTest, the_last_words_are_what_was_not_told_yet) {
    Receiver receiver;
    const auto statsd = begin(receiver);
    metrics.add(Counter::http_requests, 3);
    statsd->finish();
    EXPECT_THAT(receiver.lines(), Contains("sozu.WRK-07.http.requests:3|c"));
}

}  // namespace
}  // namespace seki::observe
