#include "supervisor/metrics_join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;

command::FilteredMetrics histogram(std::vector<uint64_t> cumulative) {
    command::FilteredMetrics metric;
    auto& into = *metric.mutable_histogram();
    for (size_t index = 0; index < cumulative.size(); ++index) {
        auto& bucket = *into.add_buckets();
        bucket.set_le((uint64_t{1} << index) - 1);
        bucket.set_count(cumulative[index]);
    }
    into.set_count(cumulative.empty() ? 0 : cumulative.back());
    into.set_sum(10);
    return metric;
}

std::vector<uint64_t> counts(const command::FilteredMetrics& metric) {
    std::vector<uint64_t> found;
    for (const auto& bucket : metric.histogram().buckets()) found.push_back(bucket.count());
    return found;
}

TEST(MetricsJoin, levels_and_counts_add_up) {
    command::FilteredMetrics sum;
    command::FilteredMetrics one;
    one.set_gauge(3);
    join_metric(sum, one);
    join_metric(sum, one);
    EXPECT_EQ(sum.gauge(), 6U);
    sum.set_count(-1);
    one.set_count(5);
    join_metric(sum, one);
    EXPECT_EQ(sum.count(), 4);
}

TEST(MetricsJoin, histograms_add_bucket_by_bucket_whichever_is_longer) {
    for (const bool shorter_first : {true, false}) {
        const auto shorter = histogram({1, 2});
        const auto longer = histogram({1, 1, 4, 8});
        command::FilteredMetrics sum = shorter_first ? shorter : longer;
        join_metric(sum, shorter_first ? longer : shorter);
        EXPECT_THAT(counts(sum), ElementsAre(2, 3, 6, 10));
        EXPECT_EQ(sum.histogram().count(), 10U);
        EXPECT_EQ(sum.histogram().sum(), 20U);
        EXPECT_EQ(sum.histogram().buckets(3).le(), 7U);
    }
}

TEST(MetricsJoin, of_percentiles_the_worst_is_kept) {
    command::FilteredMetrics sum;
    sum.mutable_percentiles()->set_p_50(5);
    sum.mutable_percentiles()->set_p_99(6);
    sum.mutable_percentiles()->set_samples(10);
    command::FilteredMetrics other;
    other.mutable_percentiles()->set_p_50(4);
    other.mutable_percentiles()->set_p_99(9);
    other.mutable_percentiles()->set_samples(1);
    join_metric(sum, other);
    EXPECT_EQ(sum.percentiles().p_50(), 5U);
    EXPECT_EQ(sum.percentiles().p_99(), 9U);
    EXPECT_EQ(sum.percentiles().samples(), 11U);
}

TEST(MetricsJoin, percentages_and_ages_do_not_add_up) {
    command::AggregatedMetrics sum;
    for (const uint64_t value : {40U, 70U, 50U}) {
        command::WorkerMetrics one;
        for (const char* name : {"client.connections", "client.connections_percent", "process.uptime_seconds"})
            (*one.mutable_proxy())[name].set_gauge(value);
        join_metrics(sum, one);
    }
    EXPECT_EQ(sum.proxying().at("client.connections").gauge(), 160U);
    EXPECT_EQ(sum.proxying().at("client.connections_percent").gauge(), 70U);
    EXPECT_EQ(sum.proxying().at("process.uptime_seconds").gauge(), 70U);
}

TEST(MetricsJoin, clusters_and_their_backends_are_joined_by_name) {
    command::WorkerMetrics one;
    auto& cluster = (*one.mutable_clusters())["shop"];
    (*cluster.mutable_cluster())["requests"].set_count(1);
    auto& backend = *cluster.add_backends();
    backend.set_backend_id("a");
    (*backend.mutable_metrics())["requests"].set_count(1);
    command::AggregatedMetrics all;
    join_metrics(all, one);
    backend.set_backend_id("b");
    join_metrics(all, one);
    join_metrics(all, one);
    const auto& joined = all.clusters().at("shop");
    EXPECT_EQ(joined.cluster().at("requests").count(), 3);
    ASSERT_EQ(joined.backends_size(), 2);
    EXPECT_EQ(joined.backends(1).metrics().at("requests").count(), 2);
}

TEST(MetricsJoin, names_are_sorted_and_said_once) {
    command::AvailableMetrics all;
    command::AvailableMetrics one;
    for (const char* name : {"b", "a"}) one.add_proxy_metrics(name);
    join_names(all, one);
    one.add_proxy_metrics("c");
    join_names(all, one);
    EXPECT_THAT(all.proxy_metrics(), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace seki::supervisor
