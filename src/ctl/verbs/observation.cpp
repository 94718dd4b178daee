#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

void add_metrics_get(Family& metrics) {
    Verb& get = metrics.verb("get", "query_metrics {}", "Show metrics");
    get.flag("-l,--list", "list", "Only the names of what is measured");
    get.value("-n,--names", "metric_names", "Only these metrics, separated by commas");
    get.value("-k,--clusters", "cluster_ids", "Only these clusters, separated by commas");
    get.value("-b,--backends", "backend_ids", "Only the clusters that own these backends, separated by commas");
    get.flag("--no-clusters", "no_clusters", "Leave the metrics of clusters and backends out");
    get.flag("-w,--workers", "workers", "Each worker by itself, not their sum");
    constexpr int longest_interval = 86'400;
    get.option("-r,--refresh", "SECONDS", "Ask again every so many seconds, until interrupted",
               [](command::Request&, const auto&) { return Result<>{}; })
        .within(1, longest_interval);
    get.becomes([](command::Request request, const Verb& verb) -> Action {
        if (!verb.given("--refresh")) return Ask{std::move(request)};
        return Watch{std::move(request), std::chrono::seconds(std::stoi(verb.text_of("--refresh")))};
    });
}

void add_sessions(Family& root) {
    Family sessions = root.family("sessions", "The connections of clients that are open now");
    Verb& list = sessions.verb("list", "query_sessions {}", "Show open sessions, one in a line");
    list.value("--limit", "limit", "At most so many of each worker");
    list.flag("--draining", "draining", "Only those that a worker waits for which is to end");
    sessions.verb("rebalance", "rebalance_sessions {}", "Spread connections evenly among the workers");
    Verb& kill = sessions.verb("kill", "kill_session {}", "Close one session now");
    kill.value("id", "id", "Id as `sessions list` shows it").required();
}

}  // namespace

void add_observation_verbs(Family& root) {
    root.verb("events", "subscribe_events {}", "Print events as they happen, until interrupted")
        .becomes([](command::Request, const Verb&) -> Action { return FollowEvents{}; });

    Family metrics = root.family("metrics", "What the processes measure");
    metrics.verb("enable", "configure_metrics: ENABLED", "Measure clusters and backends");
    metrics.verb("disable", "configure_metrics: DISABLED", "Do not measure clusters and backends");
    metrics.verb("clear", "configure_metrics: CLEAR", "Begin to count from zero");
    add_metrics_get(metrics);
    add_sessions(root);
}

}  // namespace seki::ctl
