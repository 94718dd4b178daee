// Of Worker: what it answers when the supervisor asks on behalf of a client.

#include <utility>

#include "config/convert.h"
#include "observe/metrics_report.h"
#include "worker/answer.h"
#include "worker/certificate_query.h"
#include "worker/session_orders.h"
#include "worker/worker.h"

namespace seki::worker {

command::Response Worker::query(const command::Request& request) {
    using command::Request;
    command::Response found = answer(command::OK, "");
    switch (request.request_type_case()) {
        case Request::kQuerySessions:
            // An empty list is one, too.
            static_cast<void>(found.mutable_content()->mutable_sessions());
            if (!request.query_sessions().draining() || state_ == State::draining) {
                list_sessions(sessions_, id_, request.query_sessions().limit(),
                              *found.mutable_content()->mutable_sessions());
            }
            return found;
        case Request::kKillSession:
            return kill(request.kill_session().id());
        case Request::kCloseSessions:
            *found.mutable_content()->mutable_closed_sessions() =
                close_sessions(request.close_sessions(), context_, tables_);
            return found;
        case Request::kQueryMetrics:
            return metrics(request.query_metrics());
        case Request::kQueryCertificatesFromWorkers:
            return certificates_here(tables_, request.query_certificates_from_workers());
        case Request::kSetMetricDetail:
            return set_metric_detail(request.set_metric_detail());
        case Request::kQueryStateVersion:
            found.mutable_content()->mutable_state_version()->set_version(state_version_);
            return found;
        default:
            return answer(command::FAILURE, fmt::format("a worker cannot do {}", config::verb_name(request)));
    }
}

command::Response Worker::metrics(const command::QueryMetricsOptions& query) {
    refresh_figures();
    command::Response response = answer(command::OK, "");
    if (query.list()) {
        observe::fill_names(around_.metrics, *response.mutable_content()->mutable_available_metrics());
        return response;
    }
    observe::fill_metrics(around_.metrics, query, *response.mutable_content()->mutable_worker_metrics());
    return response;
}

command::Response Worker::set_metric_detail(const command::SetMetricDetail& request) {
    auto status = metric_detail_.lease(request);
    if (!status) return answer(command::FAILURE, status.error().message);
    command::Response response = answer(command::OK, "");
    *response.mutable_content()->mutable_worker_metric_detail_status() = std::move(*status);
    return response;
}

command::Response Worker::kill(const std::string& id) {
    return kill_session(sessions_, id) ? answer(command::OK, fmt::format("killed session {}", id))
                                       : answer(command::FAILURE, fmt::format("there is no session {}", id));
}

}  // namespace seki::worker
