#include "worker/metric_detail.h"

#include <gtest/gtest.h>

#include "event/poller.h"

namespace seki::worker {
namespace {

using observe::Detail;
using std::chrono::seconds;

struct MetricDetailTest : testing::Test {
    MetricDetailTest() {
        detail.on_transition = [this](const command::MetricDetailTransition& transition) {
            told.push_back(transition);
        };
    }
    static command::SetMetricDetail request(const std::string& client, command::MetricDetail wanted, int pid = 7) {
        command::SetMetricDetail request;
        request.set_client_id(client);
        request.set_detail(wanted);
        request.set_peer_pid(pid);
        request.set_peer_session_ulid("S");
        return request;
    }
    static command::SetMetricDetail clear(const std::string& client, int pid = 7) {
        command::SetMetricDetail request = MetricDetailTest::request(client, command::DETAIL_BACKEND, pid);
        request.clear_detail();
        request.set_clear(true);
        return request;
    }
    void pass(Duration time) {
        clock.advance(time);
        loop.turn(Duration::zero());
    }

    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    observe::Metrics metrics;
    MetricDetail detail{loop, metrics};
    std::vector<command::MetricDetailTransition> told;
};

TEST_F(MetricDetailTest, a_lease_makes_it_finer_until_it_is_cleared) {
    const auto leased = detail.lease(request("top", command::DETAIL_BACKEND));
    ASSERT_TRUE(leased);
    EXPECT_EQ(leased->configured(), command::DETAIL_CLUSTER);
    EXPECT_EQ(leased->previous_effective(), command::DETAIL_CLUSTER);
    EXPECT_EQ(leased->effective(), command::DETAIL_BACKEND);
    EXPECT_EQ(leased->active_lease_count(), 1U);
    EXPECT_EQ(metrics.detail(), Detail::backend);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].transition_kind(), "lease_apply");

    ASSERT_TRUE(detail.lease(clear("top")));
    EXPECT_EQ(metrics.detail(), Detail::cluster);
    EXPECT_EQ(told.back().transition_kind(), "lease_clear");
}

TEST_F(MetricDetailTest, a_lease_ends_by_itself_unless_it_is_renewed) {
    ASSERT_TRUE(detail.lease(request("top", command::DETAIL_BACKEND)));
    pass(seconds(40));
    ASSERT_TRUE(detail.lease(request("top", command::DETAIL_BACKEND)));
    pass(seconds(40));
    EXPECT_EQ(metrics.detail(), Detail::backend);
    pass(seconds(21));
    EXPECT_EQ(metrics.detail(), Detail::cluster);
    EXPECT_EQ(told.back().transition_kind(), "lease_tick_expired");
    EXPECT_EQ(told.back().client_id(), "top");
}

TEST_F(MetricDetailTest, the_finest_of_all_leases_counts_and_none_makes_it_coarser) {
    detail.configure(command::DETAIL_CLUSTER);
    ASSERT_TRUE(detail.lease(request("a", command::DETAIL_PROCESS)));
    EXPECT_EQ(metrics.detail(), Detail::cluster);
    ASSERT_TRUE(detail.lease(request("b", command::DETAIL_BACKEND)));
    EXPECT_EQ(metrics.detail(), Detail::backend);
    ASSERT_TRUE(detail.lease(clear("b")));
    EXPECT_EQ(metrics.detail(), Detail::cluster);
}

TEST_F(MetricDetailTest, a_lease_is_its_owners_alone) {
    ASSERT_TRUE(detail.lease(request("top", command::DETAIL_BACKEND, 7)));
    EXPECT_FALSE(detail.lease(request("top", command::DETAIL_PROCESS, 8)));
    EXPECT_FALSE(detail.lease(clear("top", 8)));
    EXPECT_EQ(metrics.detail(), Detail::backend);
    EXPECT_TRUE(detail.lease(clear("nobody's", 8)));
}

TEST_F(MetricDetailTest, there_is_a_bound_on_leases) {
    for (size_t i = 0; i < MetricDetail::max_leases; ++i)
        ASSERT_TRUE(detail.lease(request(std::to_string(i), command::DETAIL_BACKEND)));
    EXPECT_FALSE(detail.lease(request("one too many", command::DETAIL_BACKEND)));
    EXPECT_TRUE(detail.lease(request("0", command::DETAIL_BACKEND)));
    command::SetMetricDetail nothing;
    nothing.set_client_id("1");
    EXPECT_FALSE(detail.lease(nothing));
}

TEST_F(MetricDetailTest, switched_off_no_cluster_is_measured_whatever_is_leased) {
    ASSERT_TRUE(detail.lease(request("top", command::DETAIL_BACKEND)));
    detail.switch_clusters(false);
    EXPECT_EQ(metrics.cluster("shop"), nullptr);
    detail.switch_clusters(true);
    EXPECT_EQ(metrics.detail(), Detail::backend);
}

}  // namespace
}  // namespace seki::worker
