#pragma once

// What is measured, and under which name it is known outside. Names that Sōzu has mean the same here; the others are
// Seki's own.

#include <array>
#include <cstdint>
#include <string_view>

namespace seki::observe {

// Statuses that have a counter of their own, once as answer to a client and once as an answer of our own making.
#define SEKI_STATUS_COUNTERS(X)               \
    X(http_status_1xx, "http.status.1xx")     \
    X(http_status_2xx, "http.status.2xx")     \
    X(http_status_3xx, "http.status.3xx")     \
    X(http_status_4xx, "http.status.4xx")     \
    X(http_status_5xx, "http.status.5xx")     \
    X(http_status_other, "http.status.other") \
    X(http_status_none, "http.status.none")   \
    X(http_status_200, "http.status.200")     \
    X(http_status_201, "http.status.201")     \
    X(http_status_204, "http.status.204")     \
    X(http_status_301, "http.status.301")     \
    X(http_status_302, "http.status.302")     \
    X(http_status_304, "http.status.304")     \
    X(http_status_400, "http.status.400")     \
    X(http_status_401, "http.status.401")     \
    X(http_status_403, "http.status.403")     \
    X(http_status_404, "http.status.404")     \
    X(http_status_408, "http.status.408")     \
    X(http_status_413, "http.status.413")     \
    X(http_status_429, "http.status.429")     \
    X(http_status_500, "http.status.500")     \
    X(http_status_502, "http.status.502")     \
    X(http_status_503, "http.status.503")     \
    X(http_status_504, "http.status.504")     \
    X(http_status_507, "http.status.507")

#define SEKI_OTHER_COUNTERS(X)                                                          \
    X(http_requests, "http.requests")                                                   \
    X(http_e2e_http11, "http.e2e.http11")                                               \
    X(http_errors, "http.errors")                                                       \
    X(tcp_requests, "tcp.requests")                                                     \
    X(bytes_in, "bytes_in")                                                             \
    X(bytes_out, "bytes_out")                                                           \
    X(access_logs_count, "access_logs.count")                                           \
    X(unsent_access_logs, "unsent-access-logs")                                         \
    X(listener_accepted_total, "listener.accepted.total")                               \
    X(http_400_errors, "http.400.errors")                                               \
    X(http_401_errors, "http.401.errors")                                               \
    X(http_404_errors, "http.404.errors")                                               \
    X(http_408_errors, "http.408.errors")                                               \
    X(http_413_errors, "http.413.errors")                                               \
    X(http_429_errors, "http.429.errors")                                               \
    X(http_502_errors, "http.502.errors")                                               \
    X(http_503_errors, "http.503.errors")                                               \
    X(http_504_errors, "http.504.errors")                                               \
    X(http_other_errors, "http.other.errors")                                           \
    X(http_301_redirection, "http.301.redirection")                                     \
    X(http_302_redirection, "http.302.redirection")                                     \
    X(http_307_redirection, "http.307.redirection")                                     \
    X(http_308_redirection, "http.308.redirection")                                     \
    X(http_frontend_parse_errors, "http.frontend_parse_errors")                         \
    X(http_backend_parse_errors, "http.backend_parse_errors")                           \
    X(h1_backend_eof, "h1.backend_eof_before_message_complete")                         \
    X(trusting_x_proto, "http.trusting.x_proto")                                        \
    X(trusting_x_proto_diff, "http.trusting.x_proto.diff")                              \
    X(trusting_x_port, "http.trusting.x_port")                                          \
    X(trusting_x_port_diff, "http.trusting.x_port.diff")                                \
    X(forwarded_malformed, "http.forwarded_malformed_elided")                           \
    X(x_request_id_propagated, "http.x_request_id.propagated")                          \
    X(x_request_id_generated, "http.x_request_id.generated")                            \
    X(http_request_timeouts, "http.request_timeouts")                                   \
    X(buffer_exhausted, "buffer.exhausted")                                             \
    X(connections_over_limit, "connections.rejected_per_cluster_ip")                    \
    X(zombies, "zombies")                                                               \
    X(sessions_evicted, "sessions.evicted")                                             \
    X(requests_over_limit, "requests.rejected_per_cluster_ip")                          \
    X(backend_up, "backend.up")                                                         \
    X(backend_down, "backend.down")                                                     \
    X(backend_connections_error, "backend.connections.error")                           \
    X(backend_connect_retries, "backend.connect.retries")                               \
    X(backend_connect_retries_exhausted, "backend.connect.retries_exhausted")           \
    X(backend_pool_hit, "backend.pool.hit")                                             \
    X(backend_pool_miss, "backend.pool.miss")                                           \
    X(tls_version_12, "tls.version.TLSv1_2")                                            \
    X(tls_version_13, "tls.version.TLSv1_3")                                            \
    X(tls_cipher_1301, "tls.cipher.TLS13_AES_128_GCM_SHA256")                           \
    X(tls_cipher_1302, "tls.cipher.TLS13_AES_256_GCM_SHA384")                           \
    X(tls_cipher_1303, "tls.cipher.TLS13_CHACHA20_POLY1305_SHA256")                     \
    X(tls_cipher_c02b, "tls.cipher.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")            \
    X(tls_cipher_c02c, "tls.cipher.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")            \
    X(tls_cipher_c02f, "tls.cipher.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")              \
    X(tls_cipher_c030, "tls.cipher.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")              \
    X(tls_cipher_cca8, "tls.cipher.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")        \
    X(tls_cipher_cca9, "tls.cipher.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")      \
    X(tls_cipher_other, "tls.cipher.Unsupported")                                       \
    X(tls_resumed, "tls.handshake.resumed")                                             \
    X(tls_default_cert_used, "tls.default_cert_used")                                   \
    X(tls_client_certificates, "tls.client_certificates")                               \
    X(alpn_http11, "http.alpn.http11")                                                  \
    X(tls_failed_alert, "tls.handshake.failed.alert_received")                          \
    X(tls_failed_incompatible, "tls.handshake.failed.peer_incompatible")                \
    X(tls_failed_no_alpn, "tls.handshake.failed.no_alpn")                               \
    X(tls_failed_unknown_name, "tls.handshake.failed.unknown_name")                     \
    X(tls_failed_no_client_certificate, "tls.handshake.failed.no_certificates_present") \
    X(tls_failed_bad_client_certificate, "tls.handshake.failed.invalid_certificate")    \
    X(tls_failed_invalid, "tls.handshake.failed.invalid_message")                       \
    X(tls_failed_plain_http, "tls.handshake.failed.plain_http")                         \
    X(tls_failed_closed, "tls.handshake.failed.closed")                                 \
    X(tls_failed_timeout, "tls.handshake.failed.timeout")                               \
    X(tls_failed_other, "tls.handshake.failed.other")                                   \
    X(backend_tls_handshakes, "backend.tls.handshakes")                                 \
    X(backend_tls_resumed, "backend.tls.resumed")                                       \
    X(backend_tls_failed_untrusted, "backend.tls.failed.untrusted")                     \
    X(backend_tls_failed_alert, "backend.tls.failed.alert_received")                    \
    X(backend_tls_failed_invalid, "backend.tls.failed.invalid_message")                 \
    X(backend_tls_failed_closed, "backend.tls.failed.closed")                           \
    X(backend_tls_failed_timeout, "backend.tls.failed.timeout")                         \
    X(backend_tls_failed_other, "backend.tls.failed.other")                             \
    X(series_refused, "metrics.series_refused")                                         \
    X(lost_log_lines, "logs.lost_lines")                                                \
    X(statsd_lost, "statsd.lost_datagrams")

// Set when somebody asks, from what the worker's objects know.
#define SEKI_GAUGES(X)                                          \
    X(client_connections, "client.connections")                 \
    X(client_connections_max, "client.connections_max")         \
    X(client_connections_percent, "client.connections_percent") \
    X(slab_entries, "slab.entries")                             \
    X(slab_capacity, "slab.capacity")                           \
    X(slab_usage_percent, "slab.usage_percent")                 \
    X(process_uptime_seconds, "process.uptime_seconds")         \
    X(server_live, "server.live")                               \
    X(buffer_in_use, "buffer.in_use")                           \
    X(buffer_capacity, "buffer.capacity")                       \
    X(buffer_usage_percent, "buffer.usage_percent")             \
    X(accept_queue_backpressure, "accept_queue.backpressure")   \
    X(http_active_requests, "http.active_requests")             \
    X(websocket_active_requests, "websocket.active_requests")   \
    X(protocol_http, "protocol.http")                           \
    X(protocol_ws, "protocol.ws")                               \
    X(protocol_tcp, "protocol.tcp")                             \
    X(backend_connections, "backend.connections")               \
    X(backend_pool_size, "backend.pool.size")

#define SEKI_TIMES(X)                                     \
    X(request_time, "request_time")                       \
    X(service_time, "service_time")                       \
    X(backend_response_time, "backend_response_time")     \
    X(backend_connection_time, "backend_connection_time") \
    X(tls_handshake, "tls.handshake_ms")

#define SEKI_NAME_ONLY(id, name) id,
#define SEKI_TEXT_ONLY(id, name) name,

enum class Counter : uint8_t { SEKI_STATUS_COUNTERS(SEKI_NAME_ONLY) SEKI_OTHER_COUNTERS(SEKI_NAME_ONLY) };
enum class Gauge : uint8_t { SEKI_GAUGES(SEKI_NAME_ONLY) };
enum class Time : uint8_t { SEKI_TIMES(SEKI_NAME_ONLY) };

inline constexpr std::array counter_names =
    std::to_array<std::string_view>({SEKI_STATUS_COUNTERS(SEKI_TEXT_ONLY) SEKI_OTHER_COUNTERS(SEKI_TEXT_ONLY)});
inline constexpr std::array gauge_names = std::to_array<std::string_view>({SEKI_GAUGES(SEKI_TEXT_ONLY)});
inline constexpr std::array time_names = std::to_array<std::string_view>({SEKI_TIMES(SEKI_TEXT_ONLY)});

// Of a cluster or a backend only the counters up to here are kept.
enum class SeriesCounter : uint8_t {
    requests,
    http_errors,
    bytes_in,
    bytes_out,
    connection_errors,
    connections_over_limit,
    requests_over_limit,
    status_1xx,
    status_2xx,
    status_3xx,
    status_4xx,
    status_5xx,
    status_other
};
inline constexpr std::array series_counter_names = std::to_array<std::string_view>(
    {"requests", "http.errors", "bytes_in", "bytes_out", "backend.connections.error",
     "connections.rejected_per_cluster_ip", "requests.rejected_per_cluster_ip", "http.status.1xx", "http.status.2xx",
     "http.status.3xx", "http.status.4xx", "http.status.5xx", "http.status.other"});

#undef SEKI_TEXT_ONLY
#undef SEKI_NAME_ONLY
#undef SEKI_TIMES
#undef SEKI_GAUGES
#undef SEKI_OTHER_COUNTERS
#undef SEKI_STATUS_COUNTERS

}  // namespace seki::observe
