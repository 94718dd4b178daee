#pragma once

// How large the pieces of a configuration may be. Sōzu bounds hardly any of them; every bound here is far above what
// installations use and far below what would hurt.

#include <cstddef>
#include <cstdint>

namespace seki::config {

// Identifiers are repeated in every line of the access log and in every name of a metric.
inline constexpr size_t max_cluster_id_size = 255;
// The default id of a backend is built of the cluster's id, an index and an address.
inline constexpr size_t max_backend_id_size = 512;
inline constexpr size_t max_sticky_id_size = 128;

inline constexpr size_t max_path_size = 4096;
inline constexpr size_t max_method_size = 32;
inline constexpr size_t max_header_name_size = 128;

// Lists that are gone through for a request.
inline constexpr size_t max_networks = 1024;
inline constexpr size_t max_credentials = 1024;
inline constexpr size_t max_credential_text_size = 512;
inline constexpr size_t max_challenge_size = 1024;  // the value of WWW-Authenticate

// Browsers forget a cookie after 400 days anyway.
inline constexpr size_t max_cookie_path_size = 1024;
inline constexpr uint64_t max_cookie_age_s = 34'560'000;

// What a listener takes of a request. A buffer bounds the head too.
inline constexpr uint64_t min_header_limit = 1024;
inline constexpr uint64_t max_header_limit = 1'048'576;
inline constexpr uint64_t max_body_rate = 1'073'741'824;  // bytes/s; beyond it nobody would ever keep up

// At backends for one request.
inline constexpr uint64_t max_connection_attempts = 255;

inline constexpr uint64_t max_requests_per_second = 1'000'000;
inline constexpr uint64_t max_burst = 1'000'000;

// Tags are copied into the access log of every request.
inline constexpr size_t max_tags = 32;
inline constexpr size_t max_tag_key_size = 128;
inline constexpr size_t max_tag_value_size = 1024;

// Routing rules. What a rule has is gone through for every request that reaches it.
inline constexpr size_t max_conditions = 16;  // on headers; as many on cookies and on parameters
inline constexpr size_t max_regex_size = 1024;
inline constexpr size_t max_query_name_size = 256;
inline constexpr size_t max_match_value_size = 1024;
inline constexpr size_t max_sources = 256;
inline constexpr size_t min_shares = 2;
inline constexpr size_t max_shares = 16;
inline constexpr uint64_t max_share_weight = 1000;

// Edits. All that is added must fit into the head of a message.
inline constexpr size_t max_header_edits = 64;
inline constexpr size_t max_header_value_size = 4096;
inline constexpr size_t max_header_edits_size = 8192;  // of all together
inline constexpr size_t max_rewrite_size = 1024;

// TLS. A certificate with hundreds of names has some ten kilobytes.
inline constexpr size_t max_pem_size = 65'536;
// With its type and three lengths it is an extension of a certificate (RFC 8446 §4.4.2.1), and these have a length of
// 16 bits together.
inline constexpr size_t max_ocsp_response_size = 65'535 - 8;
inline constexpr size_t max_certificate_chain = 10;  // above the certificate
inline constexpr size_t max_certificate_names = 1000;
inline constexpr uint64_t max_tls_tickets = 16;
inline constexpr size_t max_authorities_size = 1'048'576;
inline constexpr size_t max_pinned_keys = 16;
inline constexpr size_t max_revocations_size = 4'194'304;
inline constexpr size_t max_statsd_prefix_size = 128;
inline constexpr size_t max_ticket_secret_size = 4096;
inline constexpr size_t min_ticket_secret_size = 32;
inline constexpr uint64_t max_ticket_lifetime_s = 604'800;  // RFC 8446 §4.6.1

// How the schema says that a timeout is off where 0 means at once.
inline constexpr uint32_t timeout_off = UINT32_MAX;
// Below a second a timeout would cut healthy connections; beyond a day it protects nobody.
inline constexpr uint64_t min_timeout_s = 1;
inline constexpr uint64_t max_timeout_s = 86'400;

// What a worker may be told to hold. Each is beyond what one thread can serve or one machine can give.
inline constexpr uint64_t max_connections_per_worker = 10'000'000;
inline constexpr uint64_t max_buffers_per_worker = 10'000'000;
inline constexpr uint64_t max_idle_connections = 1'000'000;
inline constexpr uint64_t max_workers = 1024;
inline constexpr uint64_t max_listen_backlog = 65'535;  // the kernel caps it further

// A buffer holds at least the head of a request and at most what one turn may take from one peer.
inline constexpr uint64_t min_buffer_size = 16'384;
inline constexpr uint64_t max_buffer_size = 16'777'216;
inline constexpr uint64_t max_pipe_size = 1'048'576;  // of unprivileged processes (pipe(7))
inline constexpr uint64_t max_credential_size = 65'536;

// Frames of the command protocol.
inline constexpr uint64_t min_command_buffer_size = 1024;
inline constexpr uint64_t max_command_buffer_size = 1'073'741'824;

// A configuration file; a hundred thousand clusters need about a fifth of it.
inline constexpr size_t max_file_size = 134'217'728;

inline constexpr int64_t max_weight = 256;
inline constexpr uint32_t default_weight = 100;
inline constexpr uint64_t max_port = 65'535;

}  // namespace seki::config
