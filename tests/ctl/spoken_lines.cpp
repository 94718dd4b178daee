#include "ctl/spoken_lines.h"

#include <array>

namespace seki::ctl {
namespace {

// What only Seki has on a listener.
#define SEKI_OWN_KNOBS                                                                                        \
    "--answer 404=gone --answer 503=file://$/answer --trusted-proxies 10.0.0.0/8,::1 --tunnel-timeout 23 "    \
    "--elide-lookalike-fields false "                                                                         \
    "--max-header-bytes 24 --max-header-fields 25 --max-uri-bytes 26 --max-body-bytes 27 --min-body-rate 28 " \
    "--sticky-cookie-secure true --sticky-cookie-http-only false --sticky-cookie-same-site strict "           \
    "--sticky-cookie-path /a --sticky-cookie-max-age 29 --path-normalization off "                            \
    "--forwarded-headers rfc7239 --lingering-bytes 30 --lingering-timeout 31 --client-half-close-timeout off"
#define SEKI_OWN_FIELDS                                                                                              \
    " answers { key: '404' value: 'gone' } answers { key: '503' value: 'an answer' }"                                \
    " trusted_proxies { values: ['10.0.0.0/8', '::1'] } tunnel_timeout: 23 max_header_bytes: 24"                     \
    " max_header_fields: 25 max_uri_bytes: 26 max_body_bytes: 27 min_body_rate: 28"                                  \
    " sticky_cookie { secure: true http_only: false same_site: STRICT path: '/a' max_age: 29 } path_normalization: " \
    "OFF forwarded_headers: FORWARDED_HEADERS_RFC7239 lingering_bytes: 30 lingering_timeout: 31 "                    \
    "client_half_close_timeout: 4294967295 elide_lookalike_fields: "                                                 \
    "false"

// What an update of an HTTP listener may change; literals, so that they join with others.
#define SEKI_HTTP_KNOBS                                                                                         \
    "--public-address 127.0.0.1:81 --expect-proxy --sticky-name lb --sozu-id-header x-id --front-timeout 1 "    \
    "--back-timeout 2 --connect-timeout 3 --request-timeout 4 --h2-max-rst-stream-per-window 5 "                \
    "--h2-max-ping-per-window 6 --h2-max-settings-per-window 7 --h2-max-empty-data-per-window 8 "               \
    "--h2-max-window-update-stream0-per-window 9 --h2-max-continuation-frames 10 --h2-max-glitch-count 11 "     \
    "--h2-initial-connection-window 12 --h2-max-concurrent-streams 13 --h2-stream-shrink-ratio 14 "             \
    "--h2-max-rst-stream-lifetime 15 --h2-max-rst-stream-abusive-lifetime 16 "                                  \
    "--h2-max-rst-stream-emitted-lifetime 17 --h2-max-header-list-size 18 --h2-max-header-table-size 19 "       \
    "--h2-max-header-fields 20 --h2-stream-idle-timeout-seconds 21 --h2-graceful-shutdown-deadline-seconds 22 " \
    "--h2-stream-refusal-percent 23 "                                                                           \
    "--answer-301 $/answer --answer-401 $/answer --answer-404 $/answer --answer-408 $/answer "                  \
    "--answer-413 $/answer --answer-421 $/answer --answer-429 $/answer --answer-502 $/answer "                  \
    "--answer-503 $/answer --answer-504 $/answer --answer-507 $/answer --send-x-real-ip "                       \
    "--elide-x-real-ip " SEKI_OWN_KNOBS
#define SEKI_HTTP_FIELDS                                                                                      \
    " address { @80 } public_address { @81 } expect_proxy: true sticky_name: 'lb' sozu_id_header: 'x-id'"     \
    " front_timeout: 1 back_timeout: 2 connect_timeout: 3 request_timeout: 4 h2_max_rst_stream_per_window: 5" \
    " h2_max_ping_per_window: 6 h2_max_settings_per_window: 7 h2_max_empty_data_per_window: 8"                \
    " h2_max_window_update_stream0_per_window: 9 h2_max_continuation_frames: 10 h2_max_glitch_count: 11"      \
    " h2_initial_connection_window: 12 h2_max_concurrent_streams: 13 h2_stream_shrink_ratio: 14"              \
    " h2_max_rst_stream_lifetime: 15 h2_max_rst_stream_abusive_lifetime: 16"                                  \
    " h2_max_rst_stream_emitted_lifetime: 17 h2_max_header_list_size: 18 h2_max_header_table_size: 19"        \
    " h2_max_header_fields: 20 h2_stream_idle_timeout_seconds: 21 h2_graceful_shutdown_deadline_seconds: 22 " \
    "h2_stream_refusal_percent: 23"                                                                           \
    " http_answers { answer_301: 'an answer' answer_401: 'an answer' answer_404: 'an answer'"                 \
    " answer_408: 'an answer' answer_413: 'an answer' answer_421: 'an answer' answer_429: 'an answer'"        \
    " answer_502: 'an answer' answer_503: 'an answer' answer_504: 'an answer' answer_507: 'an answer' }"      \
    " send_x_real_ip: true elide_x_real_ip: true" SEKI_OWN_FIELDS

// What the files chain.pem and crl.pem become, and the names of headers.
#define SEKI_ONE "'-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n'"
#define SEKI_OTHER "'-----BEGIN CERTIFICATE-----\\nMIIC\\n-----END CERTIFICATE-----\\n'"
#define SEKI_CHAIN " certificate_chain: " SEKI_ONE " certificate_chain: " SEKI_OTHER
#define SEKI_AUTHORITIES " client_ca_certificates: " SEKI_ONE " client_ca_certificates: " SEKI_OTHER
#define SEKI_CRL " client_ca_crls: '-----BEGIN X509 CRL-----\\nMIID\\n-----END X509 CRL-----\\n'"
#define SEKI_HEADERS " client_auth_headers { subject: 'x-a' san: 'x-b' fingerprint: 'x-c' verify_result: 'x-d' }"

constexpr std::array lines{
    // ---- processes
    SpokenLine{"shutdown", "soft_stop {}"},
    SpokenLine{"shutdown --deadline 60", "soft_stop { deadline: 60 }"},
    SpokenLine{"shutdown --hard", "hard_stop {}"},
    SpokenLine{"upgrade", "upgrade_main {}"},
    SpokenLine{"upgrade --worker 3", "upgrade_worker: 3"},
    SpokenLine{"status", "status {}"},
    SpokenLine{"logging info,proxy=debug", "Logging: 'info,proxy=debug'"},
    SpokenLine{"reload", "reload_configuration: ''"},
    SpokenLine{"reload -f other.toml", "reload_configuration: 'other.toml'"},
    SpokenLine{"reload --file other.toml", "reload_configuration: 'other.toml'"},
    SpokenLine{"reload -f other.toml --dry-run --exact --expect-version 7",
               "reload { path: 'other.toml' dry_run: true exact: true expect_version: 7 }"},
    SpokenLine{"reload --exact", "reload { path: '' exact: true }"},
    SpokenLine{"state save --file $/state.json", "save_state: '$/state.json'"},
    SpokenLine{"state save --file $/state.json --without-keys",
               "save_state_as { path: '$/state.json' without_keys: true }"},
    SpokenLine{"state version", "query_state_version {}"},
    SpokenLine{"state load --file state.json", "load_state: 'state.json'"},
    SpokenLine{"state stats", "count_requests {}"},

    // ---- observation
    SpokenLine{"metrics enable", "configure_metrics: ENABLED"},
    SpokenLine{"metrics disable", "configure_metrics: DISABLED"},
    SpokenLine{"metrics clear", "configure_metrics: CLEAR"},
    SpokenLine{"metrics get", "query_metrics {}"},
    SpokenLine{"metrics get --list", "query_metrics { list: true }"},
    SpokenLine{"metrics get --names a,b -n c", "query_metrics { metric_names: ['a', 'b', 'c'] }"},
    SpokenLine{"metrics get --clusters a,b --backends c --no-clusters --workers",
               "query_metrics { cluster_ids: ['a', 'b'] backend_ids: 'c' no_clusters: true workers: true }"},
    SpokenLine{"metrics get --refresh 2 --names a", "query_metrics { metric_names: 'a' }"},
    SpokenLine{"sessions list", "query_sessions {}"},
    SpokenLine{"sessions list --limit 5", "query_sessions { limit: 5 }"},
    SpokenLine{"sessions list --draining", "query_sessions { draining: true }"},
    SpokenLine{"sessions rebalance", "rebalance_sessions {}"},
    SpokenLine{"sessions kill 01HZY", "kill_session { id: '01HZY' }"},
    SpokenLine{"connection-limit set 100", "set_max_connections_per_ip: 100"},
    SpokenLine{"connection-limit remove", "set_max_connections_per_ip: 0"},
    SpokenLine{"connection-limit show", "query_max_connections_per_ip {}"},
    SpokenLine{"subnet-connection-limit set 100", "set_max_connections_per_subnet: 100"},
    SpokenLine{"subnet-connection-limit remove", "set_max_connections_per_subnet: 0"},
    SpokenLine{"subnet-connection-limit show", "query_max_connections_per_subnet {}"},
    SpokenLine{"connection-attempts set 9", "set_max_connection_attempts: 9"},

    // ---- clusters
    SpokenLine{"cluster list", "query_clusters_hashes {}"},
    SpokenLine{"cluster list --id shop", "query_cluster_by_id: 'shop'"},
    SpokenLine{"cluster list --domain shop.example", "query_clusters_by_domain { hostname: 'shop.example' }"},
    SpokenLine{"cluster list -d shop.example/api/v1",
               "query_clusters_by_domain { hostname: 'shop.example' path: '/api/v1' }"},
    SpokenLine{"cluster add --id shop --load-balancing-policy ROUND_ROBIN",
               "add_cluster { cluster_id: 'shop' load_balancing: ROUND_ROBIN }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy power-of-two --sticky-session --https-redirect "
               "--https-redirect-port 8443 --send-proxy --http2 --www-authenticate 'the shop' "
               "--answer 503=sorry --answer '404=a=b' --answer 502=file://$/answer",
               "add_cluster { cluster_id: 'shop' load_balancing: POWER_OF_TWO sticky_session: true https_redirect: true"
               " https_redirect_port: 8443 proxy_protocol: SEND_HEADER http2: true www_authenticate: 'the shop'"
               " answers { key: '503' value: 'sorry' } answers { key: '404' value: 'a=b' }"
               " answers { key: '502' value: 'an answer' } }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy random --backend-tls",
               "add_cluster { cluster_id: 'shop' load_balancing: RANDOM tls {} }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy random --backend-ca-certificate $/chain.pem "
               "--backend-no-verify --backend-pinned-key ab --backend-server-name a.example --backend-alpn http/1.1 "
               "--backend-certificate $/answer --backend-key $/key --backend-certificate-chain $/chain.pem",
               "add_cluster { cluster_id: 'shop' load_balancing: RANDOM tls { ca_certificates: " SEKI_ONE
               " ca_certificates: " SEKI_OTHER " verify: false pinned_keys: 'ab' server_name: 'a.example'"
               " alpn_protocols: 'http/1.1' certificate: 'an answer' key: 'a key'" SEKI_CHAIN " } }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy maglev --expect-proxy",
               "add_cluster { cluster_id: 'shop' load_balancing: MAGLEV proxy_protocol: EXPECT_HEADER }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy hrw --expect-proxy --send-proxy",
               "add_cluster { cluster_id: 'shop' load_balancing: HRW proxy_protocol: RELAY_HEADER }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy random "
               "--authorized-hash ann_1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
               "--authorized-hash bob:0000000000000000000000000000000000000000000000000000000000000000",
               "add_cluster { cluster_id: 'shop' load_balancing: RANDOM"
               " authorized_hashes: 'ann_1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"
               " authorized_hashes: 'bob:0000000000000000000000000000000000000000000000000000000000000000' }"},
    SpokenLine{"cluster add -i shop --load-balancing-policy random --max-connections-per-ip 1 --retry-after 2 "
               "--rate-limit 3 --rate-limit-burst 4 --front-timeout 5 --back-timeout 6 --connect-timeout 7 "
               "--tunnel-timeout 8 --backend-reuse always --max-connections-per-subnet 9 --max-connection-attempts 10",
               "add_cluster { cluster_id: 'shop' load_balancing: RANDOM max_connections_per_ip: 1 retry_after: 2 "
               "max_connections_per_subnet: 9 max_connection_attempts: 10 "
               "rate_limit { requests_per_second: 3 burst: 4 }"
               " front_timeout: 5 back_timeout: 6 connect_timeout: 7 tunnel_timeout: 8 backend_reuse: ALWAYS }"},
    SpokenLine{"cluster remove --id shop", "remove_cluster: 'shop'"},
    SpokenLine{"cluster close-sessions --id shop", "close_sessions { cluster_id: 'shop' }"},
    SpokenLine{"cluster close-sessions -i shop --backend-id shop-1 --address 127.0.0.1:9000",
               "close_sessions { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 } }"},
    SpokenLine{"cluster health-check set --id shop --uri /up --interval 1 --timeout 2 --healthy-threshold 3 "
               "--unhealthy-threshold 4 --expected-status 204",
               "set_health_check { cluster_id: 'shop' config { uri: '/up' interval: 1 timeout: 2 healthy_threshold: 3"
               " unhealthy_threshold: 4 expected_status: 204 } }"},
    SpokenLine{"cluster health-check set -i shop -u /", "set_health_check { cluster_id: 'shop' config { uri: '/' } }"},
    SpokenLine{"cluster health-check remove --id shop", "remove_health_check: 'shop'"},
    SpokenLine{"cluster health-check list", "query_health_checks {}"},
    SpokenLine{"cluster health-check list --id shop", "query_health_checks { cluster_id: 'shop' }"},

    // ---- backends
    SpokenLine{"backend add --id shop --backend-id shop-1 --address 127.0.0.1:9000",
               "add_backend { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"
               " load_balancing_parameters { weight: 100 } }"},
    SpokenLine{
        "backend add -i shop --backend-id shop-1 -a [::1]:9000 --sticky-id one --backup true --weight 7",
        "add_backend { cluster_id: 'shop' backend_id: 'shop-1' address { ip { v6 { low: 1 high: 0 } } port: 9000 }"
        " sticky_id: 'one' backup: true load_balancing_parameters { weight: 7 } }"},
    SpokenLine{"backend add -i shop --backend-id shop-1 -a 127.0.0.1:9000 --state drain",
               "add_backend { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"
               " load_balancing_parameters { weight: 100 } state: DRAIN }"},
    SpokenLine{"backend add -i shop --backend-id shop-1 -a 127.0.0.1:9000 --unix-path /run/app.sock",
               "add_unix_backend { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"
               " unix_path: '/run/app.sock' load_balancing_parameters { weight: 100 } }"},
    SpokenLine{"backend set-state --id shop --backend-id shop-1 --address 127.0.0.1:9000 maintenance",
               "set_backend_state { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 } state: MAINTENANCE }"},
    SpokenLine{"backend remove --id shop --backend-id shop-1 --address 127.0.0.1:9000",
               "remove_backend { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 } }"},

    // ---- frontends
    SpokenLine{"frontend http add --address 127.0.0.1:80 --hostname shop.example id shop",
               "add_http_frontend { cluster_id: 'shop' address { @80 } hostname: 'shop.example'"
               " path { kind: PREFIX value: '' } position: TREE }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host shop.example --path-prefix /api --method GET "
               "--tags 'owner=ann, tier=' --redirect found --redirect-scheme use-https --redirect-template gone "
               "--rewrite-host a --rewrite-path /b --rewrite-port 81 --required-auth --header request=x-a=1 "
               "--header response=x-b=c=d --header both=x-e= id shop",
               "add_http_frontend { cluster_id: 'shop' address { @80 } hostname: 'shop.example' method: 'GET'"
               " path { kind: PREFIX value: '/api' } position: TREE tags { key: 'owner' value: 'ann' }"
               " tags { key: 'tier' value: '' } redirect: FOUND redirect_scheme: USE_HTTPS redirect_template: 'gone'"
               " rewrite_host: 'a' rewrite_path: '/b' rewrite_port: 81 required_auth: true"
               " headers { position: REQUEST key: 'x-a' val: '1' } headers { position: RESPONSE key: 'x-b' val: 'c=d' }"
               " headers { position: BOTH key: 'x-e' val: '' } }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host * --position post --match-header x-a "
               "--match-header !x-b=c=d --match-header x-e^=f --match-cookie group~=^[ab]= --match-query '!a b' "
               "--match-query page=1 --source-allow 192.0.2.0/24,::/0 --source-allow ::1 --source-deny 192.0.2.7 "
               "--split shop=90,a=b=10 --split c=0 --replace-header both=x-f=g --redirect-template file://$/answer "
               "--front-timeout 1 --back-timeout 2 --connect-timeout 3 --tunnel-timeout 4",
               "add_http_frontend { address { @80 } hostname: '*' path { kind: PREFIX value: '' } position: POST"
               " match_headers { name: 'x-a' kind: PRESENT } match_headers { name: 'x-b' kind: EXACT value: 'c=d'"
               " invert: true } match_headers { name: 'x-e' kind: STARTS_WITH value: 'f' }"
               " match_cookies { name: 'group' kind: MATCHES value: '^[ab]=' }"
               " match_query { name: 'a b' kind: PRESENT invert: true }"
               " match_query { name: 'page' kind: EXACT value: '1' }"
               " source_allow: ['192.0.2.0/24', '::/0', '::1'] source_deny: '192.0.2.7'"
               " split { cluster_id: 'shop' weight: 90 } split { cluster_id: 'a=b' weight: 10 }"
               " split { cluster_id: 'c' weight: 0 } headers { position: BOTH key: 'x-f' val: 'g' mode: REPLACE }"
               " redirect_template: 'an answer' front_timeout: 1 back_timeout: 2 connect_timeout: 3"
               " tunnel_timeout: 4 }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host a --match-header exact=x-a=b=c --match-header regex=x-b=[0-9] "
               "--match-header present=x-c --match-header x-d id b",
               "add_http_frontend_with_header_predicates { cluster_id: 'b' address { @80 } hostname: 'a'"
               " path { kind: PREFIX value: '' } position: TREE"
               " header_predicates { name: 'x-a' kind: HEADER_MATCH_KIND_EXACT value: 'b=c' }"
               " header_predicates { name: 'x-b' kind: HEADER_MATCH_KIND_REGEX value: '[0-9]' }"
               " header_predicates { name: 'x-c' kind: HEADER_MATCH_KIND_PRESENT }"
               " match_headers { name: 'x-d' kind: PRESENT } }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host a --redirect silent_close deny",
               "add_http_frontend_with_silent_close { address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " position: TREE redirect: SILENT_CLOSE }"},
    SpokenLine{"frontend https add -a 127.0.0.1:80 --host a --redirect silent-close deny",
               "add_https_frontend_with_silent_close { address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " position: TREE redirect: SILENT_CLOSE }"},
    SpokenLine{"frontend https add -a 127.0.0.1:80 --host a --match-header present=x-c id b",
               "add_https_frontend_with_header_predicates { cluster_id: 'b' address { @80 } hostname: 'a'"
               " path { kind: PREFIX value: '' } position: TREE"
               " header_predicates { name: 'x-c' kind: HEADER_MATCH_KIND_PRESENT } }"},
    SpokenLine{"frontend http remove -a 127.0.0.1:80 --host a --match-header exact=x-a=",
               "remove_http_frontend_with_header_predicates { address { @80 } hostname: 'a'"
               " path { kind: PREFIX value: '' } position: TREE"
               " header_predicates { name: 'x-a' kind: HEADER_MATCH_KIND_EXACT value: '' } }"},
    SpokenLine{"frontend https remove -a 127.0.0.1:80 --host a --match-header present=x-a",
               "remove_https_frontend_with_header_predicates { address { @80 } hostname: 'a'"
               " path { kind: PREFIX value: '' } position: TREE"
               " header_predicates { name: 'x-a' kind: HEADER_MATCH_KIND_PRESENT } }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host a --path-regex /a.* --hsts-disabled deny",
               "add_http_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: '/a.*' } position: TREE"
               " hsts { enabled: false } }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host a --path-equals /a --hsts-include-subdomains id b",
               "add_http_frontend { cluster_id: 'b' address { @80 } hostname: 'a' path { kind: EQUALS value: '/a' }"
               " position: TREE hsts { enabled: true max_age: 31536000 include_subdomains: true } }"},
    SpokenLine{"frontend http add -a 127.0.0.1:80 --host a --hsts-max-age 5 --hsts-preload "
               "--hsts-force-replace-backend id b",
               "add_http_frontend { cluster_id: 'b' address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " position: TREE hsts { enabled: true max_age: 5 preload: true force_replace_backend: true } }"},
    SpokenLine{"frontend http update --address 127.0.0.1:80 --hostname a --split shop=90,next=10",
               "update_http_frontend { address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " split { cluster_id: 'shop' weight: 90 } split { cluster_id: 'next' weight: 10 } }"},
    SpokenLine{"frontend http update -a 127.0.0.1:80 --host a --path-prefix /api --method GET --match-header x-a "
               "--match-cookie b=c --match-query d --source-allow ::/0 --source-deny ::1 --position pre --tags t=1 "
               "--redirect found --redirect-scheme use-https --redirect-template gone --rewrite-host a "
               "--rewrite-path /b --rewrite-port 81 --required-auth --header request=x-a=1 "
               "--replace-header response=x-b=2 --front-timeout 1 --back-timeout 2 --connect-timeout 3 "
               "--tunnel-timeout 4 --hsts-max-age 5 --hsts-include-subdomains --hsts-preload "
               "--hsts-force-replace-backend --reset rewrite_host,split --reset tags id shop",
               "update_http_frontend { cluster_id: 'shop' address { @80 } hostname: 'a' method: 'GET'"
               " path { kind: PREFIX value: '/api' } match_headers { name: 'x-a' kind: PRESENT }"
               " match_cookies { name: 'b' kind: EXACT value: 'c' } match_query { name: 'd' kind: PRESENT }"
               " source_allow: '::/0' source_deny: '::1' position: PRE tags { key: 't' value: '1' } redirect: FOUND"
               " redirect_scheme: USE_HTTPS redirect_template: 'gone' rewrite_host: 'a' rewrite_path: '/b'"
               " rewrite_port: 81 required_auth: true headers { position: REQUEST key: 'x-a' val: '1' }"
               " headers { position: RESPONSE key: 'x-b' val: '2' mode: REPLACE } front_timeout: 1 back_timeout: 2"
               " connect_timeout: 3 tunnel_timeout: 4 hsts { enabled: true max_age: 5 include_subdomains: true"
               " preload: true force_replace_backend: true } reset: ['rewrite_host', 'split', 'tags'] }"},
    SpokenLine{"frontend http update -a 127.0.0.1:80 --host a --path-regex b --no-required-auth --hsts-disabled deny",
               "update_http_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: 'b' }"
               " required_auth: false hsts { enabled: false } reset: ['cluster_id', 'split'] }"},
    SpokenLine{"frontend http update -a 127.0.0.1:80 --host a --match-header present=x-a id b",
               "update_http_frontend { cluster_id: 'b' address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " header_predicates { name: 'x-a' kind: HEADER_MATCH_KIND_PRESENT } }"},
    SpokenLine{"frontend http update -a 127.0.0.1:80 --host a --path-equals /b",
               "update_http_frontend { address { @80 } hostname: 'a' path { kind: EQUALS value: '/b' } }"},
    SpokenLine{"frontend http remove --address 127.0.0.1:80 --hostname a --path-prefix /b --method PUT id c",
               "remove_http_frontend { cluster_id: 'c' address { @80 } hostname: 'a' method: 'PUT'"
               " path { kind: PREFIX value: '/b' } position: TREE }"},
    SpokenLine{"frontend http remove -a 127.0.0.1:80 --host a --match-header x-a=1 --match-cookie b --match-query c^=d "
               "--source-allow ::/0 --source-deny ::1",
               "remove_http_frontend { address { @80 } hostname: 'a' path { kind: PREFIX value: '' } position: TREE"
               " match_headers { name: 'x-a' kind: EXACT value: '1' } match_cookies { name: 'b' kind: PRESENT }"
               " match_query { name: 'c' kind: STARTS_WITH value: 'd' } source_allow: '::/0' source_deny: '::1' }"},
    SpokenLine{"frontend http remove -a 127.0.0.1:80 --host a --path-regex b deny",
               "remove_http_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: 'b' } position: TREE }"},
    SpokenLine{
        "frontend http remove -a 127.0.0.1:80 --host a --path-equals /b deny",
        "remove_http_frontend { address { @80 } hostname: 'a' path { kind: EQUALS value: '/b' } position: TREE }"},
    SpokenLine{"frontend https add --address 127.0.0.1:80 --hostname a --path-prefix /api --method GET --tags t=1 "
               "--redirect permanent --redirect-scheme use-http --redirect-template gone --rewrite-host a "
               "--rewrite-path /b --rewrite-port 81 --required-auth --header request=x-a=1 --hsts-max-age 5 "
               "--hsts-include-subdomains --hsts-preload --hsts-force-replace-backend id shop",
               "add_https_frontend { cluster_id: 'shop' address { @80 } hostname: 'a' method: 'GET'"
               " path { kind: PREFIX value: '/api' } position: TREE tags { key: 't' value: '1' }"
               " redirect: PERMANENT redirect_scheme: USE_HTTP redirect_template: 'gone' rewrite_host: 'a'"
               " rewrite_path: '/b' rewrite_port: 81 required_auth: true"
               " headers { position: REQUEST key: 'x-a' val: '1' } hsts { enabled: true max_age: 5"
               " include_subdomains: true preload: true force_replace_backend: true } }"},
    SpokenLine{"frontend https add -a 127.0.0.1:80 --host a --position pre --match-header x-a --match-cookie b=c "
               "--match-query d --source-allow ::/0 --source-deny ::1 --replace-header request=x-a=1 --front-timeout 1 "
               "--back-timeout 2 --connect-timeout 3 --tunnel-timeout 4 --split a=1,b=2",
               "add_https_frontend { address { @80 } hostname: 'a' path { kind: PREFIX value: '' } position: PRE"
               " match_headers { name: 'x-a' kind: PRESENT } match_cookies { name: 'b' kind: EXACT value: 'c' }"
               " match_query { name: 'd' kind: PRESENT } source_allow: '::/0' source_deny: '::1'"
               " headers { position: REQUEST key: 'x-a' val: '1' mode: REPLACE } front_timeout: 1 back_timeout: 2"
               " connect_timeout: 3 tunnel_timeout: 4 split { cluster_id: 'a' weight: 1 }"
               " split { cluster_id: 'b' weight: 2 } }"},
    SpokenLine{"frontend https add -a 127.0.0.1:80 --host a --path-regex b --hsts-disabled deny",
               "add_https_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: 'b' } position: TREE"
               " hsts { enabled: false } }"},
    SpokenLine{"frontend https add -a 127.0.0.1:80 --host a --path-equals /b id c",
               "add_https_frontend { cluster_id: 'c' address { @80 } hostname: 'a' path { kind: EQUALS value: '/b' }"
               " position: TREE }"},
    SpokenLine{"frontend https update --address 127.0.0.1:80 --hostname a --split shop=90,next=10",
               "update_https_frontend { address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
               " split { cluster_id: 'shop' weight: 90 } split { cluster_id: 'next' weight: 10 } }"},
    SpokenLine{"frontend https update -a 127.0.0.1:80 --host a --path-prefix /api --method GET --match-header x-a "
               "--match-cookie b=c --match-query d --source-allow ::/0 --source-deny ::1 --position pre --tags t=1 "
               "--redirect found --redirect-scheme use-https --redirect-template gone --rewrite-host a "
               "--rewrite-path /b --rewrite-port 81 --required-auth --header request=x-a=1 "
               "--replace-header response=x-b=2 --front-timeout 1 --back-timeout 2 --connect-timeout 3 "
               "--tunnel-timeout 4 --hsts-max-age 5 --hsts-include-subdomains --hsts-preload "
               "--hsts-force-replace-backend --reset rewrite_host,split --reset tags id shop",
               "update_https_frontend { cluster_id: 'shop' address { @80 } hostname: 'a' method: 'GET'"
               " path { kind: PREFIX value: '/api' } match_headers { name: 'x-a' kind: PRESENT }"
               " match_cookies { name: 'b' kind: EXACT value: 'c' } match_query { name: 'd' kind: PRESENT }"
               " source_allow: '::/0' source_deny: '::1' position: PRE tags { key: 't' value: '1' } redirect: FOUND"
               " redirect_scheme: USE_HTTPS redirect_template: 'gone' rewrite_host: 'a' rewrite_path: '/b'"
               " rewrite_port: 81 required_auth: true headers { position: REQUEST key: 'x-a' val: '1' }"
               " headers { position: RESPONSE key: 'x-b' val: '2' mode: REPLACE } front_timeout: 1 back_timeout: 2"
               " connect_timeout: 3 tunnel_timeout: 4 hsts { enabled: true max_age: 5 include_subdomains: true"
               " preload: true force_replace_backend: true } reset: ['rewrite_host', 'split', 'tags'] }"},
    SpokenLine{"frontend https update -a 127.0.0.1:80 --host a --path-regex b --no-required-auth --hsts-disabled deny",
               "update_https_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: 'b' }"
               " required_auth: false hsts { enabled: false } reset: ['cluster_id', 'split'] }"},
    SpokenLine{"frontend https update -a 127.0.0.1:80 --host a --path-equals /b",
               "update_https_frontend { address { @80 } hostname: 'a' path { kind: EQUALS value: '/b' } }"},
    SpokenLine{"frontend https remove --address 127.0.0.1:80 --hostname a --path-prefix /b --method PUT id c",
               "remove_https_frontend { cluster_id: 'c' address { @80 } hostname: 'a' method: 'PUT'"
               " path { kind: PREFIX value: '/b' } position: TREE }"},
    SpokenLine{"frontend https remove -a 127.0.0.1:80 --host a --match-header x-a --match-cookie b --match-query c "
               "--source-allow ::/0 --source-deny ::1 deny",
               "remove_https_frontend { address { @80 } hostname: 'a' path { kind: PREFIX value: '' } position: TREE"
               " match_headers { name: 'x-a' kind: PRESENT } match_cookies { name: 'b' kind: PRESENT }"
               " match_query { name: 'c' kind: PRESENT } source_allow: '::/0' source_deny: '::1' }"},
    SpokenLine{
        "frontend https remove -a 127.0.0.1:80 --host a --path-regex b deny",
        "remove_https_frontend { address { @80 } hostname: 'a' path { kind: REGEX value: 'b' } position: TREE }"},
    SpokenLine{
        "frontend https remove -a 127.0.0.1:80 --host a --path-equals /b deny",
        "remove_https_frontend { address { @80 } hostname: 'a' path { kind: EQUALS value: '/b' } position: TREE }"},
    SpokenLine{"frontend tcp add --id db --address 127.0.0.1:5432 --tags a=b",
               "add_tcp_frontend { cluster_id: 'db' address { @5432 } tags { key: 'a' value: 'b' } }"},
    SpokenLine{"frontend tcp remove --id db --address 127.0.0.1:5432",
               "remove_tcp_frontend { cluster_id: 'db' address { @5432 } }"},
    SpokenLine{"frontend udp add --id dns --address 127.0.0.1:53 --tags a=b",
               "add_udp_frontend { cluster_id: 'dns' address { @53 } tags { key: 'a' value: 'b' } }"},
    SpokenLine{"frontend udp remove --id dns --address 127.0.0.1:53",
               "remove_udp_frontend { cluster_id: 'dns' address { @53 } }"},
    SpokenLine{"frontend list", "list_frontends {}"},
    SpokenLine{"frontend list --http --https --tcp --domain shop",
               "list_frontends { http: true https: true tcp: true domain: 'shop' }"},

    // ---- listeners
    SpokenLine{"listener list", "list_listeners {}"},
    SpokenLine{"listener http add --address 127.0.0.1:80",
               "add_http_listener { address { @80 } sticky_name: 'SOZUBALANCEID' }"},
    SpokenLine{"listener http add -a 127.0.0.1:80 --public-address 127.0.0.1:81 --expect-proxy --sticky-name lb "
               "--front-timeout 1 --back-timeout 2 --connect-timeout 3 --request-timeout 4 --answer-404 $/answer "
               "--answer-503 $/answer --sozu-id-header x-id --send-x-real-ip --elide-x-real-ip " SEKI_OWN_KNOBS,
               "add_http_listener { address { @80 } public_address { @81 } expect_proxy: true sticky_name: 'lb'"
               " front_timeout: 1 back_timeout: 2 connect_timeout: 3 request_timeout: 4"
               " http_answers { answer_404: 'an answer' answer_503: 'an answer' } sozu_id_header: 'x-id'"
               " send_x_real_ip: true elide_x_real_ip: true" SEKI_OWN_FIELDS "}"},
    SpokenLine{"listener http add -a 127.0.0.1:80 --no-trusted-proxies",
               "add_http_listener { address { @80 } sticky_name: 'SOZUBALANCEID' trusted_proxies {} }"},
    SpokenLine{"listener https add --address 127.0.0.1:443",
               "add_https_listener { address { @443 } sticky_name: 'SOZUBALANCEID'"
               " versions: [TLS_V1_2, TLS_V1_3] }"},
    SpokenLine{"listener https add -a 127.0.0.1:443 --public-address 127.0.0.1:81 --expect-proxy --sticky-name lb "
               "--front-timeout 1 --back-timeout 2 --connect-timeout 3 --request-timeout 4 --answer-404 $/answer "
               "--answer-503 $/answer --tls-versions TLSv1 --tls-versions tls_v12,TLSv1.3 --tls-cipher-list A,B "
               "--sozu-id-header x-id --send-x-real-ip --elide-x-real-ip " SEKI_OWN_KNOBS,
               "add_https_listener { address { @443 } public_address { @81 } expect_proxy: true sticky_name: 'lb'"
               " front_timeout: 1 back_timeout: 2 connect_timeout: 3 request_timeout: 4"
               " http_answers { answer_404: 'an answer' answer_503: 'an answer' }"
               " versions: [TLS_V1_0, TLS_V1_2, TLS_V1_3] cipher_list: ['A', 'B'] sozu_id_header: 'x-id'"
               " send_x_real_ip: true elide_x_real_ip: true" SEKI_OWN_FIELDS "}"},
    SpokenLine{"listener https add -a 127.0.0.1:443 --tls-versions tls_v12 --tls-groups x25519,P-256 "
               "--tls-signature-algorithms ECDSA+SHA256 --send-tls13-tickets 2 --alpn-protocols http/1.1 "
               "--certificate $/answer --key $/key --certificate-chain $/chain.pem --strict-sni-binding "
               "--enable-http11 --hsts-disabled --handshake-timeout 5 --library-tls-records",
               "add_https_listener { address { @443 } sticky_name: 'SOZUBALANCEID' versions: TLS_V1_2"
               " groups_list: ['x25519', 'P-256'] signature_algorithms: 'ECDSA+SHA256' send_tls13_tickets: 2"
               " alpn_protocols: 'http/1.1' certificate: 'an answer' key: 'a key'" SEKI_CHAIN
               " strict_sni_binding: true disable_http11: false hsts { enabled: false } handshake_timeout: 5"
               " own_tls_records: false }"},
    SpokenLine{"listener https add -a 127.0.0.1:443 --tls-versions tls_v12 --no-strict-sni-binding --disable-http11 "
               "--hsts-max-age 9 --hsts-include-subdomains --hsts-preload --hsts-force-replace-backend "
               "--own-tls-records --client-auth required --client-ca-certificate $/chain.pem "
               "--client-ca-crl $/crl.pem --client-subject-header x-a --client-san-header x-b "
               "--client-fingerprint-header x-c --client-verify-header x-d",
               "add_https_listener_with_client_auth { address { @443 } sticky_name: 'SOZUBALANCEID'"
               " versions: TLS_V1_2 strict_sni_binding: false disable_http11: true"
               " hsts { enabled: true max_age: 9 include_subdomains: true preload: true force_replace_backend: true }"
               " own_tls_records: true client_auth: CLIENT_AUTH_REQUIRED" SEKI_AUTHORITIES SEKI_CRL SEKI_HEADERS "}"},
    SpokenLine{"listener https add -a 127.0.0.1:443 --no-trusted-proxies",
               "add_https_listener { address { @443 } sticky_name: 'SOZUBALANCEID'"
               " versions: [TLS_V1_2, TLS_V1_3] trusted_proxies {} }"},
    SpokenLine{"listener tcp add --address 127.0.0.1:5432 --public-address 127.0.0.1:81 --expect-proxy "
               "--front-timeout 1 --back-timeout 2 --connect-timeout 3 --interface eth0",
               "add_tcp_listener { address { @5432 } interface: 'eth0' public_address { @81 } expect_proxy: true "
               "front_timeout: 1"
               " back_timeout: 2 connect_timeout: 3 }"},
    SpokenLine{
        "listener udp add --address 127.0.0.1:53 --public-address 127.0.0.1:81 --front-timeout 1 "
        "--back-timeout 2 --max-rx-datagram-size 3 --max-flows 4 --interface eth0",
        "add_udp_listener { address { @53 } interface: 'eth0' public_address { @81 } front_timeout: 1 back_timeout: 2"
        " max_rx_datagram_size: 3 max_flows: 4 }"},
    SpokenLine{"listener http add -a 127.0.0.1:80 --interface eth0",
               "add_http_listener { address { @80 } sticky_name: 'SOZUBALANCEID' interface: 'eth0' }"},
    SpokenLine{"listener https add -a 127.0.0.1:443 --interface eth0",
               "add_https_listener { address { @443 } sticky_name: 'SOZUBALANCEID' versions: [TLS_V1_2, TLS_V1_3]"
               " interface: 'eth0' }"},
    SpokenLine{"frontend list --id shop", "list_frontends { cluster_id: 'shop' }"},
    SpokenLine{"listener http remove -a 127.0.0.1:80 --interface eth0",
               "remove_listener { address { @80 } proxy: HTTP interface: 'eth0' }"},
    SpokenLine{"listener http remove --address 127.0.0.1:80", "remove_listener { address { @80 } proxy: HTTP }"},
    SpokenLine{"listener https remove -a 127.0.0.1:80 --interface eth0",
               "remove_listener { address { @80 } proxy: HTTPS interface: 'eth0' }"},
    SpokenLine{"listener https remove --address 127.0.0.1:80", "remove_listener { address { @80 } proxy: HTTPS }"},
    SpokenLine{"listener tcp remove -a 127.0.0.1:80 --interface eth0",
               "remove_listener { address { @80 } proxy: TCP interface: 'eth0' }"},
    SpokenLine{"listener tcp remove --address 127.0.0.1:80", "remove_listener { address { @80 } proxy: TCP }"},
    SpokenLine{"listener udp remove -a 127.0.0.1:80 --interface eth0",
               "remove_listener { address { @80 } proxy: UDP interface: 'eth0' }"},
    SpokenLine{"listener udp remove --address 127.0.0.1:80", "remove_listener { address { @80 } proxy: UDP }"},
    SpokenLine{"listener http activate -a 127.0.0.1:80 --interface eth0",
               "activate_listener { address { @80 } proxy: HTTP from_scm: false interface: 'eth0' }"},
    SpokenLine{"listener http activate --address 127.0.0.1:80",
               "activate_listener { address { @80 } proxy: HTTP from_scm: false }"},
    SpokenLine{"listener https activate -a 127.0.0.1:80 --interface eth0",
               "activate_listener { address { @80 } proxy: HTTPS from_scm: false interface: 'eth0' }"},
    SpokenLine{"listener https activate --address 127.0.0.1:80",
               "activate_listener { address { @80 } proxy: HTTPS from_scm: false }"},
    SpokenLine{"listener tcp activate -a 127.0.0.1:80 --interface eth0",
               "activate_listener { address { @80 } proxy: TCP from_scm: false interface: 'eth0' }"},
    SpokenLine{"listener tcp activate --address 127.0.0.1:80",
               "activate_listener { address { @80 } proxy: TCP from_scm: false }"},
    SpokenLine{"listener udp activate -a 127.0.0.1:80 --interface eth0",
               "activate_listener { address { @80 } proxy: UDP from_scm: false interface: 'eth0' }"},
    SpokenLine{"listener udp activate --address 127.0.0.1:80",
               "activate_listener { address { @80 } proxy: UDP from_scm: false }"},
    SpokenLine{"listener http deactivate -a 127.0.0.1:80 --interface eth0",
               "deactivate_listener { address { @80 } proxy: HTTP to_scm: false interface: 'eth0' }"},
    SpokenLine{"listener http deactivate --address 127.0.0.1:80",
               "deactivate_listener { address { @80 } proxy: HTTP to_scm: false }"},
    SpokenLine{"listener https deactivate -a 127.0.0.1:80 --interface eth0",
               "deactivate_listener { address { @80 } proxy: HTTPS to_scm: false interface: 'eth0' }"},
    SpokenLine{"listener https deactivate --address 127.0.0.1:80",
               "deactivate_listener { address { @80 } proxy: HTTPS to_scm: false }"},
    SpokenLine{"listener tcp deactivate -a 127.0.0.1:80 --interface eth0",
               "deactivate_listener { address { @80 } proxy: TCP to_scm: false interface: 'eth0' }"},
    SpokenLine{"listener tcp deactivate --address 127.0.0.1:80",
               "deactivate_listener { address { @80 } proxy: TCP to_scm: false }"},
    SpokenLine{"listener udp deactivate -a 127.0.0.1:80 --interface eth0",
               "deactivate_listener { address { @80 } proxy: UDP to_scm: false interface: 'eth0' }"},
    SpokenLine{"listener udp deactivate --address 127.0.0.1:80",
               "deactivate_listener { address { @80 } proxy: UDP to_scm: false }"},
    SpokenLine{"listener http update --address 127.0.0.1:80", "update_http_listener { address { @80 } }"},
    SpokenLine{"listener http update -a 127.0.0.1:80 --no-expect-proxy --no-send-x-real-ip --no-elide-x-real-ip "
               "--no-trusted-proxies --answer 404=",
               "update_http_listener { address { @80 } expect_proxy: false send_x_real_ip: false elide_x_real_ip: false"
               " trusted_proxies {} answers { key: '404' value: '' } }"},
    SpokenLine{"listener http update -a 127.0.0.1:80 " SEKI_HTTP_KNOBS, "update_http_listener {" SEKI_HTTP_FIELDS "}"},
    SpokenLine{
        "listener https update --address 127.0.0.1:80 " SEKI_HTTP_KNOBS
        " --strict-sni-binding --disable-http11 --alpn-protocols h2,http/1.1 --hsts-max-age 9 "
        "--hsts-include-subdomains --hsts-preload --hsts-force-replace-backend",
        "update_https_listener {" SEKI_HTTP_FIELDS
        " strict_sni_binding: true disable_http11: true alpn_protocols { values: ['h2', 'http/1.1'] }"
        " hsts { enabled: true max_age: 9 include_subdomains: true preload: true force_replace_backend: true } }"},
    SpokenLine{"listener https update -a 127.0.0.1:80 --no-expect-proxy --no-strict-sni-binding --enable-http11 "
               "--reset-alpn --hsts-disabled --no-send-x-real-ip --no-elide-x-real-ip --no-trusted-proxies",
               "update_https_listener { address { @80 } expect_proxy: false strict_sni_binding: false"
               " disable_http11: false alpn_protocols {} hsts { enabled: false } send_x_real_ip: false"
               " elide_x_real_ip: false trusted_proxies {} }"},
    SpokenLine{"listener https update -a 127.0.0.1:80 --handshake-timeout 5 --own-tls-records --client-auth optional "
               "--client-ca-certificate $/chain.pem --client-ca-crl $/crl.pem --client-subject-header x-a "
               "--client-san-header x-b --client-fingerprint-header x-c --client-verify-header x-d",
               "update_https_listener_with_client_auth { address { @80 } handshake_timeout: 5 own_tls_records: true"
               " client_auth_policy { client_auth: CLIENT_AUTH_OPTIONAL" SEKI_AUTHORITIES SEKI_CRL "}" SEKI_HEADERS
               "}"},
    SpokenLine{"listener https update -a 127.0.0.1:80 --library-tls-records",
               "update_https_listener { address { @80 } own_tls_records: false }"},
    SpokenLine{"listener tcp update --address 127.0.0.1:80 --public-address 127.0.0.1:81 --expect-proxy "
               "--front-timeout 1 --back-timeout 2 --connect-timeout 3",
               "update_tcp_listener { address { @80 } public_address { @81 } expect_proxy: true front_timeout: 1"
               " back_timeout: 2 connect_timeout: 3 }"},
    SpokenLine{"listener tcp update -a 127.0.0.1:80 --no-expect-proxy",
               "update_tcp_listener { address { @80 } expect_proxy: false }"},
    SpokenLine{"listener udp update --address 127.0.0.1:80 --public-address 127.0.0.1:81 --front-timeout 1 "
               "--back-timeout 2 --max-rx-datagram-size 3 --max-flows 4",
               "update_udp_listener { address { @80 } public_address { @81 } front_timeout: 1 back_timeout: 2"
               " max_rx_datagram_size: 3 max_flows: 4 }"},

    // ---- certificates
    SpokenLine{"certificate list", "query_certificates_from_the_state {}"},
    SpokenLine{"certificate list --fingerprint ab --domain a.example",
               "query_certificates_from_the_state { fingerprint: 'ab' domain: 'a.example' }"},
    SpokenLine{"certificate list -d a.example --workers", "query_certificates_from_workers { domain: 'a.example' }"},
    SpokenLine{"certificate add --address 127.0.0.1:443 --certificate $/answer --certificate-chain $/chain.pem "
               "--key $/key --tls-versions TLS_V13 --names a.example,*.b.example --ocsp-response $/answer",
               "add_certificate { address { @443 } certificate { certificate: 'an answer' key: 'a key'" SEKI_CHAIN
               " versions: TLS_V1_3 names: ['a.example', '*.b.example'] ocsp_response: 'an answer' } }"},
    SpokenLine{"certificate add --address 127.0.0.1:443 --certificate $/answer --key $/key",
               "add_certificate { address { @443 } certificate { certificate: 'an answer' key: 'a key' } }"},
    SpokenLine{"certificate remove --address 127.0.0.1:443 --fingerprint ab",
               "remove_certificate { address { @443 } fingerprint: 'ab' }"},
    SpokenLine{"certificate remove -a 127.0.0.1:443 --certificate $/certificate.pem",
               "remove_certificate { address { @443 }"
               " fingerprint: '5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342' }"},
    SpokenLine{"certificate replace --address 127.0.0.1:443 --new-certificate $/answer --new-certificate-chain $/key "
               "--new-key $/key --fingerprint ab --tls-versions TLS_V12 --names a.example --ocsp-response $/answer",
               "replace_certificate { address { @443 } old_fingerprint: 'ab'"
               " new_certificate { certificate: 'an answer' key: 'a key' versions: TLS_V1_2 names: 'a.example'"
               " ocsp_response: 'an answer' } }"},
    SpokenLine{"certificate replace -a 127.0.0.1:443 --new-certificate $/answer --new-certificate-chain $/key "
               "--new-key $/key --old-certificate $/certificate.pem",
               "replace_certificate { address { @443 } new_certificate { certificate: 'an answer' key: 'a key' }"
               " old_fingerprint: '5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342' }"},
    SpokenLine{"ticket-secret set --file $/key", "set_tls_ticket_secret: 'a key'"},
};

#undef SEKI_OWN_KNOBS
#undef SEKI_OWN_FIELDS
#undef SEKI_HTTP_KNOBS
#undef SEKI_HTTP_FIELDS
#undef SEKI_ONE
#undef SEKI_OTHER
#undef SEKI_CHAIN
#undef SEKI_AUTHORITIES
#undef SEKI_CRL
#undef SEKI_HEADERS

constexpr auto others = std::to_array<std::string_view>({
    "start",
    "config check",
    "config schema",
    "check",
    "fmt -c seki.toml",
    "fmt seki.toml --write",
    "fmt - --check",
    "help cluster add",
    "version",
    "apply changes.json --dry-run --expect-version 7",
    "init --hostname a.example --backend 127.0.0.1:3000 --certificate c.pem --key c.key --http 127.0.0.1:80 "
    "--https 127.0.0.1:443 --output seki.toml --force",
    "convert nginx nginx.conf --output seki.toml --force --strict",
    "convert haproxy haproxy.cfg --output seki.toml --force --strict",
    "completions bash",
    "man",
    "events",
    "state diff a.json b.json",
    "upgrade",
    "cluster h2 enable --id shop",
    "cluster h2 disable --id shop",
    "cluster tags --id shop",
    "cluster connection-attempts set --id shop 7",
    "cluster connection-attempts unset --id shop",
});

}  // namespace

std::span<const SpokenLine> spoken_lines() { return lines; }
std::span<const std::string_view> other_lines() { return others; }

}  // namespace seki::ctl
