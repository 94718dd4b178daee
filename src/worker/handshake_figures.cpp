#include "worker/handshake_figures.h"

namespace seki::worker {

namespace {

using observe::Counter;
using tls::HandshakeFailure;

Counter counter_of(HandshakeFailure failure) noexcept {
    switch (failure) {
        case HandshakeFailure::alert:
            return Counter::tls_failed_alert;
        case HandshakeFailure::incompatible:
            return Counter::tls_failed_incompatible;
        case HandshakeFailure::no_protocol:
            return Counter::tls_failed_no_alpn;
        case HandshakeFailure::no_certificate:
            return Counter::tls_failed_unknown_name;
        case HandshakeFailure::no_client_certificate:
            return Counter::tls_failed_no_client_certificate;
        case HandshakeFailure::bad_client_certificate:
            return Counter::tls_failed_bad_client_certificate;
        case HandshakeFailure::malformed:
            return Counter::tls_failed_invalid;
        case HandshakeFailure::plain_http:
            return Counter::tls_failed_plain_http;
        case HandshakeFailure::closed:
            return Counter::tls_failed_closed;
        case HandshakeFailure::timeout:
            return Counter::tls_failed_timeout;
        case HandshakeFailure::untrusted:
        case HandshakeFailure::internal:
        case HandshakeFailure::none:
            break;
    }
    return Counter::tls_failed_other;
}

Counter counter_of_backend(HandshakeFailure failure) noexcept {
    switch (failure) {
        case HandshakeFailure::none:
            return Counter::backend_tls_handshakes;
        case HandshakeFailure::untrusted:
            return Counter::backend_tls_failed_untrusted;
        case HandshakeFailure::alert:
            return Counter::backend_tls_failed_alert;
        case HandshakeFailure::closed:
            return Counter::backend_tls_failed_closed;
        case HandshakeFailure::timeout:
            return Counter::backend_tls_failed_timeout;
        case HandshakeFailure::incompatible:
        case HandshakeFailure::no_protocol:
        case HandshakeFailure::no_certificate:
        case HandshakeFailure::no_client_certificate:
        case HandshakeFailure::bad_client_certificate:
        case HandshakeFailure::malformed:
        case HandshakeFailure::plain_http:
            return Counter::backend_tls_failed_invalid;
        case HandshakeFailure::internal:
            break;
    }
    return Counter::backend_tls_failed_other;
}

void note_backend(const tls::HandshakeReport& report, observe::Metrics& metrics, observe::Log& log) {
    metrics.add(counter_of_backend(report.failure));
    if (report.resumed) metrics.add(Counter::backend_tls_resumed);
    if (report.failure == HandshakeFailure::none || !log.wants(observe::Level::debug, observe::Module::tls)) return;
    log.debug(observe::Module::tls, "TLS with the backend at {}: {}", report.peer->text(), report.why);
}

Counter counter_of(const tls::Suite* suite) noexcept {
    switch (suite != nullptr ? suite->id : 0) {
        case 0x1301:
            return Counter::tls_cipher_1301;
        case 0x1302:
            return Counter::tls_cipher_1302;
        case 0x1303:
            return Counter::tls_cipher_1303;
        case 0xC02B:
            return Counter::tls_cipher_c02b;
        case 0xC02C:
            return Counter::tls_cipher_c02c;
        case 0xC02F:
            return Counter::tls_cipher_c02f;
        case 0xC030:
            return Counter::tls_cipher_c030;
        case 0xCCA8:
            return Counter::tls_cipher_cca8;
        case 0xCCA9:
            return Counter::tls_cipher_cca9;
        default:
            return Counter::tls_cipher_other;
    }
}

void note_failure(const tls::HandshakeReport& report, observe::Metrics& metrics, observe::Log& log) {
    metrics.add(counter_of(report.failure));
    const bool ours = report.failure == HandshakeFailure::internal;
    if (!log.wants(ours ? observe::Level::error : observe::Level::debug, observe::Module::tls)) return;
    const std::string client = report.peer->text();
    const std::string_view name = report.server_name.empty() ? "no name" : report.server_name;
    if (ours) {
        log.error(observe::Module::tls, "handshake with {} ({}): {}", client, name, report.why);
    } else {
        log.debug(observe::Module::tls, "handshake with {} ({}): {}", client, name, report.why);
    }
}

}  // namespace

void note_handshake(const tls::HandshakeReport& report, observe::Metrics& metrics, observe::Log& log) {
    if (report.of_backend) return note_backend(report, metrics, log);
    if (report.failure != HandshakeFailure::none) return note_failure(report, metrics, log);
    metrics.add(report.tls13 ? Counter::tls_version_13 : Counter::tls_version_12);
    metrics.add(counter_of(report.suite));
    if (report.resumed) metrics.add(Counter::tls_resumed);
    if (report.default_certificate) metrics.add(Counter::tls_default_cert_used);
    if (report.client_certificate) metrics.add(Counter::tls_client_certificates);
    if (report.protocol == tls::Alpn::http11) metrics.add(Counter::alpn_http11);
    metrics.record(observe::Time::tls_handshake, report.took);
}

}  // namespace seki::worker
