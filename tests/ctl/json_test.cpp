#include "ctl/json.h"

#include <gmock/gmock.h>

#include "ctl/spoken.h"

namespace seki::ctl {
namespace {

using testing::HasSubstr;

std::string text_of(std::string_view request, Spelling spelling = Spelling::serde) {
    return json_text(to_json(message_of<command::Request>(request), spelling));
}

std::string refusal(std::string_view json) {
    command::Request request;
    const Result<> read = from_json_text(json, request);
    return read ? "read " + request.ShortDebugString() : read.error().message;
}

TEST(Json, every_field_is_written_in_the_order_of_the_schema) {
    EXPECT_EQ(
        text_of("remove_listener { address { @80 } proxy: TCP }"),
        R"({"request_type":{"REMOVE_LISTENER":{"address":{"ip":{"inner":{"V4":2130706433}},"port":80},"proxy":2,"interface":null}}})");
    EXPECT_EQ(text_of("query_metrics { list: true metric_names: ['a', 'b'] }"),
              R"({"request_type":{"QUERY_METRICS":{"list":true,"cluster_ids":[],"backend_ids":[],)"
              R"("metric_names":["a","b"],"no_clusters":false,"workers":false}}})");
    EXPECT_EQ(text_of("Logging: 'info'"), R"({"request_type":{"LOGGING":"info"}})");
    EXPECT_EQ(text_of("configure_metrics: CLEAR"), R"({"request_type":{"CONFIGURE_METRICS":2}})");
    EXPECT_EQ(text_of(""), R"({"request_type":null})");
}

TEST(Json, maps_are_sorted_bytes_are_numbers_and_absent_options_null) {
    const auto json =
        to_json(message_of<command::Request>(
                    "add_cluster { cluster_id: 'a' answers { key: '503' value: 'x' } answers { key: '404' value: 'y' }"
                    " udp { health { udp_probe_payload: '\\000\\377' } } }"),
                Spelling::plain);
    const Json& cluster = json["request_type"]["ADD_CLUSTER"];
    EXPECT_EQ(json_text(cluster["answers"]), R"({"404":"y","503":"x"})");
    EXPECT_EQ(json_text(cluster["udp"]["health"]["udp_probe_payload"]), "[0,255]");
    EXPECT_TRUE(cluster["http2"].is_null());
    EXPECT_EQ(json_text(cluster["sticky_session"]), "false");
}

TEST(Json, whole_numbers_of_64_bits_stay_whole) {
    EXPECT_EQ(text_of("set_max_connections_per_ip: 18446744073709551615"),
              R"({"request_type":{"SET_MAX_CONNECTIONS_PER_IP":18446744073709551615}})");
    EXPECT_EQ(text_of("set_max_connections_per_ip: 18446744073709551615", Spelling::plain),
              R"({"request_type":{"SET_MAX_CONNECTIONS_PER_IP":"18446744073709551615"}})");
    command::FilteredMetrics metric;
    metric.set_count(-9007199254740993);  // what no double can hold
    EXPECT_EQ(json_text(to_json(metric, Spelling::plain)), R"({"inner":{"COUNT":"-9007199254740993"}})");
    EXPECT_EQ(text_of("upgrade_worker: 4294967295", Spelling::plain),
              R"({"request_type":{"UPGRADE_WORKER":4294967295}})");
}

TEST(Json, addresses_and_choices_are_plain_where_people_read_them) {
    EXPECT_EQ(text_of("remove_listener { address { @80 } proxy: TCP }", Spelling::plain),
              R"({"request_type":{"REMOVE_LISTENER":{"address":"127.0.0.1:80","proxy":"TCP","interface":null}}})");
    EXPECT_EQ(
        text_of("remove_listener { address { ip { v6 { low: 1 high: 0 } } port: 443 } proxy: HTTPS }", Spelling::plain),
        R"({"request_type":{"REMOVE_LISTENER":{"address":"[::1]:443","proxy":"HTTPS","interface":null}}})");
    const auto json =
        to_json(message_of<command::Request>("add_https_listener { versions: [TLS_V1_2, TLS_V1_3] }"), Spelling::plain);
    EXPECT_EQ(json_text(json["request_type"]["ADD_HTTPS_LISTENER"]["versions"]), R"(["TLS_V1_2","TLS_V1_3"])");
    command::ClusterHashes hashes;
    (*hashes.mutable_map())["shop"] = UINT64_MAX;
    EXPECT_EQ(json_text(to_json(hashes, Spelling::plain)), R"({"map":{"shop":"18446744073709551615"}})");
}

TEST(Json, text_that_is_not_utf8_is_written_all_the_same) {
    EXPECT_EQ(text_of("Logging: 'a\\377b'"),
              "{\"request_type\":{\"LOGGING\":\"a\xef\xbf\xbd"
              "b\"}}");
}

TEST(Json, what_is_written_can_be_read) {
    for (const char* text :
         {"status {}", "Logging: 'info'", "configure_metrics: CLEAR", "upgrade_worker: 7",
          "query_metrics { list: true cluster_ids: 'a' no_clusters: true workers: false }",
          "add_backend { cluster_id: 'a' backend_id: 'b' address { ip { v6 { low: 1 high: 2 } } port: 80 }"
          " load_balancing_parameters { weight: -5 } backup: false }",
          "add_cluster { cluster_id: 'a' sticky_session: true https_redirect: false load_balancing: MAGLEV"
          " answers { key: '503' value: 'x' } authorized_hashes: ['a', 'b'] udp { health { udp_probe_payload: 'ab' } } "
          "}"}) {
        auto request = message_of<command::Request>(text);
        command::Request read;
        const Result<> outcome = from_json(to_json(request, Spelling::serde), read);
        ASSERT_TRUE(outcome) << text << ": " << outcome.error().message;
        EXPECT_EQ(json_text(to_json(read, Spelling::serde)), json_text(to_json(request, Spelling::serde))) << text;
    }
}

TEST(Json, what_is_unknown_is_ignored_and_null_is_absent) {
    EXPECT_EQ(refusal(R"({"request_type":{"ADD_CLUSTER":{"cluster_id":"a","sticky_session":true,"https_redirect":false,
                          "load_balancing":0,"http2":null,"answers":null,"of_the_future":{"x":[1]}}}})"),
              "read add_cluster { cluster_id: \"a\" sticky_session: true https_redirect: false load_balancing: "
              "ROUND_ROBIN }");
}

TEST(Json, mistakes_name_their_place) {
    EXPECT_EQ(refusal("{"), "not valid JSON");
    EXPECT_EQ(refusal("[]"), "JSON: expected an object, found array");
    EXPECT_EQ(refusal(R"({"request_type":{"NO_SUCH":{}}})"), "request_type: NO_SUCH is unknown");
    EXPECT_EQ(refusal(R"({"request_type":{"A":{},"B":{}}})"), "request_type: expected an object of one key");
    EXPECT_EQ(refusal(R"({"request_type":{"UPGRADE_WORKER":-1}})"), "request_type.UPGRADE_WORKER: -1 is out of range");
    EXPECT_EQ(refusal(R"({"request_type":{"UPGRADE_WORKER":4294967296}})"),
              "request_type.UPGRADE_WORKER: 4294967296 is out of range");
    EXPECT_EQ(refusal(R"({"request_type":{"UPGRADE_WORKER":1.5}})"),
              "request_type.UPGRADE_WORKER: expected a whole number, found number");
    EXPECT_EQ(refusal(R"({"request_type":{"LOGGING":5}})"), "request_type.LOGGING: expected text, found number");
    EXPECT_EQ(refusal(R"({"request_type":{"CONFIGURE_METRICS":9}})"),
              "request_type.CONFIGURE_METRICS: 9 is no MetricsConfiguration");
    EXPECT_EQ(refusal(R"({"request_type":{"KILL_SESSION":{}}})"),
              "request_type.KILL_SESSION.id: required, but missing");
    EXPECT_THAT(refusal(R"({"request_type":{"QUERY_METRICS":{"list":1,"no_clusters":false,"workers":false}}})"),
                HasSubstr("request_type.QUERY_METRICS.list: expected true or false, found number"));
    EXPECT_THAT(refusal(R"({"request_type":{"QUERY_METRICS":{"list":true,"metric_names":["a",1],"no_clusters":false,
                            "workers":false}}})"),
                HasSubstr("request_type.QUERY_METRICS.metric_names[1]: expected text, found number"));
}

TEST(Json, nesting_has_an_end) {
    std::string text = "{}";
    for (int depth = 0; depth < 100; ++depth) {
        text = R"({"content_type":{"WORKER_RESPONSES":{"map":{"0":)" + text + "}}}}";
    }
    command::ResponseContent content;
    const Result<> read = from_json_text(text, content);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("nested too deeply"));
}

}  // namespace
}  // namespace seki::ctl
