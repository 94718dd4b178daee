// Backends that are reached through TLS: what they are asked, whom they have to be, and what becomes of a request when
// they are not.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"
#include "tls/identities.h"

namespace seki::stage {
namespace {

using observe::Counter;
using testing::HasSubstr;
using testing::Not;

class SecuredBackends : public testing::Test {
protected:
    using Set = std::function<void(command::BackendTls&)>;

    // The cluster trusts the backends' certificate, unless `set` says otherwise.
    command::Request with_tls(const Set& set = {}) const {
        command::Request request;
        command::Cluster& cluster = *request.mutable_add_cluster();
        cluster.set_cluster_id("c");
        cluster.set_connect_timeout(3);
        cluster.mutable_tls()->add_ca_certificates(tls::to_pem(*certificate).certificate);
        cluster.mutable_tls()->set_server_name("b.example");
        if (set) set(*cluster.mutable_tls());
        return request;
    }
    void secure(const Set& set = {}) {
        stage.network.secure_backends(&side);
        const worker::Report report = stage.change({with_tls(set)});
        ASSERT_TRUE(report.has_done()) << report.refused().reason();
    }
    void route(int backends, const Set& set = {}) {
        stage.route_to_backends(backends);
        secure(set);
    }
    int status_of(const WirePtr& client) {
        stage.settle();
        return take_answer(client).status();
    }

    tls::CertificatePtr certificate = tls::make_certificate({.names = {"b.example"}});
    tls::ServerSide side{*certificate, {}};
    Random cuts{7};
    Stage stage;
};

TEST_F(SecuredBackends, are_asked_and_answer) {
    route(1);
    const WirePtr client = stage.client(get("/path"));
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.first_line, "GET /path HTTP/1.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "http") << "as the client came";
    backend->send(answer("hi"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "hi");
    client->send(get("/again"));
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /again HTTP/1.1");
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_handshakes), 1U);
}

TEST_F(SecuredBackends, are_asked_once_when_everything_comes_in_pieces) {
    stage.network.stutter(cuts);
    route(1);
    const std::string body(100'000, 'x');
    const WirePtr client =
        stage.client(fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
    stage.settle();
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).body, body);
    backend->send(answer(body));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, body);
}

TEST_F(SecuredBackends, resume_sessions_on_further_connections) {
    route(1);
    const WirePtr first = stage.client(get());
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    const WirePtr second = stage.client(get());  // while the first one waits
    backend->send(answer("1"));
    stage.settle();
    stage.backend(1);
    const WirePtr third = stage.client(get());
    take_request(backend);
    const WirePtr fourth = stage.client(get());
    take_request(stage.backend(1));
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_handshakes), 3U);
    EXPECT_GE(stage.metrics.value(Counter::backend_tls_resumed), 1U);
}

TEST_F(SecuredBackends, that_are_others_than_meant_get_no_request_and_the_log_says_why) {
    EXPECT_TRUE(stage.log_.set_filter("debug").has_value());
    route(1, [](auto& tls) { tls.set_server_name("c.example"); });
    const WirePtr client = stage.client(get());
    EXPECT_EQ(status_of(client), 503);
    EXPECT_EQ(stage.backend(1)->received(), "");
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_failed_untrusted), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::backend_connections_error), 1U);
    EXPECT_THAT(stage.log(), HasSubstr("cannot connect: TLS: its certificate:"));
    EXPECT_THAT(stage.log(), HasSubstr("(it is not for c.example)"));
}

TEST_F(SecuredBackends, that_are_refused_again_and_again_are_down) {
    route(1, [](auto& tls) { tls.set_server_name("c.example"); });
    for (int n = 0; n < 10; ++n) {
        EXPECT_EQ(status_of(stage.client(get())), 503);
        stage.pass(std::chrono::seconds(30));
    }
    EXPECT_THAT(stage.log(), HasSubstr("is down: connections to it fail: TLS: its certificate:"));
}

TEST_F(SecuredBackends, who_are_silent_in_the_handshake_are_not_waited_for_and_another_one_is_asked) {
    stage.route_to_backends(2);
    secure();
    stage.network.secure_backends(nullptr);  // they take bytes and say nothing
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    stage.settle();
    stage.network.secure_backends(&side);
    const uint8_t silent = stage.has_connection(1) ? 1 : 2;
    stage.pass(std::chrono::seconds(3));
    const WirePtr other = stage.backend(silent == 1 ? 2 : 1);
    EXPECT_EQ(take_request(other).body, "hi");
    other->send(answer("from the other"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "from the other");
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_failed_timeout), 1U);
}

TEST_F(SecuredBackends, that_speak_plain_http_are_refused) {
    route(1);
    stage.network.secure_backends(nullptr);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(status_of(client), 503);
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_failed_invalid), 1U);
}

TEST_F(SecuredBackends, that_refuse_our_certificate_after_the_handshake_are_held_to_it) {
    EXPECT_TRUE(stage.log_.set_filter("debug").has_value());
    tls::ServerSide asking(*certificate, {.asks_for = tls::make_certificate({.names = {"proxy"}})});
    route(1);
    stage.network.secure_backends(&asking);
    const WirePtr client = stage.client(get());
    stage.settle();
    EXPECT_GE(status_of(client), 502);
    EXPECT_THAT(stage.log(), HasSubstr("TLS: tlsv13 alert certificate required"));
}

TEST_F(SecuredBackends, whose_answer_ends_without_a_word_have_not_ended_it) {
    route(1);
    const WirePtr client = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the");
    stage.settle();
    backend->cut();
    stage.settle();
    EXPECT_TRUE(client->peer_reset());
    const WirePtr other = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr good = stage.backend(1);
    take_request(good);
    good->send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
    good->finish();
    stage.settle();
    EXPECT_TRUE(other->saw_end());
}

TEST_F(SecuredBackends, get_new_connections_when_the_policy_is_another) {
    route(1);
    const auto ask = [&] {
        const WirePtr client = stage.client(get());
        stage.settle();
        return client;
    };
    const auto serve = [&](const WirePtr& backend) {
        EXPECT_EQ(take_request(backend).first_line, "GET / HTTP/1.1");
        backend->send(answer("x"));
        stage.settle();
    };
    ask();
    const WirePtr idle = stage.backend(1);
    serve(idle);
    const WirePtr busy_client = stage.client(get());
    stage.settle();
    const WirePtr busy = idle;
    ASSERT_TRUE(stage.change({with_tls()}).has_done());  // the same once more: nothing happens
    EXPECT_FALSE(busy->peer_closed());
    const auto open_policy = [](auto& tls) {
        tls.clear_ca_certificates();
        tls.set_verify(false);
    };
    ASSERT_TRUE(stage.change({with_tls(open_policy)}).has_done());
    EXPECT_FALSE(busy->peer_closed()) << "what runs goes on";
    serve(busy);
    EXPECT_EQ(take_answer(busy_client).body, "x");
    EXPECT_TRUE(busy->peer_closed()) << "and is used no more";
    ask();
    const WirePtr next = stage.backend(1);
    serve(next);
    EXPECT_FALSE(next->peer_closed());
    EXPECT_EQ(stage.metrics.value(Counter::backend_tls_resumed), 0U) << "no session of the old policy";
    stage.network.secure_backends(nullptr);
    command::Request plain = with_tls();
    plain.mutable_add_cluster()->clear_tls();
    ASSERT_TRUE(stage.change({plain}).has_done());
    stage.settle();
    EXPECT_TRUE(next->peer_closed());
    ask();
    serve(stage.backend(1));
}

TEST_F(SecuredBackends, are_reached_by_tunnels_as_well) {
    stage.tunnel_to_backends(1);
    secure();
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    stage.settle();
    EXPECT_EQ(backend->take(), "hello");
    backend->send("hello back");
    stage.settle();
    EXPECT_EQ(client->take(), "hello back");
    client->finish();
    stage.settle();
    EXPECT_TRUE(backend->saw_end());
    backend->finish();
    stage.settle();
    EXPECT_TRUE(client->saw_end());
}

TEST_F(SecuredBackends, are_not_served_under_a_policy_that_cannot_be) {
    stage.route_to_backends(1);
    const worker::Report report = stage.change({with_tls([](auto& tls) { tls.set_ca_certificates(0, "nonsense"); })});
    EXPECT_THAT(report.refused().reason(), HasSubstr("tls: ca_certificates"));
}

}  // namespace
}  // namespace seki::stage
