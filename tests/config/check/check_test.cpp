#include "config/check/check.h"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "config/convert.h"
#include "config/things.h"

namespace seki::config {
namespace {

using command::Request;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> refusals(const Request& request) {
    std::vector<std::string> texts;
    const auto checked = check_every_field(request);
    if (checked) return texts;
    for (const Refusal& refusal : checked.error()) texts.push_back(refusal.field + ": " + refusal.reason);
    return texts;
}

// One field at both of its ends, and just beyond them.
struct Field {
    std::string_view name;
    std::function<Request(uint64_t)> with;
    uint64_t min;
    uint64_t max;
    uint64_t below;  // the largest value that is too small; max + 1 when none is
};

class Bounds : public testing::TestWithParam<Field> {};

TEST_P(Bounds, both_ends_pass_and_what_is_beyond_is_refused_by_name) {
    const Field& field = GetParam();
    EXPECT_THAT(refusals(field.with(field.min)), ElementsAre());
    EXPECT_THAT(refusals(field.with(field.max)), ElementsAre());
    for (const uint64_t beyond : {field.below, field.max + 1}) {
        const auto found = refusals(field.with(beyond));
        ASSERT_EQ(found.size(), 1) << beyond;
        EXPECT_THAT(found[0], testing::StartsWith(std::string(field.name) + ": "));
    }
}

template <typename Edit>
std::function<Request(uint64_t)> listener_with(Edit edit) {
    return [edit](uint64_t value) {
        Request request = http_listener("127.0.0.1:80");
        edit(*request.mutable_add_http_listener(), value);
        return request;
    };
}

#define LISTENER_NUMBER(field, type) \
    listener_with([](command::HttpListenerConfig& l, uint64_t v) { l.set_##field(static_cast<type>(v)); })

template <typename Edit>
std::function<Request(uint64_t)> cluster_with(Edit edit) {
    return [edit](uint64_t value) {
        Request request = cluster("c");
        edit(*request.mutable_add_cluster(), value);
        return request;
    };
}

#define CLUSTER_NUMBER(field, type) \
    cluster_with([](command::Cluster& c, uint64_t v) { c.set_##field(static_cast<type>(v)); })

std::string of_size(uint64_t size) { return std::string(size, 'x'); }

INSTANTIATE_TEST_SUITE_P(
    Check, Bounds,
    testing::Values(
        Field{"front_timeout", LISTENER_NUMBER(front_timeout, uint32_t), 1, 86'400, 0},
        Field{"back_timeout", LISTENER_NUMBER(back_timeout, uint32_t), 1, 86'400, 0},
        Field{"connect_timeout", LISTENER_NUMBER(connect_timeout, uint32_t), 1, 86'400, 0},
        Field{"request_timeout", LISTENER_NUMBER(request_timeout, uint32_t), 1, 86'400, 0},
        Field{"h2_initial_connection_window", LISTENER_NUMBER(h2_initial_connection_window, uint32_t), 65'535,
              INT32_MAX, 65'534},
        Field{"h2_max_concurrent_streams", LISTENER_NUMBER(h2_max_concurrent_streams, uint32_t), 1, 10'000, 0},
        Field{"h2_graceful_shutdown_deadline_seconds", LISTENER_NUMBER(h2_graceful_shutdown_deadline_seconds, uint32_t),
              0, 86'400, 86'401},
        Field{"h2_stream_idle_timeout_seconds", LISTENER_NUMBER(h2_stream_idle_timeout_seconds, uint32_t), 1, 86'400,
              0},
        Field{"address", listener_with([](command::HttpListenerConfig& l, uint64_t v) {
                  l.mutable_address()->set_port(static_cast<uint32_t>(v));
              }),
              1, 65'535, 0},
        Field{"sticky_name",
              listener_with([](command::HttpListenerConfig& l, uint64_t v) { l.set_sticky_name(of_size(v)); }), 1, 128,
              129},
        Field{"sozu_id_header",
              listener_with([](command::HttpListenerConfig& l, uint64_t v) { l.set_sozu_id_header(of_size(v)); }), 1,
              128, 0},
        Field{"tunnel_timeout", LISTENER_NUMBER(tunnel_timeout, uint32_t), 1, 86'400, 0},
        Field{"max_header_bytes", LISTENER_NUMBER(max_header_bytes, uint32_t), 1024, 1'048'576, 1023},
        Field{"max_header_fields", LISTENER_NUMBER(max_header_fields, uint32_t), 1, 1000, 0},
        Field{"max_uri_bytes", LISTENER_NUMBER(max_uri_bytes, uint32_t), 1, 16'384, 0},
        Field{"min_body_rate", LISTENER_NUMBER(min_body_rate, uint32_t), 0, 1'073'741'824, 1'073'741'825},
        Field{"lingering_timeout", LISTENER_NUMBER(lingering_timeout, uint32_t), 0, 86'400, 86'401},
        Field{"client_half_close_timeout", LISTENER_NUMBER(client_half_close_timeout, uint32_t), 0, 86'400, 86'401},
        Field{"sticky_cookie", listener_with([](command::HttpListenerConfig& l, uint64_t v) {
                  l.mutable_sticky_cookie()->set_max_age(static_cast<uint32_t>(v));
              }),
              1, 34'560'000, 0},
        Field{"trusted_proxies", listener_with([](command::HttpListenerConfig& l, uint64_t v) {
                  l.mutable_trusted_proxies();
                  for (uint64_t i = 0; i < v; ++i) l.mutable_trusted_proxies()->add_values("10.0.0.0/8");
              }),
              0, 1024, 1025},
        Field{"cluster_id", [](uint64_t v) { return cluster(of_size(v)); }, 1, 255, 0},
        Field{"backend_id", [](uint64_t v) { return backend("c", of_size(v), "127.0.0.1:1"); }, 1, 512, 0},
        Field{"sticky_id",
              [](uint64_t v) {
                  Request request = backend("c", "b", "127.0.0.1:1");
                  request.mutable_add_backend()->set_sticky_id(of_size(v));
                  return request;
              },
              1, 128, 0},
        Field{"unix_path",
              [](uint64_t v) {
                  Request request = backend("c", "b", "127.0.0.1:1");
                  request.mutable_add_backend()->set_unix_path(v == 0 ? "app" : "/" + of_size(v - 1));
                  return request;
              },
              1, 107, 108},
        Field{"weight",
              [](uint64_t v) {
                  Request request = backend("c", "b", "127.0.0.1:1");
                  request.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(
                      static_cast<int32_t>(static_cast<uint32_t>(v)));
                  return request;
              },
              0, 256, UINT32_MAX},
        Field{"https_redirect_port", CLUSTER_NUMBER(https_redirect_port, uint32_t), 1, 65'535, 0},
        Field{"retry_after", CLUSTER_NUMBER(retry_after, uint32_t), 0, 86'400, 86'401},
        Field{"max_connections_per_ip", CLUSTER_NUMBER(max_connections_per_ip, uint64_t), 0, 10'000'000, 10'000'001},
        Field{"rate_limit", cluster_with([](command::Cluster& c, uint64_t v) {
                  c.mutable_rate_limit()->set_requests_per_second(static_cast<uint32_t>(v));
              }),
              1, 1'000'000, 0},
        Field{"www_authenticate",
              cluster_with([](command::Cluster& c, uint64_t v) { c.set_www_authenticate(of_size(v)); }), 0, 1024, 1025},
        Field{"authorized_hashes", cluster_with([](command::Cluster& c, uint64_t v) {
                  for (uint64_t i = 0; i < v; ++i) c.add_authorized_hashes("ann:" + std::string(64, '0'));
              }),
              0, 1024, 1025},
        Field{"set_max_connections_per_ip", connection_limit, 0, 10'000'000, 10'000'001},
        Field{"set_max_connections_per_subnet",
              [](uint64_t v) {
                  Request request;
                  request.set_set_max_connections_per_subnet(v);
                  return request;
              },
              0, 10'000'000, 10'000'001},
        Field{"set_max_connection_attempts",
              [](uint64_t v) {
                  Request request;
                  request.set_set_max_connection_attempts(static_cast<uint32_t>(v));
                  return request;
              },
              1, 255, 0},
        Field{"max_connections_per_subnet", CLUSTER_NUMBER(max_connections_per_subnet, uint64_t), 0, 10'000'000,
              10'000'001},
        Field{"max_connection_attempts", CLUSTER_NUMBER(max_connection_attempts, uint32_t), 1, 255, 256},
        Field{"interface",
              listener_with([](command::HttpListenerConfig& l, uint64_t v) { l.set_interface(of_size(v)); }), 1, 15, 0},
        Field{"path",
              [](uint64_t v) {
                  Request request = http_frontend("c", "127.0.0.1:80", "a");
                  request.mutable_add_http_frontend()->mutable_path()->set_value("/" + of_size(v - 1));
                  return request;
              },
              1, 4096, 4097},
        Field{"method",
              [](uint64_t v) {
                  Request request = http_frontend("c", "127.0.0.1:80", "a");
                  request.mutable_add_http_frontend()->set_method(of_size(v));
                  return request;
              },
              1, 32, 0},
        Field{"hostname", [](uint64_t v) { return http_frontend("c", "127.0.0.1:80", of_size(v)); }, 1, 63, 0},
        Field{"tags",
              [](uint64_t v) {
                  Request request = http_frontend("c", "127.0.0.1:80", "a");
                  (*request.mutable_add_http_frontend()->mutable_tags())[of_size(v)] = "x";
                  return request;
              },
              1, 128, 0}),
    [](const auto& instance) { return std::string(instance.param.name); });

struct Host {
    std::string_view written;
    std::string_view normal;  // empty: refused
};

class HostNames : public testing::TestWithParam<Host> {};

TEST_P(HostNames, are_brought_into_one_form_or_refused) {
    const auto checked = check(http_frontend("c", "127.0.0.1:80", std::string(GetParam().written)));
    ASSERT_EQ(checked.has_value(), !GetParam().normal.empty());
    if (!checked) return;
    EXPECT_EQ((*checked)->add_http_frontend().hostname(), GetParam().normal);
}

INSTANTIATE_TEST_SUITE_P(Check, HostNames,
                         testing::Values(Host{"example.com", "example.com"}, Host{"EXAMPLE.Com.", "example.com"},
                                         Host{"_acme.example", "_acme.example"}, Host{"192.0.2.1", "192.0.2.1"},
                                         Host{"", ""}, Host{".", ""}, Host{"a..b", ""}, Host{".a", ""}, Host{"-a", ""},
                                         Host{"a-", ""}, Host{"a b", ""}, Host{"a:80", ""},
                                         Host{"bücher.example", "xn--bcher-kva.example"}, Host{"*", "*"},
                                         Host{"a/b", ""}));

struct Path {
    command::PathRuleKind kind;
    std::string_view value;
    bool passes;
};

class Paths : public testing::TestWithParam<Path> {};

TEST_P(Paths, begin_with_a_slash_and_are_what_a_request_can_have) {
    Request request = http_frontend("c", "127.0.0.1:80", "a");
    request.mutable_add_http_frontend()->mutable_path()->set_kind(GetParam().kind);
    request.mutable_add_http_frontend()->mutable_path()->set_value(std::string(GetParam().value));
    EXPECT_EQ(check(request).has_value(), GetParam().passes);
}

INSTANTIATE_TEST_SUITE_P(Check, Paths,
                         testing::Values(Path{command::PREFIX, "", true}, Path{command::PREFIX, "/", true},
                                         Path{command::PREFIX, "/a?b", true}, Path{command::PREFIX, "a", false},
                                         Path{command::EQUALS, "", false}, Path{command::EQUALS, "/a", true},
                                         Path{command::PREFIX, "/a b", false}, Path{command::PREFIX, "/a\n", false},
                                         Path{command::REGEX, "a(b|c)", true}, Path{command::REGEX, "(", false}));

TEST(Check, names_every_field_that_is_wrong) {
    Request request = http_listener("127.0.0.1:80");
    request.mutable_add_http_listener()->set_front_timeout(0);
    request.mutable_add_http_listener()->set_sticky_name("a b");
    request.mutable_add_http_listener()->set_expect_proxy(true);
    EXPECT_THAT(refusals(request), testing::UnorderedElementsAre(HasSubstr("front_timeout: 0 s"),
                                                                 HasSubstr("sticky_name: 'a b' is no token"),
                                                                 HasSubstr("expect_proxy: the PROXY protocol")));
}

TEST(Check, fills_in_what_is_required_and_never_activates) {
    Request request;
    *request.mutable_add_http_listener()->mutable_address() = wire("127.0.0.1:80");
    request.mutable_add_http_listener()->set_active(true);
    const auto checked = check(request);
    ASSERT_TRUE(checked.has_value());
    EXPECT_TRUE((*checked)->IsInitialized());
    EXPECT_FALSE((*checked)->add_http_listener().active());
    EXPECT_EQ((*checked)->add_http_listener().front_timeout(), 60);
    EXPECT_EQ((*checked)->add_http_listener().sticky_name(), "SOZUBALANCEID");
}

TEST(Check, of_what_was_checked_changes_nothing) {
    for (const Request& request : {http_listener("[::ffff:127.0.0.1]:80"), cluster("c"), tcp_listener("[::1]:1"),
                                   http_frontend("c", "127.0.0.1:80", "A."), backend("c", "b", "127.0.0.1:1"),
                                   backend_state("c", "b", "127.0.0.1:1", command::DRAIN), connection_limit(3)}) {
        const auto once = check(request);
        ASSERT_TRUE(once.has_value());
        const auto twice = check(**once);
        ASSERT_TRUE(twice.has_value());
        EXPECT_TRUE(same_message(**once, **twice));
    }
}

TEST(Check, takes_a_mapped_address_for_what_it_is) {
    const auto checked = check(http_listener("[::ffff:127.0.0.1]:80"));
    ASSERT_TRUE(checked.has_value());
    EXPECT_EQ(checked_address((*checked)->add_http_listener().address()).text(), "127.0.0.1:80");
}

TEST(Check, refuses_an_enumeration_value_that_the_schema_does_not_know) {
    Request request;
    std::string bytes = cluster("c").SerializePartialAsString();
    // Field 5 of a cluster, load_balancing, as 99: the cluster is the last thing in the request.
    bytes += std::string("\x28\x63", 2);
    bytes[1] = static_cast<char>(bytes[1] + 2);
    ASSERT_TRUE(request.ParsePartialFromString(bytes));
    EXPECT_THAT(refusals(request), testing::Contains(HasSubstr("load_balancing: 99 is no value of")));
}

TEST(Check, refuses_text_that_is_not_utf8_or_has_controls) {
    EXPECT_FALSE(check(cluster("\xC0\x80")).has_value());
    EXPECT_FALSE(check(cluster("a\nb")).has_value());
    EXPECT_FALSE(check(cluster("\xED\xA0\x80")).has_value());
    EXPECT_TRUE(check(cluster("bücher")).has_value());
}

TEST(Check, refuses_features_that_do_not_exist_by_their_names) {
    Request udp;
    *udp.mutable_add_udp_listener()->mutable_address() = wire("127.0.0.1:53");
    EXPECT_EQ(check(udp).error().message, "UDP is not available yet");
    Request http2 = cluster("c");
    http2.mutable_add_cluster()->set_http2(true);
    EXPECT_EQ(check(http2).error().message,
              "Invalid value for field 'http2': HTTP/2 towards backends is not available yet");
}

TEST(Check, bounds_the_size_of_a_secret_and_does_not_repeat_it) {
    for (const size_t size : {0U, 31U, 4097U}) {
        Request secret;
        secret.set_set_tls_ticket_secret(std::string(size, 's'));
        EXPECT_EQ(check(secret).error().message, "Invalid value for field 'set_tls_ticket_secret': a secret of " +
                                                     std::to_string(size) + " bytes is not within 32 and 4096 bytes");
    }
    Request secret;
    secret.set_set_tls_ticket_secret(std::string(32, '\xff'));
    EXPECT_TRUE(check(secret).has_value());
}

TEST(Check, takes_a_cluster_that_redirects_to_https) {
    Request redirect = cluster("c");
    redirect.mutable_add_cluster()->set_https_redirect(true);
    redirect.mutable_add_cluster()->set_https_redirect_port(8443);
    EXPECT_THAT(refusals(redirect), ElementsAre());
}

TEST(Check, lets_questions_pass_by) {
    Request status;
    status.mutable_status();
    EXPECT_FALSE(is_change(status));
    EXPECT_FALSE(check(status).has_value());
    EXPECT_TRUE(is_change(cluster("c")));
    EXPECT_EQ(check(Request()).error().message, "Request came in empty");
}

}  // namespace
}  // namespace seki::config
