#include "ctl/show/show.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

using command::ResponseContent;

std::string show_workers(const command::WorkerInfos& workers) {
    std::vector<command::WorkerInfo> sorted(workers.vec().begin(), workers.vec().end());
    std::ranges::sort(sorted, {}, [](const command::WorkerInfo& worker) { return worker.id(); });
    Table table({"worker", "pid", "state"});
    for (const command::WorkerInfo& worker : sorted) {
        table.row({std::to_string(worker.id()), std::to_string(worker.pid()), RunState_Name(worker.run_state())});
    }
    return table.text();
}

// A session's own description begins with its id, which has a column here.
std::string_view without_id(const command::SessionInfo& session) {
    std::string_view line = session.line();
    if (line.starts_with(session.id() + " ")) line.remove_prefix(session.id().size() + 1);
    return line;
}

std::string show_sessions(const command::SessionsList& sessions) {
    const std::string silence = silence_text(sessions.silent_workers());
    if (sessions.vec().empty()) return "No open sessions\n" + silence;
    Table table({"id", "worker", "session"});
    for (const command::SessionInfo& session : sessions.vec()) {
        table.row({session.id(), std::to_string(session.worker_id()), std::string(without_id(session))});
    }
    return table.text() + (sessions.truncated() ? "There are more; --limit shows them.\n" : "") + silence;
}

std::string show_request_counts(const command::RequestCounts& counts) {
    const std::map<std::string, int32_t> sorted(counts.map().begin(), counts.map().end());
    Table table({"request", "count"});
    for (const auto& [request, count] : sorted) table.row({request, std::to_string(count)});
    return table.text();
}

std::string show_limit(const command::MaxConnectionsPerIpLimit& limit) {
    if (limit.limit() == 0) return "Unlimited (0)\n";
    return fmt::format("{} connections per source address and cluster\n", limit.limit());
}

std::string show_limit(const command::MaxConnectionsPerSubnetLimit& limit) {
    const std::string networks =
        fmt::format("networks of /{} (IPv4) and /{} (IPv6)", limit.ipv4_prefix(), limit.ipv6_prefix());
    if (limit.limit() == 0) return fmt::format("Unlimited (0), {}\n", networks);
    return fmt::format("{} connections per network and cluster, {}\n", limit.limit(), networks);
}

std::string show_closed(const command::ClosedSessions& sessions) {
    return fmt::format("{} closed, {} end when what they are at has ended\n", sessions.closed(), sessions.draining());
}

std::string show_health_checks(const command::HealthChecksList& checks) {
    if (checks.map().empty()) return "No health checks\n";
    const std::map<std::string, command::HealthCheckConfig> sorted(checks.map().begin(), checks.map().end());
    Table table({"cluster", "uri", "interval", "timeout", "healthy after", "unhealthy after", "status"});
    for (const auto& [cluster, check] : sorted) {
        const std::string status = check.expected_status() == 0 ? "2xx" : std::to_string(check.expected_status());
        table.row({cluster, check.uri(), fmt::format("{} s", check.interval()), fmt::format("{} s", check.timeout()),
                   std::to_string(check.healthy_threshold()), std::to_string(check.unhealthy_threshold()), status});
    }
    return table.text();
}

template <typename Status>
std::vector<std::string> detail_row(const std::string& who, const Status& status) {
    return {who, MetricDetail_Name(status.configured()), MetricDetail_Name(status.previous_effective()),
            MetricDetail_Name(status.effective())};
}

std::string show_metric_detail(const command::MetricDetailStatus& status) {
    Table table({"process", "configured", "before", "now"});
    table.row(detail_row("main", status));
    const std::map<std::string, command::WorkerMetricDetailStatus> sorted(status.workers().begin(),
                                                                          status.workers().end());
    for (const auto& [worker, detail] : sorted) table.row(detail_row(holder_name(worker), detail));
    return table.text();
}

std::string show_metric_detail(const command::WorkerMetricDetailStatus& status) {
    Table table({"process", "configured", "before", "now"});
    table.row(detail_row("worker", status));
    return table.text();
}

std::string show_any(const ResponseContent& content) {
    const auto& reflection = *content.GetReflection();
    const auto* const field = reflection.GetOneofFieldDescriptor(content, content.GetDescriptor()->oneof_decl(0));
    return field == nullptr ? std::string() : show_fields(reflection.GetMessage(content, field));
}

// Each process answered by itself: questions about clusters are shown side by side, others one below the other.
std::string show_worker_responses(const command::WorkerResponses& responses) {
    const Holders holders(responses.map().begin(), responses.map().end());
    const auto all = [&](auto has) {
        return std::ranges::all_of(holders, [&](const auto& entry) { return has(entry.second); });
    };
    if (holders.empty()) return "No process answered\n";
    if (all([](const ResponseContent& content) { return content.has_cluster_hashes(); }))
        return show_cluster_hashes(holders);
    if (all([](const ResponseContent& content) { return content.has_clusters(); })) return show_clusters(holders);
    std::string out;
    for (const auto& [holder, content] : holders) out += section(holder_name(holder), show(content));
    return out;
}

}  // namespace

std::string holder_name(const std::string& key) {
    const bool number = !key.empty() && key.find_first_not_of("0123456789") == std::string::npos;
    return number ? "worker " + key : key;
}

std::string section(const std::string& title, const std::string& body) {
    return body.empty() ? "" : printable(title) + "\n" + body;
}

std::string tags_text(const google::protobuf::Map<std::string, std::string>& tags) {
    const std::map<std::string, std::string> sorted(tags.begin(), tags.end());
    std::string out;
    for (const auto& [name, value] : sorted) out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value);
    return out;
}

std::string path_text(const command::PathRule& path) {
    switch (path.kind()) {
        case command::REGEX:
            return path.value() + " (regex)";
        case command::EQUALS:
            return path.value() + " (exact)";
        case command::PREFIX:
            break;
    }
    return path.value().empty() ? "all" : path.value() + "…";
}

std::string silence_text(const google::protobuf::RepeatedField<uint32_t>& silent_workers) {
    std::string text;
    for (const uint32_t worker : silent_workers)
        text += fmt::format("Worker {} does not answer: what it knows is missing.\n", worker);
    return text;
}

std::string show_event(const std::string& source, const command::Event& event) {
    std::string line = fmt::format("{}  {}", holder_name(source), EventKind_Name(event.kind()));
    if (event.has_cluster_id()) line += " cluster=" + event.cluster_id();
    if (event.has_backend_id()) line += " backend=" + event.backend_id();
    if (event.has_address()) line += " address=" + address_text(event.address());
    if (event.has_metric_detail()) {
        const command::MetricDetailTransition& detail = event.metric_detail();
        line += fmt::format(" {} {}→{}", detail.transition_kind(), MetricDetail_Name(detail.previous_effective()),
                            MetricDetail_Name(detail.effective()));
    }
    std::ranges::replace(line, '\n', ' ');
    return printable(line) + "\n";
}

std::string show(const ResponseContent& content) {
    switch (content.content_type_case()) {
        case ResponseContent::kWorkers:
            return show_workers(content.workers());
        case ResponseContent::kMetrics:
            return show_metrics(content.metrics());
        case ResponseContent::kWorkerResponses:
            return show_worker_responses(content.worker_responses());
        case ResponseContent::kEvent:
            return show_event("main", content.event());
        case ResponseContent::kFrontendList:
            return show_frontends(content.frontend_list());
        case ResponseContent::kListenersList:
            return show_listeners(content.listeners_list());
        case ResponseContent::kWorkerMetrics:
            return show_metrics(content.worker_metrics());
        case ResponseContent::kAvailableMetrics:
            return show_metric_names(content.available_metrics());
        case ResponseContent::kClusters:
            return show_clusters({{"main", content}});
        case ResponseContent::kClusterHashes:
            return show_cluster_hashes({{"main", content}});
        case ResponseContent::kCertificatesByAddress:
            return show_certificates(content.certificates_by_address());
        case ResponseContent::kCertificatesWithFingerprints:
            return show_certificates(content.certificates_with_fingerprints());
        case ResponseContent::kRequestCounts:
            return show_request_counts(content.request_counts());
        case ResponseContent::kMaxConnectionsPerIpLimit:
            return show_limit(content.max_connections_per_ip_limit());
        case ResponseContent::kMaxConnectionsPerSubnetLimit:
            return show_limit(content.max_connections_per_subnet_limit());
        case ResponseContent::kClosedSessions:
            return show_closed(content.closed_sessions());
        case ResponseContent::kHealthChecksList:
            return show_health_checks(content.health_checks_list());
        case ResponseContent::kMetricDetailStatus:
            return show_metric_detail(content.metric_detail_status());
        case ResponseContent::kWorkerMetricDetailStatus:
            return show_metric_detail(content.worker_metric_detail_status());
        case ResponseContent::kSessions:
            return show_sessions(content.sessions());
        case ResponseContent::kChangeSet:
            return show_change_set(content.change_set());
        case ResponseContent::kStatePage:
            return show_state_page(content.state_page());
        case ResponseContent::kStateVersion:
            return show_state_version(content.state_version());
        case ResponseContent::kDifferences:
            return show_differences(content.differences());
        default:
            return show_any(content);
    }
}

}  // namespace seki::ctl
