#include "supervisor/change_events.h"

namespace seki::supervisor {

namespace {

using command::Event;
using command::Request;

Event of(command::EventKind kind) {
    Event event;
    event.set_kind(kind);
    return event;
}

template <typename Message>
Event at(command::EventKind kind, const Message& message) {
    Event event = of(kind);
    *event.mutable_address() = message.address();
    return event;
}

template <typename Frontend>
Event of_frontend(command::EventKind kind, const Frontend& frontend) {
    Event event = at(kind, frontend);
    if (!frontend.cluster_id().empty()) event.set_cluster_id(frontend.cluster_id());
    return event;
}

Event of_cluster(command::EventKind kind, const std::string& id) {
    Event event = of(kind);
    event.set_cluster_id(id);
    return event;
}

}  // namespace

std::optional<Event> event_of(const Request& change) {
    switch (change.request_type_case()) {
        case Request::kAddCluster:
            return of_cluster(command::CLUSTER_ADDED, change.add_cluster().cluster_id());
        case Request::kRemoveCluster:
            return of_cluster(command::CLUSTER_REMOVED, change.remove_cluster());
        case Request::kAddHttpFrontend:
            return of_frontend(command::FRONTEND_ADDED, change.add_http_frontend());
        case Request::kAddHttpsFrontend:
            return of_frontend(command::FRONTEND_ADDED, change.add_https_frontend());
        case Request::kAddTcpFrontend:
            return of_frontend(command::FRONTEND_ADDED, change.add_tcp_frontend());
        case Request::kRemoveHttpFrontend:
            return of_frontend(command::FRONTEND_REMOVED, change.remove_http_frontend());
        case Request::kRemoveHttpsFrontend:
            return of_frontend(command::FRONTEND_REMOVED, change.remove_https_frontend());
        case Request::kRemoveTcpFrontend:
            return of_frontend(command::FRONTEND_REMOVED, change.remove_tcp_frontend());
        case Request::kAddCertificate:
            return at(command::CERTIFICATE_ADDED, change.add_certificate());
        case Request::kRemoveCertificate:
            return at(command::CERTIFICATE_REMOVED, change.remove_certificate());
        case Request::kReplaceCertificate:
            return at(command::CERTIFICATE_REPLACED, change.replace_certificate());
        case Request::kAddHttpListener:
            return at(command::LISTENER_ADDED, change.add_http_listener());
        case Request::kAddHttpsListener:
            return at(command::LISTENER_ADDED, change.add_https_listener());
        case Request::kAddTcpListener:
            return at(command::LISTENER_ADDED, change.add_tcp_listener());
        case Request::kUpdateHttpListener:
            return at(command::LISTENER_UPDATED, change.update_http_listener());
        case Request::kUpdateHttpsListener:
            return at(command::LISTENER_UPDATED, change.update_https_listener());
        case Request::kUpdateTcpListener:
            return at(command::LISTENER_UPDATED, change.update_tcp_listener());
        case Request::kRemoveListener:
            return at(command::LISTENER_REMOVED, change.remove_listener());
        case Request::kActivateListener:
            return at(command::LISTENER_ACTIVATED, change.activate_listener());
        case Request::kDeactivateListener:
            return at(command::LISTENER_DEACTIVATED, change.deactivate_listener());
        case Request::kLogging:
            return of(command::LOGGING_LEVEL_CHANGED);
        case Request::kConfigureMetrics:
            return of(command::METRICS_CONFIGURED);
        default:
            return std::nullopt;
    }
}

}  // namespace seki::supervisor
