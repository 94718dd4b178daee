// Of Worker: what it answers when the supervisor asks on behalf of a client.

#include <utility>

#include "config/convert.h"
#include "observe/metrics_report.h"
#include "worker/certificate_query.h"
#include "worker/worker.h"

namespace seki::worker {
namespace {

command::Response answer(command::ResponseStatus status, std::string message) {
    command::Response response;
    response.set_status(status);
    response.set_message(std::move(message));
    return response;
}

}  // namespace

command::Response Worker::query(const command::Request& request) {
    using command::Request;
    switch (request.request_type_case()) {
        case Request::kQuerySessions:
            return list_sessions(request.query_sessions().limit());
        case Request::kKillSession:
            return kill_session(request.kill_session().id());
        case Request::kQueryMetrics:
            return metrics(request.query_metrics());
        case Request::kQueryCertificatesFromWorkers:
            return certificates_here(tables_, request.query_certificates_from_workers());
        case Request::kSetMetricDetail:
            return set_metric_detail(request.set_metric_detail());
        case Request::kQueryStateVersion: {
            command::Response response = answer(command::OK, "");
            response.mutable_content()->mutable_state_version()->set_version(state_version_);
            return response;
        }
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

command::Response Worker::list_sessions(uint32_t limit) {
    command::Response response = answer(command::OK, "");
    command::SessionsList& list = *response.mutable_content()->mutable_sessions();
    sessions_.for_each([&](net::Session& session) {
        if (static_cast<uint32_t>(list.vec_size()) == limit) {
            list.set_truncated(true);
            return;
        }
        command::SessionInfo& info = *list.add_vec();
        info.set_id(session.ulid().text());
        info.set_worker_id(id_);
        info.set_line(session.describe());
    });
    return response;
}

command::Response Worker::kill_session(const std::string& id) {
    bool found = false;
    sessions_.for_each([&](net::Session& session) {
        if (session.ulid().text() != id) return;
        found = true;
        session.close(net::CloseManner::reset, net::CloseReason::killed);
    });
    return found ? answer(command::OK, fmt::format("killed session {}", id))
                 : answer(command::FAILURE, fmt::format("there is no session {}", id));
}

}  // namespace seki::worker
