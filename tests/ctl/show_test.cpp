#include "ctl/show/show.h"

#include <gtest/gtest.h>

#include "ctl/certificate.h"
#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

std::string shown(std::string_view content) { return "\n" + show(message_of<command::ResponseContent>(content)); }

TEST(Show, workers_sorted_by_id) {
    EXPECT_EQ(shown("workers { vec { id: 10 pid: 4243 run_state: NOT_ANSWERING }"
                    " vec { id: 2 pid: 42 run_state: RUNNING } }"),
              R"(
╭────────┬──────┬───────────────╮
│ worker │  pid │ state         │
├────────┼──────┼───────────────┤
│      2 │   42 │ RUNNING       │
│     10 │ 4243 │ NOT_ANSWERING │
╰────────┴──────┴───────────────╯
)");
}

TEST(Show, sessions_without_the_id_that_has_its_own_column) {
    EXPECT_EQ(shown("sessions { vec { id: '01HZY' worker_id: 1 line: '01HZY client 127.0.0.1:5 age=7ms' }"
                    " vec { id: '01HZZ' worker_id: 0 line: '01HZZ' } truncated: true }"),
              R"(
╭───────┬────────┬────────────────────────────╮
│ id    │ worker │ session                    │
├───────┼────────┼────────────────────────────┤
│ 01HZY │      1 │ client 127.0.0.1:5 age=7ms │
│ 01HZZ │      0 │ 01HZZ                      │
╰───────┴────────┴────────────────────────────╯
There are more; --limit shows them.
)");
    EXPECT_EQ(shown("sessions {}"), "\nNo open sessions\n");
}

TEST(Show, content_without_a_form_of_its_own_field_by_field) {
    const auto content = message_of<command::ResponseContent>(
        "sessions { vec { id: 'a' worker_id: 1 line: 'b' } truncated: true silent_workers: 2 }");
    EXPECT_EQ("\n" + show_fields(content.sessions()), R"(
vec
╭────┬───────────┬──────╮
│ id │ worker_id │ line │
├────┼───────────┼──────┤
│ a  │         1 │ b    │
╰────┴───────────┴──────╯
truncated: true
silent_workers: [2]
)");
}

TEST(Show, workers_that_do_not_answer_by_name) {
    const std::string silence = "Worker 1 does not answer: what it knows is missing.\n";
    EXPECT_EQ(shown("sessions { silent_workers: 1 }"), "\nNo open sessions\n" + silence);
    EXPECT_EQ(shown("metrics { silent_workers: 1 }"), "\nNo metrics\n" + silence);
    EXPECT_EQ(shown("available_metrics { silent_workers: 1 }"), "\nNo metrics\n" + silence);
}

TEST(Show, listeners_by_kind_with_notes_of_what_has_no_column) {
    EXPECT_EQ(shown("listeners_list {"
                    " http_listeners { key: '127.0.0.1:80' value { address { @80 } active: true sticky_name: 'lb'"
                    "   public_address { @8080 } front_timeout: 1 back_timeout: 2 connect_timeout: 3"
                    "   request_timeout: 4 send_x_real_ip: true h2_max_ping_per_window: 5"
                    "   answers { key: '503' value: 'b' } answers { key: '404' value: 'a' } } }"
                    " https_listeners { key: '127.0.0.1:443' value { address { @443 } sticky_name: 'lb'"
                    "   versions: TLS_V1_3 key: 'secret' expect_proxy: true } }"
                    " tcp_listeners { key: '127.0.0.1:5432' value { address { @5432 } } }"
                    " udp_listeners { key: '127.0.0.1:53' value { address { @53 } max_flows: 9 } } }"),
              R"(
HTTP listeners
╭──────────────┬────────┬────────────────┬───────┬───────┬──────┬─────────┬─────────┬───────────────╮
│ address      │ state  │ public address │ PROXY │ front │ back │ connect │ request │ sticky cookie │
├──────────────┼────────┼────────────────┼───────┼───────┼──────┼─────────┼─────────┼───────────────┤
│ 127.0.0.1:80 │ active │ 127.0.0.1:8080 │ -     │ 1 s   │ 2 s  │ 3 s     │ 4 s     │ lb            │
╰──────────────┴────────┴────────────────┴───────┴───────┴──────┴─────────┴─────────┴───────────────╯
  127.0.0.1:80  h2_max_ping_per_window=5 answers=404,503 send_x_real_ip=true
HTTPS listeners
╭───────────────┬──────────┬────────────────┬──────────┬───────┬──────┬─────────┬─────────┬───────────────╮
│ address       │ state    │ public address │ PROXY    │ front │ back │ connect │ request │ sticky cookie │
├───────────────┼──────────┼────────────────┼──────────┼───────┼──────┼─────────┼─────────┼───────────────┤
│ 127.0.0.1:443 │ inactive │ -              │ expected │ 60 s  │ 30 s │ 3 s     │ 10 s    │ lb            │
╰───────────────┴──────────┴────────────────┴──────────┴───────┴──────┴─────────┴─────────┴───────────────╯
  127.0.0.1:443  versions=["TLS_V1_3"]
TCP listeners
╭────────────────┬──────────┬────────────────┬───────┬───────┬──────┬─────────╮
│ address        │ state    │ public address │ PROXY │ front │ back │ connect │
├────────────────┼──────────┼────────────────┼───────┼───────┼──────┼─────────┤
│ 127.0.0.1:5432 │ inactive │ -              │ -     │ 60 s  │ 30 s │ 3 s     │
╰────────────────┴──────────┴────────────────┴───────┴───────┴──────┴─────────╯
UDP listeners
╭──────────────┬──────────┬────────────────┬───────┬──────┬──────────────────┬───────╮
│ address      │ state    │ public address │ front │ back │ largest datagram │ flows │
├──────────────┼──────────┼────────────────┼───────┼──────┼──────────────────┼───────┤
│ 127.0.0.1:53 │ inactive │ -              │ 30 s  │ 30 s │             1500 │     9 │
╰──────────────┴──────────┴────────────────┴───────┴──────┴──────────────────┴───────╯
)");
    EXPECT_EQ(shown("listeners_list {}"), "\nNo listeners\n");
}

TEST(Show, frontends_by_kind) {
    EXPECT_EQ(
        shown("frontend_list {"
              " http_frontends { cluster_id: 'shop' address { @80 } hostname: 'shop.example' method: 'GET'"
              "   path { kind: PREFIX value: '/api' } tags { key: 'b' value: '2' } tags { key: 'a' value: '1' } }"
              " http_frontends { address { @80 } hostname: 'a.example' path { kind: EQUALS value: '/' }"
              "   redirect: FOUND position: PRE }"
              " http_frontends { address { @80 } hostname: 'b.example' path { kind: PREFIX value: '' } }"
              " https_frontends { cluster_id: 'b' address { @443 } hostname: 'b' path { kind: REGEX value: 'x+' } }"
              " tcp_frontends { cluster_id: 'db' address { @5432 } }"
              " udp_frontends { cluster_id: 'dns' address { @53 } tags { key: 'a' value: '1' } } }"),
        R"(
HTTP frontends
╭─────────┬──────────────┬──────────────┬───────────┬────────┬──────────┬──────────┬──────────╮
│ cluster │ address      │ hostname     │ path      │ method │ position │ redirect │ tags     │
├─────────┼──────────────┼──────────────┼───────────┼────────┼──────────┼──────────┼──────────┤
│ shop    │ 127.0.0.1:80 │ shop.example │ /api…     │ GET    │ TREE     │ -        │ a=1, b=2 │
│ -       │ 127.0.0.1:80 │ a.example    │ / (exact) │ -      │ PRE      │ FOUND    │ -        │
│ Deny    │ 127.0.0.1:80 │ b.example    │ all       │ -      │ TREE     │ -        │ -        │
╰─────────┴──────────────┴──────────────┴───────────┴────────┴──────────┴──────────┴──────────╯
HTTPS frontends
╭─────────┬───────────────┬──────────┬────────────┬────────┬──────────┬──────────┬──────╮
│ cluster │ address       │ hostname │ path       │ method │ position │ redirect │ tags │
├─────────┼───────────────┼──────────┼────────────┼────────┼──────────┼──────────┼──────┤
│ b       │ 127.0.0.1:443 │ b        │ x+ (regex) │ -      │ TREE     │ -        │ -    │
╰─────────┴───────────────┴──────────┴────────────┴────────┴──────────┴──────────┴──────╯
TCP frontends
╭─────────┬────────────────┬──────╮
│ cluster │ address        │ tags │
├─────────┼────────────────┼──────┤
│ db      │ 127.0.0.1:5432 │ -    │
╰─────────┴────────────────┴──────╯
UDP frontends
╭─────────┬──────────────┬──────╮
│ cluster │ address      │ tags │
├─────────┼──────────────┼──────┤
│ dns     │ 127.0.0.1:53 │ a=1  │
╰─────────┴──────────────┴──────╯
)");
    EXPECT_EQ(shown("frontend_list {}"), "\nNo frontends\n");
}

TEST(Show, conditions_and_edits_of_frontends_where_there_are_any) {
    EXPECT_EQ(shown("frontend_list {"
                    " http_frontends { address { @80 } hostname: '*' path { kind: PREFIX value: '' } position: POST"
                    "   split { cluster_id: 'a' weight: 90 } split { cluster_id: 'b' weight: 10 }"
                    "   match_headers { name: 'x-a' value: '1' } source_deny: '192.0.2.0/24' }"
                    " http_frontends { cluster_id: 'a' address { @80 } hostname: 'a' path { kind: PREFIX value: '' }"
                    "   redirect_scheme: USE_HTTPS redirect_template: 'x' rewrite_host: 'b' rewrite_path: '/c'"
                    "   rewrite_port: 81 required_auth: true front_timeout: 1 tunnel_timeout: 2"
                    "   headers { position: REQUEST key: 'x-b' val: '1' } headers { position: BOTH key: 'x-c' val: '' }"
                    "   headers { position: RESPONSE key: 'x-d' val: '2' mode: REPLACE } } }"),
              R"(
HTTP frontends
╭────────────┬──────────────┬──────────┬──────┬────────┬───────────────────────────────────────┬──────────┬───────────────────────┬──────────────────────────────────────────────────────────────────────────────────────┬───────────────────────────────────┬──────╮
│ cluster    │ address      │ hostname │ path │ method │ conditions                            │ position │ redirect              │ edits                                                                                │ limits                            │ tags │
├────────────┼──────────────┼──────────┼──────┼────────┼───────────────────────────────────────┼──────────┼───────────────────────┼──────────────────────────────────────────────────────────────────────────────────────┼───────────────────────────────────┼──────┤
│ a 90, b 10 │ 127.0.0.1:80 │ *        │ all  │ -      │ header x-a = 1, not from 192.0.2.0/24 │ POST     │ -                     │ -                                                                                    │ -                                 │ -    │
│ a          │ 127.0.0.1:80 │ a        │ all  │ -      │ -                                     │ TREE     │ USE_HTTPS, own answer │ host = b, path = /c, port = 81, REQUEST x-b += 1, BOTH without x-c, RESPONSE x-d = 2 │ users only, front 1 s, tunnel 2 s │ -    │
╰────────────┴──────────────┴──────────┴──────┴────────┴───────────────────────────────────────┴──────────┴───────────────────────┴──────────────────────────────────────────────────────────────────────────────────────┴───────────────────────────────────┴──────╯
)");
}

TEST(Show, hashes_of_clusters_with_those_that_differ_marked) {
    EXPECT_EQ(
        shown("worker_responses {"
              " map { key: 'main' value { cluster_hashes { map { key: 'a' value: 1 } map { key: 'b' value: 2 } } } }"
              " map { key: '0' value { cluster_hashes { map { key: 'a' value: 1 } map { key: 'b' value: 3 } } } }"
              " map { key: '1' value { cluster_hashes { map { key: 'a' value: 1 } } } } }"),
        R"(
╭─────────┬──────────────────┬──────────────────┬──────────────────┬────────────────╮
│ cluster │         worker 0 │         worker 1 │             main │ desynchronized │
├─────────┼──────────────────┼──────────────────┼──────────────────┼────────────────┤
│ a       │ 0000000000000001 │ 0000000000000001 │ 0000000000000001 │ -              │
│ b       │ 0000000000000003 │                - │ 0000000000000002 │ X              │
╰─────────┴──────────────────┴──────────────────┴──────────────────┴────────────────╯
)");
    EXPECT_EQ(shown("worker_responses { map { key: 'main' value { cluster_hashes {} } } }"), "\nNo clusters\n");
}

TEST(Show, clusters_side_by_side) {
    EXPECT_EQ(shown("worker_responses {"
                    " map { key: 'main' value { clusters { vec {"
                    "   configuration { cluster_id: 'shop' sticky_session: true load_balancing: RANDOM }"
                    "   http_frontends { cluster_id: 'shop' address { @80 } hostname: 'shop.example'"
                    "     path { kind: PREFIX value: '' } }"
                    "   https_frontends { cluster_id: 'shop' address { @443 } hostname: 'shop.example'"
                    "     path { kind: PREFIX value: '' } method: 'GET' }"
                    "   tcp_frontends { cluster_id: 'shop' address { @81 } }"
                    "   udp_frontends { cluster_id: 'shop' address { @82 } }"
                    "   backends { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"
                    "     load_balancing_parameters { weight: 100 } }"
                    "   backends { cluster_id: 'shop' backend_id: 'shop-2' address { @9001 } backup: true"
                    "     state: DRAIN } } } } }"
                    " map { key: '0' value { clusters { vec {"
                    "   configuration { cluster_id: 'shop' sticky_session: true load_balancing: RANDOM retry_after: 1 }"
                    "   backends { cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"
                    "     load_balancing_parameters { weight: 100 } } } } } } }"),
              R"(
Clusters
╭──────┬────────────────┬────────┬────────────────┬───────┬──────────┬──────╮
│ id   │ load balancing │ sticky │ https redirect │ http2 │ worker 0 │ main │
├──────┼────────────────┼────────┼────────────────┼───────┼──────────┼──────┤
│ shop │ RANDOM         │ yes    │ no             │ no    │ ●        │ -    │
│ shop │ RANDOM         │ yes    │ no             │ no    │ -        │ ●    │
╰──────┴────────────────┴────────┴────────────────┴───────┴──────────┴──────╯
HTTP frontends
╭─────────┬──────────────┬──────────────┬──────┬────────┬──────────┬──────╮
│ cluster │ address      │ hostname     │ path │ method │ worker 0 │ main │
├─────────┼──────────────┼──────────────┼──────┼────────┼──────────┼──────┤
│ shop    │ 127.0.0.1:80 │ shop.example │ all  │ -      │ -        │ ●    │
╰─────────┴──────────────┴──────────────┴──────┴────────┴──────────┴──────╯
HTTPS frontends
╭─────────┬───────────────┬──────────────┬──────┬────────┬──────────┬──────╮
│ cluster │ address       │ hostname     │ path │ method │ worker 0 │ main │
├─────────┼───────────────┼──────────────┼──────┼────────┼──────────┼──────┤
│ shop    │ 127.0.0.1:443 │ shop.example │ all  │ GET    │ -        │ ●    │
╰─────────┴───────────────┴──────────────┴──────┴────────┴──────────┴──────╯
TCP frontends
╭─────────┬──────────────┬──────────┬──────╮
│ cluster │ address      │ worker 0 │ main │
├─────────┼──────────────┼──────────┼──────┤
│ shop    │ 127.0.0.1:81 │ -        │ ●    │
╰─────────┴──────────────┴──────────┴──────╯
UDP frontends
╭─────────┬──────────────┬──────────┬──────╮
│ cluster │ address      │ worker 0 │ main │
├─────────┼──────────────┼──────────┼──────┤
│ shop    │ 127.0.0.1:82 │ -        │ ●    │
╰─────────┴──────────────┴──────────┴──────╯
Backends
╭─────────┬────────┬────────────────┬────────┬────────┬───────┬──────────┬──────╮
│ cluster │ id     │ address        │ weight │ backup │ state │ worker 0 │ main │
├─────────┼────────┼────────────────┼────────┼────────┼───────┼──────────┼──────┤
│ shop    │ shop-1 │ 127.0.0.1:9000 │    100 │ no     │ READY │ ●        │ ●    │
│ shop    │ shop-2 │ 127.0.0.1:9001 │    100 │ yes    │ DRAIN │ -        │ ●    │
╰─────────┴────────┴────────────────┴────────┴────────┴───────┴──────────┴──────╯
)");
    EXPECT_EQ(shown("worker_responses {}"), "\nNo process answered\n");
}

TEST(Show, answers_of_several_processes_below_one_another) {
    EXPECT_EQ(
        shown("worker_responses { map { key: '0' value { max_connections_per_ip_limit { limit: 5 } } }"
              " map { key: 'main' value { max_connections_per_ip_limit { limit: 0 } } } map { key: '1' value {} } }"),
        R"(
worker 0
5 connections per source address and cluster
main
Unlimited (0)
)");
}

TEST(Show, health_checks) {
    EXPECT_EQ(shown("health_checks_list { map { key: 'shop' value { uri: '/up' interval: 1 timeout: 2"
                    " healthy_threshold: 3 unhealthy_threshold: 4 expected_status: 204 } }"
                    " map { key: 'b' value { uri: '/' interval: 10 timeout: 5 healthy_threshold: 3"
                    " unhealthy_threshold: 3 expected_status: 0 } } }"),
              R"(
╭─────────┬─────┬──────────┬─────────┬───────────────┬─────────────────┬────────╮
│ cluster │ uri │ interval │ timeout │ healthy after │ unhealthy after │ status │
├─────────┼─────┼──────────┼─────────┼───────────────┼─────────────────┼────────┤
│ b       │ /   │ 10 s     │ 5 s     │             3 │               3 │ 2xx    │
│ shop    │ /up │ 1 s      │ 2 s     │             3 │               4 │ 204    │
╰─────────┴─────┴──────────┴─────────┴───────────────┴─────────────────┴────────╯
)");
}

TEST(Show, metrics_as_values_percentiles_and_distributions) {
    EXPECT_EQ(
        shown("metrics {"
              " main { key: 'up' value { gauge: 1 } }"
              " proxying { key: 'requests' value { count: 12345 } }"
              " proxying { key: 'epoll_time' value { time: 3 } }"
              " proxying { key: 'response_time' value { percentiles { samples: 9 p_50: 1 p_90: 2 p_99: 3 p_99_9: 4"
              "   p_99_99: 5 p_99_999: 6 p_100: 7 sum: 20 } } }"
              " proxying { key: 'service_time' value { histogram { sum: 30 count: 10 buckets { le: 0 count: 1 }"
              "   buckets { le: 1 count: 3 } buckets { le: 3 count: 3 } buckets { le: 7 count: 10 } } } }"
              " workers { key: '0' value { proxy { key: 'requests' value { count: 5 } } } }"
              " clusters { key: 'shop' value { cluster { key: 'http.status\\t2xx' value { count: 4 } }"
              "   backends { backend_id: 'shop-1' metrics { key: 'requests' value { count: 4 } } } } } }"),
        R"(
Supervisor
╭────────┬───────╮
│ metric │ value │
├────────┼───────┤
│ up     │     1 │
╰────────┴───────╯
Proxying, all workers
╭────────────┬───────╮
│ metric     │ value │
├────────────┼───────┤
│ epoll_time │ 3 ms  │
│ requests   │ 12345 │
╰────────────┴───────╯
╭───────────────┬─────────┬─────┬─────┬─────┬───────┬────────┬─────────┬─────╮
│ metric        │ samples │ p50 │ p90 │ p99 │ p99.9 │ p99.99 │ p99.999 │ max │
├───────────────┼─────────┼─────┼─────┼─────┼───────┼────────┼─────────┼─────┤
│ response_time │       9 │   1 │   2 │   3 │     4 │      5 │       6 │   7 │
╰───────────────┴─────────┴─────┴─────┴─────┴───────┴────────┴─────────┴─────╯
╭──────────────┬─────────┬─────┬──────┬──────────────┬───────╮
│ metric       │ samples │ sum │ mean │ distribution │ up to │
├──────────────┼─────────┼─────┼──────┼──────────────┼───────┤
│ service_time │      10 │  30 │    3 │ ▂▃ █         │     7 │
╰──────────────┴─────────┴─────┴──────┴──────────────┴───────╯
Worker 0
Proxying
╭──────────┬───────╮
│ metric   │ value │
├──────────┼───────┤
│ requests │     5 │
╰──────────┴───────╯
Cluster shop
╭─────────────────┬───────╮
│ metric          │ value │
├─────────────────┼───────┤
│ http.status.2xx │     4 │
╰─────────────────┴───────╯
Backend shop / shop-1
╭──────────┬───────╮
│ metric   │ value │
├──────────┼───────┤
│ requests │     4 │
╰──────────┴───────╯
)");
    EXPECT_EQ(shown("metrics {}"), "\nNo metrics\n");
}

TEST(Show, names_of_metrics) {
    EXPECT_EQ(shown("available_metrics { proxy_metrics: ['a', 'b'] cluster_metrics: 'c' }"), R"(
Metrics of the proxy
  a
  b
Metrics of clusters
  c
)");
    EXPECT_EQ(shown("available_metrics {}"), "\nNo metrics\n");
}

TEST(Show, certificates_with_what_their_text_says) {
    command::ResponseContent content;
    auto& certificates = *content.mutable_certificates_with_fingerprints()->mutable_certs();
    certificates[shop_fingerprint].set_certificate(shop_certificate);
    certificates["00"].set_certificate("nonsense");
    certificates["01"].add_names("named.example");
    EXPECT_EQ("\n" + show(content), R"(
╭──────────────────────────────────────────────────────────────────┬──────────────────────┬──────────────────────┬──────────────────────────────────╮
│ fingerprint                                                      │ not before           │ not after            │ names                            │
├──────────────────────────────────────────────────────────────────┼──────────────────────┼──────────────────────┼──────────────────────────────────┤
│ 00                                                               │ -                    │ -                    │ (it holds no certificate in PEM) │
│ 01                                                               │ -                    │ -                    │ named.example                    │
│ 5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342 │ 2026-11-24T00:13:41Z │ 2126-10-31T00:13:41Z │ shop.example, *.shop.example     │
╰──────────────────────────────────────────────────────────────────┴──────────────────────┴──────────────────────┴──────────────────────────────────╯
)");
    EXPECT_EQ(shown("certificates_with_fingerprints {}"), "\nNo certificates\n");
}

TEST(Show, certificates_by_address) {
    EXPECT_EQ(shown("certificates_by_address { certificates { address { @443 }"
                    " certificate_summaries { domain: 'a.example' fingerprint: 'ab' } } }"),
              R"(
╭───────────────┬───────────┬─────────────╮
│ address       │ name      │ fingerprint │
├───────────────┼───────────┼─────────────┤
│ 127.0.0.1:443 │ a.example │ ab          │
╰───────────────┴───────────┴─────────────╯
)");
    EXPECT_EQ(shown("certificates_by_address { certificates { address { @443 } } }"), "\nNo certificates\n");
}

TEST(Show, the_limit_of_connections) {
    EXPECT_EQ(shown("max_connections_per_ip_limit { limit: 0 }"), "\nUnlimited (0)\n");
    EXPECT_EQ(shown("max_connections_per_ip_limit { limit: 7 }"), "\n7 connections per source address and cluster\n");
}

TEST(Show, the_limit_of_connections_of_a_network) {
    EXPECT_EQ(shown("max_connections_per_subnet_limit { limit: 0 ipv4_prefix: 24 ipv6_prefix: 64 }"),
              "\nUnlimited (0), networks of /24 (IPv4) and /64 (IPv6)\n");
    EXPECT_EQ(shown("max_connections_per_subnet_limit { limit: 7 ipv4_prefix: 24 ipv6_prefix: 64 }"),
              "\n7 connections per network and cluster, networks of /24 (IPv4) and /64 (IPv6)\n");
}

TEST(Show, how_many_sessions_were_closed) {
    EXPECT_EQ(shown("closed_sessions { closed: 3 draining: 1 }"),
              "\n3 closed, 1 end when what they are at has ended\n");
}

TEST(Show, the_tags_of_frontends) {
    const auto content = message_of<command::ResponseContent>(
        "clusters { vec { http_frontends { address { @80 } hostname: 'a.example' path { kind: PREFIX value: '' }"
        " tags { key: 'owner' value: 'ann' } tags { key: 'b' value: 'c' } }"
        " http_frontends { address { @80 } hostname: 'a.example' path { kind: PREFIX value: '' } method: 'GET'"
        " tags { key: 'owner' value: 'bob' } }"
        " http_frontends { address { @80 } hostname: 'a.example' path { kind: PREFIX value: '' } method: 'GET'"
        " match_headers { name: 'x-beta' kind: PRESENT } tags { key: 'owner' value: 'eve' } }"
        " http_frontends { address { @70000 } hostname: 'of no address' path { kind: PREFIX value: '' } }"
        " tcp_frontends { cluster_id: 'shop' address { @5432 } } } }");
    EXPECT_EQ("\n" + show_tags({{"main", content}}), R"(
╭─────────────────────────────────────────────────┬────────────────╮
│ frontend                                        │ tags           │
├─────────────────────────────────────────────────┼────────────────┤
│ http 127.0.0.1:80;a.example;P                   │ b=c, owner=ann │
│ http 127.0.0.1:80;a.example;P;GET               │ owner=bob      │
│ http 127.0.0.1:80;a.example;P;GET;header x-beta │ owner=eve      │
│ http ?;of no address                            │ -              │
│ tcp 127.0.0.1:5432                              │ -              │
╰─────────────────────────────────────────────────┴────────────────╯
)");
    EXPECT_EQ(json_text(tags_json({{"main", content}})),
              R"([{"frontend":"http 127.0.0.1:80;a.example;P","tags":{"b":"c","owner":"ann"}},)"
              R"({"frontend":"http 127.0.0.1:80;a.example;P;GET","tags":{"owner":"bob"}},)"
              R"({"frontend":"http 127.0.0.1:80;a.example;P;GET;header x-beta","tags":{"owner":"eve"}},)"
              R"({"frontend":"http ?;of no address","tags":{}},)"
              R"({"frontend":"tcp 127.0.0.1:5432","tags":{}}])");
    EXPECT_EQ(show_tags({}), "No frontends\n");
}

TEST(Show, the_detail_of_metrics) {
    EXPECT_EQ(shown("metric_detail_status { configured: DETAIL_CLUSTER effective: DETAIL_BACKEND"
                    " previous_effective: DETAIL_CLUSTER workers { key: '0' value { configured: DETAIL_CLUSTER"
                    " effective: DETAIL_BACKEND previous_effective: DETAIL_PROCESS } } }"),
              R"(
╭──────────┬────────────────┬────────────────┬────────────────╮
│ process  │ configured     │ before         │ now            │
├──────────┼────────────────┼────────────────┼────────────────┤
│ main     │ DETAIL_CLUSTER │ DETAIL_CLUSTER │ DETAIL_BACKEND │
│ worker 0 │ DETAIL_CLUSTER │ DETAIL_PROCESS │ DETAIL_BACKEND │
╰──────────┴────────────────┴────────────────┴────────────────╯
)");
}

TEST(Show, events_in_one_line) {
    const auto event = [](std::string_view text) { return show_event("0", message_of<command::Event>(text)); };
    EXPECT_EQ(event("kind: BACKEND_DOWN cluster_id: 'shop' backend_id: 'shop-1' address { @9000 }"),
              "worker 0  BACKEND_DOWN cluster=shop backend=shop-1 address=127.0.0.1:9000\n");
    EXPECT_EQ(event("kind: METRIC_DETAIL_CHANGED metric_detail { previous_effective: DETAIL_PROCESS"
                    " effective: DETAIL_BACKEND transition_kind: 'lease_apply' }"),
              "worker 0  METRIC_DETAIL_CHANGED lease_apply DETAIL_PROCESS→DETAIL_BACKEND\n");
}

TEST(Show, names_that_clients_chose_cannot_break_out_of_their_cell) {
    EXPECT_EQ(show_event("main", message_of<command::Event>("kind: CLUSTER_ADDED cluster_id: 'a\\nb\\033[2J'")),
              "main  CLUSTER_ADDED cluster=a b?[2J\n");
    EXPECT_EQ(shown("request_counts { map { key: 'a\\033]0;x\\nb' value: 1 } }"), R"(
╭──────────┬───────╮
│ request  │ count │
├──────────┼───────┤
│ a?]0;x b │     1 │
╰──────────┴───────╯
)");
    EXPECT_EQ(shown("metrics { clusters { key: 'a\\033[1m' value { cluster { key: 'm' value { count: 1 } } } } }")
                  .find('\033'),
              std::string::npos);
}

TEST(Show, no_content_is_no_text) { EXPECT_EQ(show({}), ""); }

}  // namespace
}  // namespace seki::ctl
