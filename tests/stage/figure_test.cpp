// What the worker's figures say of what went through it.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using observe::Counter;
using observe::Gauge;

uint64_t level(Stage& stage, Gauge gauge) {
    worker::Order order;
    order.mutable_query()->mutable_query_metrics();
    EXPECT_TRUE(stage.order(order).has_answer());
    return stage.metrics.value(gauge);
}

TEST(Figures, tell_whose_word_on_scheme_and_port_was_passed_on) {
    Stage stage;
    stage.route_to_backends(1);
    const std::string port = std::to_string(Stage::http.address.port());
    for (const std::string& more :
         {std::string(), "X-Forwarded-Proto: HTTP\r\nX-Forwarded-Port: " + port + "\r\nX-Request-Id: mine\r\n",
          std::string("X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n")}) {
        const WirePtr client = stage.client(get("/", more));
        stage.settle();
    }
    EXPECT_EQ(stage.metrics.value(Counter::trusting_x_proto), 2U);
    EXPECT_EQ(stage.metrics.value(Counter::trusting_x_proto_diff), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::trusting_x_port), 2U);
    EXPECT_EQ(stage.metrics.value(Counter::trusting_x_port_diff), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::x_request_id_propagated), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::x_request_id_generated), 2U);
}

TEST(Figures, tell_malformed_answers_from_those_that_were_cut_off) {
    struct Case {
        std::string_view answer;
        uint64_t malformed;
        uint64_t cut;
    };
    const Case cases[] = {{"nonsense\r\n\r\n", 1, 0},
                          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", 1, 0},
                          {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le", 0, 1},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0, 1},
                          {"HTTP/1.1 200 OK\r\n\r\nabc", 0, 0}};
    for (const auto& [answer, malformed, cut] : cases) {
        for (const bool by_reset : {false, true}) {
            SCOPED_TRACE(std::string(answer) + (by_reset ? " reset" : " finished"));
            Stage stage;
            stage.route_to_backends(1);
            const WirePtr client = stage.client(get());
            const WirePtr backend = stage.backend(1);
            backend->send(answer);
            stage.settle();
            by_reset ? backend->reset() : backend->finish();
            stage.settle();
            const bool unbounded = malformed + cut == 0;
            EXPECT_EQ(stage.metrics.value(Counter::http_backend_parse_errors), malformed);
            EXPECT_EQ(stage.metrics.value(Counter::h1_backend_eof), unbounded && by_reset ? 1 : cut);
        }
    }
}

TEST(Figures, count_clients_that_are_malformed_or_late) {
    Stage stage;
    stage.route_to_backends(1);
    stage.client("nonsense\r\n\r\n");
    stage.client("GET / HT");
    stage.settle();
    EXPECT_EQ(stage.metrics.value(Counter::http_frontend_parse_errors), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::http_request_timeouts), 0U);
    stage.pass(std::chrono::seconds(11));
    EXPECT_EQ(stage.metrics.value(Counter::http_frontend_parse_errors), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::http_request_timeouts), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::http_400_errors), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::http_408_errors), 1U);
    EXPECT_EQ(stage.metrics.value(Counter::listener_accepted_total), 2U);
}

TEST(Figures, count_redirections_by_status) {
    Stage stage;
    for (const auto& [path, policy] :
         {std::pair{"/1", command::PERMANENT}, std::pair{"/2", command::FOUND},
          std::pair{"/7", command::TEMPORARY_REDIRECT}, std::pair{"/8", command::PERMANENT_REDIRECT}}) {
        command::Request rule = add_frontend("c", "a", path);
        rule.mutable_add_http_frontend()->set_redirect(policy);
        EXPECT_TRUE(stage.change({rule}).has_done());
        stage.client(get(path));
        stage.settle();
    }
    for (const Counter counter : {Counter::http_301_redirection, Counter::http_302_redirection,
                                  Counter::http_307_redirection, Counter::http_308_redirection}) {
        EXPECT_EQ(stage.metrics.value(counter), 1U);
    }
}

TEST(Figures, know_what_every_connection_is_for) {
    Stage stage;
    stage.route_to_backends(1);
    stage.tunnel_to_backends(1);
    const WirePtr asking = stage.client(get());
    const WirePtr asked = stage.backend(1);
    const WirePtr idle = stage.client();
    const WirePtr upgraded = stage.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    const WirePtr chat = stage.backend(1);
    chat->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    const WirePtr tunnel = stage.tunnel_client("x");
    stage.settle();
    EXPECT_EQ(level(stage, Gauge::protocol_http), 2U);
    EXPECT_EQ(level(stage, Gauge::protocol_ws), 1U);
    EXPECT_EQ(level(stage, Gauge::protocol_tcp), 1U);
    EXPECT_EQ(level(stage, Gauge::websocket_active_requests), 1U);
    EXPECT_EQ(level(stage, Gauge::http_active_requests), 2U);
    chat->reset();
    tunnel->reset();
    stage.settle();
    EXPECT_EQ(level(stage, Gauge::protocol_ws), 0U);
    EXPECT_EQ(level(stage, Gauge::protocol_tcp), 0U);
    EXPECT_EQ(level(stage, Gauge::http_active_requests), 1U);
}

TEST(Figures, tell_when_clients_have_to_wait_at_the_door) {
    Stage stage({.max_connections = 2});
    stage.route_to_backends(1);
    const WirePtr first = stage.client();
    EXPECT_EQ(level(stage, Gauge::accept_queue_backpressure), 0U);
    const WirePtr second = stage.client();
    EXPECT_EQ(level(stage, Gauge::accept_queue_backpressure), 1U);
    second->finish();
    stage.settle();
    EXPECT_EQ(level(stage, Gauge::accept_queue_backpressure), 0U);
}

}  // namespace
}  // namespace seki::stage
