#include "convert/nginx/knowledge.h"

#include <algorithm>
#include <array>

namespace seki::convert::nginx {
namespace {

constexpr auto lost = RemarkKind::lost;
constexpr auto not_needed = RemarkKind::not_needed;
constexpr std::string_view process = "Seki has its own way of running its processes";
constexpr std::string_view tuning = "nothing of that kind has to be tuned";
constexpr std::string_view streams = "bodies pass through Seki as they come";
constexpr std::string_view kept = "Seki keeps connections to backends by itself";
constexpr std::string_view compresses = "Seki compresses nothing; let the backends do it";
constexpr std::string_view caches = "Seki keeps no copies of answers";
constexpr std::string_view serves = "Seki serves no files";
constexpr std::string_view logs = "logs are log_target, access_logs_target and access_logs_format here";
constexpr std::string_view limits = "limits are rate_limit and max_connections_per_ip of a cluster, or of the file";
constexpr std::string_view speaks = "Seki speaks HTTP and TCP to backends";
constexpr std::string_view computes = "Seki computes no variables";
constexpr std::string_view tickets = "Seki takes care of sessions and tickets";
constexpr std::string_view staples = "OCSP responses are ocsp_response, from a file";
constexpr std::string_view unused = "nothing that is converted takes it over";
constexpr std::string_view extends = "there are no modules and scripts";

// Those that end in '*' stand behind longer names that begin alike.
constexpr auto table = std::to_array<Known>({
    {"user", not_needed, "'user' of Seki says whom root becomes"},
    {"pid", not_needed, "'pid_file_path' of Seki"},
    {"events", not_needed, process},
    {"worker_*", not_needed, process},
    {"daemon", not_needed, process},
    {"master_process", not_needed, process},
    {"pcre_jit", not_needed, process},
    {"thread_pool", not_needed, process},
    {"timer_resolution", not_needed, process},
    {"lock_file", not_needed, process},
    {"env", not_needed, process},
    {"load_module", lost, extends},
    {"types", not_needed, serves},
    {"types_hash_*", not_needed, tuning},
    {"default_type", not_needed, serves},
    {"charset*", lost, "Seki changes no Content-Type"},
    {"server_names_hash_*", not_needed, tuning},
    {"variables_hash_*", not_needed, tuning},
    {"map_hash_*", not_needed, tuning},
    {"proxy_headers_hash_*", not_needed, tuning},
    {"sendfile*", not_needed, streams},
    {"aio", not_needed, serves},
    {"directio", not_needed, serves},
    {"tcp_nopush", not_needed, streams},
    {"tcp_nodelay", not_needed, streams},
    {"output_buffers", not_needed, streams},
    {"postpone_output", not_needed, streams},
    {"client_body_buffer_size", not_needed, streams},
    {"client_body_temp_path", not_needed, streams},
    {"client_body_in_file_only", lost, streams},
    {"client_header_buffer_size", not_needed, "'max_header_bytes' is 16 KiB"},
    {"proxy_buffering", not_needed, streams},
    {"proxy_request_buffering", not_needed, streams},
    {"proxy_buffer_size", not_needed, streams},
    {"proxy_buffers", not_needed, streams},
    {"proxy_busy_buffers_size", not_needed, streams},
    {"proxy_max_temp_file_size", not_needed, streams},
    {"proxy_temp_path", not_needed, streams},
    {"proxy_temp_file_write_size", not_needed, streams},
    {"proxy_http_version", not_needed, "backends are spoken to in HTTP/1.1"},
    {"proxy_pass_header", not_needed, "Seki passes all fields on"},
    {"proxy_pass_request_headers", not_needed, "Seki passes all fields on"},
    {"proxy_pass_request_body", not_needed, "Seki passes all bodies on"},
    {"proxy_socket_keepalive", not_needed, kept},
    {"proxy_ssl_session_reuse", not_needed, tickets},
    {"proxy_send_timeout", not_needed, "back_timeout is about both directions"},
    {"proxy_ignore_client_abort", lost, "an exchange ends with its client"},
    {"proxy_redirect", lost, "Location fields of backends pass as they are"},
    {"proxy_cookie_*", lost, "cookies of backends pass as they are"},
    {"proxy_next_upstream*", lost,
     "the next backend is asked where no connection can be made; see max_connection_attempts"},
    {"proxy_intercept_errors", lost, "answers of backends pass as they are"},
    {"proxy_cache*", lost, caches},
    {"proxy_no_cache", lost, caches},
    {"proxy_store*", lost, caches},
    {"proxy_force_ranges", lost, caches},
    {"proxy_bind", lost, "the system chooses the address to connect from"},
    {"proxy_method", lost, "Seki changes no methods"},
    {"proxy_set_body", lost, "Seki changes no bodies"},
    {"proxy_protocol*", lost, "the PROXY protocol is not available yet"},
    {"proxy_ssl_*", lost, "see [clusters.NAME.tls]; this has no counterpart there"},
    {"keepalive*", not_needed, kept},
    {"zone", not_needed, process},
    {"max_fails", not_needed, "a backend that fails again and again rests by itself"},
    {"server_tokens", not_needed, "Seki adds no Server field"},
    {"server_name_in_redirect", lost, "redirects keep the host of the request"},
    {"port_in_redirect", lost, "redirects keep the port of the request"},
    {"absolute_redirect", lost, "redirects of Seki are absolute"},
    {"underscores_in_headers", not_needed, "fields with '_' pass; see elide_lookalike_fields"},
    {"ignore_invalid_headers", not_needed, "Seki refuses them"},
    {"merge_slashes", not_needed, "paths are compared in their normal form; see path_normalization"},
    {"reset_timedout_connection", not_needed, process},
    {"lingering_*", not_needed, "lingering_timeout and lingering_bytes of Seki"},
    {"log_not_found", not_needed, serves},
    {"log_subrequest", not_needed, serves},
    {"ssl_session_*", not_needed, tickets},
    {"ssl_prefer_server_ciphers", not_needed, "what both can is chosen by Seki"},
    {"ssl_dhparam", not_needed, "Seki speaks no finite-field Diffie-Hellman"},
    {"ssl_buffer_size", not_needed, tuning},
    {"ssl_early_data", not_needed, "Seki takes no early data"},
    {"ssl_ciphers", lost, "Seki has a list of its own, of ciphers with forward secrecy; cipher_list changes it"},
    {"ssl_ecdh_curve", lost, "groups_list of the listener"},
    {"ssl_conf_command", lost, "cipher_list and groups_list of the listener"},
    {"ssl_stapling*", lost, staples},
    {"ssl_trusted_certificate", lost, staples},
    {"ssl_crl", lost, "client_ca_crls of the listener"},
    {"ssl_verify_depth", lost, "there is no such bound"},
    {"ssl_password_file", lost, "keys must not be encrypted"},
    {"ssl_reject_handshake", lost,
     "clients that ask for an unknown name are shown the listener's certificate, then 421"},
    {"http2*", lost, "HTTP/2 is not available yet; clients speak HTTP/1.1"},
    {"http3*", lost, "HTTP/3 is not available"},
    {"quic*", lost, "HTTP/3 is not available"},
    {"gzip*", lost, compresses},
    {"brotli*", lost, compresses},
    {"gunzip*", lost, compresses},
    {"zstd*", lost, compresses},
    {"root", lost, serves},
    {"alias", lost, serves},
    {"index", lost, serves},
    {"autoindex*", lost, serves},
    {"try_files", lost, serves},
    {"expires", lost, serves},
    {"etag", lost, serves},
    {"if_modified_since", lost, serves},
    {"open_file_cache*", not_needed, serves},
    {"disable_symlinks", not_needed, serves},
    {"dav_*", lost, serves},
    {"mp4*", lost, serves},
    {"flv", lost, serves},
    {"error_page", lost,
     "answers of Seki itself are 'answers' of a listener or cluster; those of backends pass as they are"},
    {"recursive_error_pages", lost, "there is no error_page"},
    {"access_log", lost, logs},
    {"error_log", lost, logs},
    {"log_format", lost, logs},
    {"limit_req*", lost, limits},
    {"limit_conn*", lost, limits},
    {"limit_rate*", lost, "answers are as fast as their clients"},
    {"limit_except", lost, unused},
    {"fastcgi_*", lost, speaks},
    {"uwsgi_*", lost, speaks},
    {"scgi_*", lost, speaks},
    {"grpc_*", lost, "gRPC needs HTTP/2, which is not available yet"},
    {"memcached_*", lost, speaks},
    {"include", lost, "this file was not read"},
    {"map", lost, computes},
    {"geo", lost, computes},
    {"set", lost, computes},
    {"split_clients", lost, "'split' of a frontend divides requests"},
    {"if", lost, "only plain comparisons with a return inside are converted"},
    {"rewrite", lost, "rewrite_path replaces the prefix of a path, or what an expression matched"},
    {"rewrite_log", not_needed, process},
    {"break", lost, computes},
    {"return", lost, "another return is reached first"},
    {"resolver*", lost, "names of backends are looked up when Seki reads its file"},
    {"set_real_ip_from", lost, "trusted_proxies of a listener"},
    {"real_ip_*", lost, "trusted_proxies of a listener"},
    {"auth_request*", lost, "no other server is asked"},
    {"auth_jwt*", lost, "tokens are not looked into"},
    {"satisfy", lost, "addresses and passwords are both asked for"},
    {"sub_filter*", lost, "Seki changes no bodies"},
    {"add_before_body", lost, "Seki changes no bodies"},
    {"add_after_body", lost, "Seki changes no bodies"},
    {"add_trailer", lost, "Seki adds no trailers"},
    {"mirror*", lost, "requests go to one backend"},
    {"secure_link*", lost, "links are not verified"},
    {"userid*", lost, computes},
    {"stub_status", lost, "figures are `seki metrics get`"},
    {"lua_*", lost, extends},
    {"js_*", lost, extends},
    {"perl*", lost, extends},
    {"passenger_*", lost, extends},
    {"modsecurity*", lost, extends},
    {"more_*", lost, extends},
    {"upstream", not_needed, "nothing that is converted uses it"},
    {"proxy_pass", lost, "nothing that is converted leads here"},
    {"proxy_set_header", lost, unused},
    {"proxy_hide_header", lost, unused},
    {"add_header", lost, unused},
    {"proxy_read_timeout", not_needed, unused},
    {"proxy_connect_timeout", not_needed, unused},
    {"ssl_certificate*", lost, "nothing that is converted listens with it"},
    {"ssl_protocols", lost, "versions are those of the listener: the first server's of its address"},
    {"ssl_client_certificate", lost, "certificates of clients are not asked for"},
    {"ssl", not_needed, "the listener is one of HTTPS"},
    {"client_max_body_size", not_needed, unused},
    {"client_body_timeout", not_needed, unused},
    {"client_header_timeout", not_needed, unused},
    {"send_timeout", not_needed, unused},
    {"auth_basic*", lost, unused},
    {"allow", not_needed, unused},
    {"deny", lost, unused},
    {"mail", lost, "Seki is no proxy of mail"},
    {"rtmp", lost, extends},
});

}  // namespace

std::optional<Known> known(std::string_view directive) {
    const auto fits = [directive](const Known& each) {
        if (!each.name.ends_with('*')) return each.name == directive;
        return directive.starts_with(each.name.substr(0, each.name.size() - 1));
    };
    if (directive.contains("_by_lua")) return Known{directive, lost, extends};
    const auto* found = std::ranges::find_if(table, fits);
    return found == table.end() ? std::nullopt : std::optional(*found);
}

}  // namespace seki::convert::nginx
