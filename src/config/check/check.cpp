#include "config/check/check.h"

#include "config/check/rules.h"
#include "config/convert.h"
#include "config/kinds.h"
#include "config/limits.h"
#include "config/strict_verb.h"
#include "config/text.h"

namespace seki::config {

using command::Request;

// The one friend of Checked, known to this file only.
struct Validator {
    static Checked<Request> pass(Request request) { return Checked<Request>(std::move(request)); }
};

namespace {

// A kind of listener that does not exist was never added either, but "not found" would be the worse answer.
void check_family(Examiner& examine, command::ListenerType family) {
    examine.wants("proxy", family == command::UDP, Feature::udp);
}

template <typename Message>
void check_listener_key(Examiner& examine, Message& message) {
    examine.address("address", *message.mutable_address());
    if (message.has_interface()) check_interface(examine, message.interface());
    check_family(examine, message.proxy());
}

void check_log_filter(Examiner& examine, std::string_view filter) {
    const std::string_view why = why_no_log_filter(filter);
    if (!why.empty()) examine.refuse("Logging", "{}", why);
}

void check_ticket_secret(Examiner& examine, std::string_view secret) {
    if (secret.size() >= min_ticket_secret_size && secret.size() <= max_ticket_secret_size) return;
    examine.refuse("set_tls_ticket_secret", "a secret of {} bytes is not within {} and {} bytes", secret.size(),
                   min_ticket_secret_size, max_ticket_secret_size);
}

void check_change(Examiner& examine, Request& request) {
    switch (request.request_type_case()) {
        case Request::kAddCluster:
            return check_cluster(examine, *request.mutable_add_cluster());
        case Request::kRemoveCluster:
            return examine.id("cluster_id", request.remove_cluster(), max_cluster_id_size);
        case Request::kAddHttpFrontend:
            return check_frontend(examine, *request.mutable_add_http_frontend(), command::HTTP);
        case Request::kRemoveHttpFrontend:
            return check_frontend_removal(examine, *request.mutable_remove_http_frontend());
        case Request::kUpdateHttpFrontend:
            return check_update(examine, *request.mutable_update_http_frontend());
        case Request::kAddHttpsFrontend:
            return check_frontend(examine, *request.mutable_add_https_frontend(), command::HTTPS);
        case Request::kRemoveHttpsFrontend:
            return check_frontend_removal(examine, *request.mutable_remove_https_frontend());
        case Request::kUpdateHttpsFrontend:
            return check_update(examine, *request.mutable_update_https_frontend());
        case Request::kAddTcpFrontend:
            return check_frontend(examine, *request.mutable_add_tcp_frontend());
        case Request::kRemoveTcpFrontend:
            return check_frontend(examine, *request.mutable_remove_tcp_frontend());
        case Request::kAddBackend:
            return check_backend(examine, *request.mutable_add_backend());
        case Request::kRemoveBackend:
            return check_backend_removal(examine, *request.mutable_remove_backend());
        case Request::kSetBackendState:
            return check_backend_state(examine, *request.mutable_set_backend_state());
        case Request::kAddHttpListener:
            return check_listener(examine, *request.mutable_add_http_listener());
        case Request::kAddHttpsListener:
            return check_listener(examine, *request.mutable_add_https_listener());
        case Request::kAddTcpListener:
            return check_listener(examine, *request.mutable_add_tcp_listener());
        case Request::kUpdateHttpListener:
            return check_update(examine, *request.mutable_update_http_listener());
        case Request::kUpdateHttpsListener:
            return check_update(examine, *request.mutable_update_https_listener());
        case Request::kUpdateTcpListener:
            return check_update(examine, *request.mutable_update_tcp_listener());
        case Request::kRemoveListener:
            return check_listener_key(examine, *request.mutable_remove_listener());
        case Request::kActivateListener:
            return check_listener_key(examine, *request.mutable_activate_listener());
        case Request::kDeactivateListener:
            return check_listener_key(examine, *request.mutable_deactivate_listener());
        case Request::kSetMaxConnectionsPerIp:
            return examine.number("set_max_connections_per_ip", request.set_max_connections_per_ip(), 0,
                                  max_connections_per_worker);
        case Request::kSetMaxConnectionsPerSubnet:
            return examine.number("set_max_connections_per_subnet", request.set_max_connections_per_subnet(), 0,
                                  max_connections_per_worker);
        case Request::kSetMaxConnectionAttempts:
            return examine.number("set_max_connection_attempts", request.set_max_connection_attempts(), 1,
                                  max_connection_attempts);
        case Request::kLogging:
            return check_log_filter(examine, request.logging());

        case Request::kAddCertificate:
            return check_certificate(examine, *request.mutable_add_certificate());
        case Request::kReplaceCertificate:
            return check_certificate(examine, *request.mutable_replace_certificate());
        case Request::kRemoveCertificate:
            return check_certificate(examine, *request.mutable_remove_certificate());
        case Request::kSetTlsTicketSecret:
            return check_ticket_secret(examine, request.set_tls_ticket_secret());
        case Request::kAddUdpListener:
        case Request::kUpdateUdpListener:
        case Request::kAddUdpFrontend:
        case Request::kRemoveUdpFrontend:
            return examine.wants("", true, Feature::udp);
        case Request::kSetHealthCheck:
        case Request::kRemoveHealthCheck:
            return examine.wants("", true, Feature::health_checks);
        case Request::kConfigureMetrics:
            return;  // the schema knows its values

        case Request::REQUEST_TYPE_NOT_SET:
            return examine.refuse("", "Request came in empty");
        default:
            return examine.refuse("", "State can not handle this request: {} is no change", verb_name(request));
    }
}

}  // namespace

std::string Refusal::text() const {
    return field.empty() ? reason : fmt::format("Invalid value for field '{}': {}", field, reason);
}

bool is_change(const Request& request) {
    switch (request.request_type_case()) {
        case Request::kAddCluster:
        case Request::kRemoveCluster:
        case Request::kAddHttpFrontend:
        case Request::kRemoveHttpFrontend:
        case Request::kUpdateHttpFrontend:
        case Request::kAddHttpsFrontend:
        case Request::kRemoveHttpsFrontend:
        case Request::kUpdateHttpsFrontend:
        case Request::kAddCertificate:
        case Request::kReplaceCertificate:
        case Request::kRemoveCertificate:
        case Request::kAddTcpFrontend:
        case Request::kRemoveTcpFrontend:
        case Request::kAddUdpFrontend:
        case Request::kRemoveUdpFrontend:
        case Request::kAddBackend:
        case Request::kRemoveBackend:
        case Request::kSetBackendState:
        case Request::kAddHttpListener:
        case Request::kAddHttpsListener:
        case Request::kAddHttpsListenerWithClientAuth:
        case Request::kAddHttpFrontendWithHeaderPredicates:
        case Request::kRemoveHttpFrontendWithHeaderPredicates:
        case Request::kAddHttpsFrontendWithHeaderPredicates:
        case Request::kRemoveHttpsFrontendWithHeaderPredicates:
        case Request::kAddHttpFrontendWithSilentClose:
        case Request::kAddHttpsFrontendWithSilentClose:
        case Request::kAddUnixBackend:
        case Request::kAddTcpListener:
        case Request::kAddUdpListener:
        case Request::kUpdateHttpListener:
        case Request::kUpdateHttpsListener:
        case Request::kUpdateHttpsListenerWithClientAuth:
        case Request::kUpdateTcpListener:
        case Request::kUpdateUdpListener:
        case Request::kRemoveListener:
        case Request::kActivateListener:
        case Request::kDeactivateListener:
        case Request::kSetHealthCheck:
        case Request::kRemoveHealthCheck:
        case Request::kSetMaxConnectionsPerIp:
        case Request::kSetMaxConnectionsPerSubnet:
        case Request::kSetMaxConnectionAttempts:
        case Request::kSetTlsTicketSecret:
        case Request::kConfigureMetrics:
        case Request::kLogging:
            return true;
        default:
            return false;
    }
}

std::expected<Checked<Request>, std::vector<Refusal>> check_every_field(Request request) {
    use_plain_verb(request);
    // What else the sender knows about a frontend that goes is nobody's concern, right or wrong.
    if (request.has_remove_http_frontend()) {
        *request.mutable_remove_http_frontend() = route_identity(request.remove_http_frontend());
    }
    if (request.has_remove_https_frontend()) {
        *request.mutable_remove_https_frontend() = route_identity(request.remove_https_frontend());
    }
    fill_required(request);
    Examiner examine;
    examine.schema(request);
    check_change(examine, request);
    if (!examine.refusals().empty()) return std::unexpected(examine.refusals());
    return Validator::pass(std::move(request));
}

Result<Checked<Request>> check(Request request) {
    auto checked = check_every_field(std::move(request));
    if (!checked) return failure("{}", checked.error().front().text());
    return std::move(*checked);
}

}  // namespace seki::config
