#include "observe/metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/metrics_report.h"

namespace seki::observe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

command::QueryMetricsOptions everything() {
    command::QueryMetricsOptions query;
    query.set_list(false);
    query.set_no_clusters(false);
    query.set_workers(true);
    return query;
}

command::WorkerMetrics report(const Metrics& metrics, const command::QueryMetricsOptions& query = everything()) {
    command::WorkerMetrics report;
    fill_metrics(metrics, query, report);
    EXPECT_TRUE(report.IsInitialized());
    return report;
}

TEST(Metrics, counters_and_gauges_have_sozus_names) {
    Metrics metrics;
    metrics.add(Counter::http_requests);
    metrics.add(Counter::bytes_in, 100);
    metrics.set_with_percent(Gauge::buffer_in_use, 3, Gauge::buffer_capacity, 12, Gauge::buffer_usage_percent);
    const command::WorkerMetrics shown = report(metrics);
    EXPECT_EQ(shown.proxy().at("http.requests").count(), 1);
    EXPECT_EQ(shown.proxy().at("bytes_in").count(), 100);
    EXPECT_EQ(shown.proxy().at("buffer.in_use").gauge(), 3U);
    EXPECT_EQ(shown.proxy().at("buffer.usage_percent").gauge(), 25U);
}

TEST(Metrics, a_status_counts_for_its_class_and_for_itself_when_it_has_a_counter) {
    Metrics metrics;
    for (const uint16_t status : {200, 201, 299, 404, 507, 511, 100, 700, 0}) metrics.add_status(status);
    EXPECT_EQ(metrics.value(Counter::http_status_1xx), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_2xx), 3U);
    EXPECT_EQ(metrics.value(Counter::http_status_4xx), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_5xx), 2U);
    EXPECT_EQ(metrics.value(Counter::http_status_other), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_none), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_200), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_404), 1U);
    EXPECT_EQ(metrics.value(Counter::http_status_507), 1U);
}

TEST(Metrics, answers_of_our_own_count_as_errors_of_their_status) {
    Metrics metrics;
    for (const uint16_t status : {404, 503, 503, 431, 301}) metrics.add_own_answer(status);
    EXPECT_EQ(metrics.value(Counter::http_404_errors), 1U);
    EXPECT_EQ(metrics.value(Counter::http_503_errors), 2U);
    EXPECT_EQ(metrics.value(Counter::http_other_errors), 1U);
}

TEST(Metrics, times_are_reported_in_milliseconds_as_percentiles_and_as_cumulative_buckets) {
    Metrics metrics;
    for (int i = 0; i < 99; ++i) metrics.record(Time::request_time, microseconds(400));
    metrics.record(Time::request_time, milliseconds(5));
    const command::WorkerMetrics shown = report(metrics);
    const command::Percentiles& percentiles = shown.proxy().at("request_time").percentiles();
    EXPECT_EQ(percentiles.samples(), 100U);
    EXPECT_EQ(percentiles.p_50(), 0U);
    EXPECT_EQ(percentiles.p_99_9(), 5U);
    EXPECT_EQ(percentiles.p_100(), 5U);
    EXPECT_EQ(percentiles.sum(), 44U);

    const command::FilteredHistogram& histogram = shown.proxy().at("request_time_histogram").histogram();
    ASSERT_EQ(histogram.buckets_size(), 4);
    const uint64_t expected[][2] = {{0, 99}, {1, 99}, {3, 99}, {7, 100}};
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(histogram.buckets(i).le(), expected[i][0]);
        EXPECT_EQ(histogram.buckets(i).count(), expected[i][1]);
    }
    EXPECT_EQ(histogram.count(), 100U);
}

TEST(Metrics, a_cluster_has_series_of_its_own) {
    Metrics metrics;
    ClusterSeries* shop = metrics.cluster("shop");
    ASSERT_NE(shop, nullptr);
    EXPECT_EQ(metrics.cluster("shop"), shop);
    shop->add(SeriesCounter::requests);
    shop->add_status(200);
    shop->record(Time::backend_response_time, milliseconds(7));
    const command::WorkerMetrics shown = report(metrics);
    const auto& cluster = shown.clusters().at("shop").cluster();
    EXPECT_EQ(cluster.at("requests").count(), 1);
    EXPECT_EQ(cluster.at("http.status.2xx").count(), 1);
    EXPECT_EQ(cluster.at("backend_response_time").percentiles().samples(), 1U);
    EXPECT_FALSE(cluster.contains("http.status.5xx"));
}

TEST(Metrics, backends_have_series_only_where_that_detail_is_asked_for) {
    Metrics metrics;
    EXPECT_EQ(metrics.backend(*metrics.cluster("shop"), "shop-0"), nullptr);
    metrics.set_detail(Detail::backend);
    Series* backend = metrics.backend(*metrics.cluster("shop"), "shop-0");
    ASSERT_NE(backend, nullptr);
    backend->add(SeriesCounter::connection_errors);
    const command::WorkerMetrics shown = report(metrics);
    ASSERT_EQ(shown.clusters().at("shop").backends_size(), 1);
    EXPECT_EQ(shown.clusters().at("shop").backends(0).metrics().at("backend.connections.error").count(), 1);

    metrics.set_detail(Detail::process);
    EXPECT_EQ(metrics.cluster("shop"), nullptr);
    EXPECT_TRUE(metrics.clusters().empty());
}

TEST(Metrics, there_is_a_bound_on_series_and_what_is_beyond_is_counted) {
    Metrics metrics;
    for (size_t i = 0; i < Metrics::max_clusters; ++i) ASSERT_NE(metrics.cluster(fmt::format("c{}", i)), nullptr);
    EXPECT_EQ(metrics.cluster("one too many"), nullptr);
    EXPECT_NE(metrics.cluster("c0"), nullptr);
    EXPECT_EQ(metrics.value(Counter::series_refused), 1U);
    metrics.remove_cluster("c0");
    EXPECT_NE(metrics.cluster("one too many"), nullptr);
}

TEST(Metrics, a_handle_finds_a_series_again_until_one_is_dropped) {
    Metrics metrics;
    SeriesHandle handle;
    ClusterSeries* const first = metrics.cluster("web", handle);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(metrics.cluster("web", handle), first);
    first->add(SeriesCounter::requests);

    metrics.remove_cluster("web");
    ASSERT_NE(metrics.cluster("web", handle), nullptr);
    EXPECT_EQ(metrics.cluster("web", handle)->counters[static_cast<size_t>(SeriesCounter::requests)], 0U);

    metrics.set_detail(Detail::process);
    EXPECT_EQ(metrics.cluster("web", handle), nullptr);
    metrics.set_detail(Detail::cluster);
    EXPECT_EQ(metrics.cluster("web", handle), metrics.cluster("web"));
}

TEST(Metrics, clearing_starts_at_zero) {
    Metrics metrics;
    metrics.add(Counter::http_requests);
    metrics.record(Time::request_time, milliseconds(1));
    metrics.cluster("shop")->add(SeriesCounter::requests);
    metrics.clear();
    const command::WorkerMetrics shown = report(metrics);
    EXPECT_EQ(shown.proxy().at("http.requests").count(), 0);
    EXPECT_FALSE(shown.proxy().contains("request_time"));
    EXPECT_TRUE(shown.clusters().empty());
}

TEST(Metrics, a_query_may_name_clusters_backends_and_metrics) {
    Metrics metrics;
    metrics.set_detail(Detail::backend);
    metrics.backend(*metrics.cluster("shop"), "shop-0")->add(SeriesCounter::requests);
    metrics.backend(*metrics.cluster("blog"), "blog-0")->add(SeriesCounter::requests);

    command::QueryMetricsOptions one_cluster = everything();
    one_cluster.add_cluster_ids("shop");
    EXPECT_EQ(report(metrics, one_cluster).clusters_size(), 1);

    command::QueryMetricsOptions one_backend = everything();
    one_backend.add_backend_ids("blog-0");
    const command::WorkerMetrics of_backend = report(metrics, one_backend);
    ASSERT_EQ(of_backend.clusters_size(), 1);
    EXPECT_TRUE(of_backend.clusters().at("blog").cluster().empty());
    EXPECT_EQ(of_backend.clusters().at("blog").backends_size(), 1);

    command::QueryMetricsOptions one_name = everything();
    one_name.add_metric_names("bytes_in");
    one_name.set_no_clusters(true);
    EXPECT_EQ(report(metrics, one_name).proxy_size(), 1);
    EXPECT_EQ(report(metrics, one_name).clusters_size(), 0);

    command::QueryMetricsOptions unknown = everything();
    unknown.add_cluster_ids("nobody");
    unknown.add_cluster_ids("shop");
    EXPECT_EQ(report(metrics, unknown).clusters_size(), 1) << "another worker may know the other one";
    EXPECT_FALSE(report(metrics, unknown).proxy().empty());
}

TEST(Metrics, a_histogram_is_asked_for_by_its_own_name) {
    Metrics metrics;
    metrics.record(Time::request_time, milliseconds(1));
    for (const char* name : {"request_time", "request_time_histogram"}) {
        command::QueryMetricsOptions one_name = everything();
        one_name.add_metric_names(name);
        const command::WorkerMetrics shown = report(metrics, one_name);
        EXPECT_EQ(shown.proxy_size(), 1) << name;
        EXPECT_TRUE(shown.proxy().contains(name)) << name;
    }
}

TEST(Metrics, names_can_be_listed) {
    Metrics metrics;
    command::AvailableMetrics names;
    fill_names(metrics, names);
    EXPECT_EQ(static_cast<size_t>(names.proxy_metrics_size()),
              counter_names.size() + gauge_names.size() + 2 * time_names.size());
    EXPECT_THAT(names.proxy_metrics(), testing::Contains("request_time_histogram"));
    EXPECT_EQ(names.cluster_metrics_size(), 0);
}

}  // namespace
}  // namespace seki::observe
