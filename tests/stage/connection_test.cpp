// What Seki answers itself, what it adds to heads, and which connections to backends serve again.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

TEST(Refusals, name_an_unknown_host) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 404);
    EXPECT_TRUE(got.whole);
    EXPECT_TRUE(got.has("Sozu-Id"));
    EXPECT_FALSE(stage.has_connection(1));
    // The connection is as good as before.
    client->send(get());
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET / HTTP/1.1");
}

TEST(Refusals, of_requests_that_came_together_are_as_many_as_these_however_few_clients_there_may_be) {
    Stage::Options options;
    options.max_connections = 1;
    Stage stage(options);
    const std::string request = "GET / HTTP/1.1\r\nHost: nobody\r\n\r\n";
    const WirePtr client = stage.client(request + request + request);
    stage.settle();
    for (int n = 0; n < 3; ++n) EXPECT_EQ(take_answer(client).status(), 404);
}

TEST(Refusals, do_not_read_a_body_that_nobody_wants) {
    Stage stage;
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: nobody\r\nContent-Length: 100\r\n\r\nabc");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 404);
    EXPECT_EQ(got.field("Connection"), "close");
    // Our side has ended, but a reset would eat the answer of a client that still sends.
    EXPECT_TRUE(client->peer_finished());
    EXPECT_FALSE(client->peer_closed());
    client->send("def");
    client->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
}

TEST(Refusals, of_a_denied_frontend) {
    Stage stage;
    ASSERT_TRUE(stage.change({add_frontend("", "denied")}).has_done());
    const WirePtr client = stage.client("GET / HTTP/1.1\r\nHost: denied\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 401);
    EXPECT_FALSE(client->peer_closed());
}

TEST(Refusals, of_connect_say_what_is_allowed) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 405);
    EXPECT_NE(got.field("Allow").find("GET"), std::string::npos);
    EXPECT_FALSE(stage.has_connection(1));
}

// Its client may have believed in the tunnel already.
TEST(Refusals, of_connect_end_the_connection_and_take_nothing_behind_it_for_a_request) {
    for (const std::string_view fields : {"", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"}) {
        Stage stage;
        stage.route_to_backends(1);
        const std::string connect = fmt::format("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n{}\r\n", fields);
        const WirePtr client = stage.client(connect + get("/hidden"));
        stage.settle();
        const Message got = take_answer(client);
        EXPECT_EQ(got.status(), 405);
        EXPECT_EQ(got.field("Connection"), "close");
        EXPECT_EQ(client->received(), "");
        EXPECT_TRUE(client->peer_finished());
        client->send(get("/hidden"));
        stage.settle();
        EXPECT_FALSE(stage.has_connection(1));
        EXPECT_EQ(client->not_read(), 0U);
        EXPECT_FALSE(client->peer_closed());
    }
}

TEST(Refusals, of_http_2_that_was_not_agreed_on_take_nothing_of_it) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + get("/hidden"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 505);
    EXPECT_TRUE(client->peer_finished());
    EXPECT_EQ(client->received(), "");
    EXPECT_FALSE(stage.has_connection(1));
}

TEST(Refusals, of_what_is_not_http) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("\x16\x03\x01 hello\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 400);
    EXPECT_TRUE(client->peer_finished());
}

TEST(Refusals, of_a_body_that_breaks_the_protocol) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_answer(client).status(), 400);
    EXPECT_TRUE(client->peer_finished());
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(read_request(backend->received()).whole);
}

TEST(ForwardedFields, tell_the_backend_about_the_client) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
    EXPECT_EQ(request.field("X-Forwarded-Port"), "80");
    EXPECT_EQ(request.field("Forwarded"), "proto=http;for=\"192.0.2.1:40000\";by=127.0.0.1");
    EXPECT_EQ(request.field("Sozu-Id").size(), 26U);
    EXPECT_EQ(request.field("X-Request-Id"), request.field("Sozu-Id"));
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Sozu-Id"), request.field("Sozu-Id"));
}

TEST(ForwardedFields, write_ipv6_addresses_as_each_of_them_wants) {
    Stage stage;
    stage.route_to_backends(1);
    stage.client_at(SocketAddress::parse("[2001:db8::7]:40000").value(), get());
    const Message request = take_request(stage.backend(1));
    EXPECT_EQ(request.field("X-Forwarded-For"), "2001:db8::7");
    EXPECT_EQ(request.field("Forwarded"), "proto=http;for=\"[2001:db8::7]:40000\";by=127.0.0.1");
}

TEST(ForwardedFields, continue_and_keep_what_an_earlier_proxy_said) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(
        get("/",
            "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 198.51.100.8\r\nX-Forwarded-Proto: https\r\n"
            "X-Forwarded-Port: 8443\r\nForwarded: for=198.51.100.7\r\nX-Request-Id: mine\r\n"));
    const Message request = take_request(stage.backend(1));
    EXPECT_EQ(request.field("X-Forwarded-For"), "198.51.100.7, 198.51.100.8, 192.0.2.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
    EXPECT_EQ(request.field("X-Forwarded-Port"), "8443");
    EXPECT_EQ(request.field("Forwarded"), "for=198.51.100.7, proto=http;for=\"192.0.2.1:40000\";by=127.0.0.1");
    EXPECT_EQ(request.field("X-Request-Id"), "mine");
    EXPECT_EQ(request.field("Sozu-Id").size(), 26U);
}

TEST(BackendConnections, serve_one_client_after_the_other) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    backend->take();
    backend->send(answer("1"));
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    const WirePtr second = stage.client(get("/2"));
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_EQ(take_request(backend).first_line, "GET /2 HTTP/1.1");
    backend->send(answer("2"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "1");
    EXPECT_EQ(take_answer(second).body, "2");
}

TEST(BackendConnections, serve_one_request_at_a_time) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get("/1"));
    const WirePtr second = stage.client(get("/2"));
    const WirePtr one = stage.backend(1);
    const WirePtr two = stage.backend(1);
    two->send(answer(take_request(two).first_line));
    one->send(answer(take_request(one).first_line));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "GET /1 HTTP/1.1");
    EXPECT_EQ(take_answer(second).body, "GET /2 HTTP/1.1");
    EXPECT_EQ(stage.worker->pool().size(), 2U);
}

// After an exchange that ended so, the connection must not be used again.
void expect_not_reused(std::string_view bytes, std::string_view late_bytes = {}) {
    SCOPED_TRACE(std::string(bytes));
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    backend->take();
    backend->send(bytes);
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "x");
    EXPECT_FALSE(first->peer_closed());
    // The stray bytes and the next request come in the same turn.
    const WirePtr second = stage.client();
    stage.settle();
    second->send(get("/2"));
    backend->send(late_bytes);
    const WirePtr fresh = stage.backend(1);
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_TRUE(backend->received().empty());
    fresh->send(answer("2"));
    stage.settle();
    EXPECT_EQ(take_answer(second).body, "2");
    EXPECT_TRUE(first->received().empty());
}

TEST(BackendConnections, are_not_used_again_when_the_backend_is_out_of_step_or_closes) {
    expect_not_reused(answer("x") + "stray");
    expect_not_reused(answer("x") + answer("y"));
    expect_not_reused(answer("x"), "stray");
    expect_not_reused(answer("x"), answer("y"));
    expect_not_reused(answer("x", "Connection: close\r\n"));
    expect_not_reused("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx");
}

TEST(BackendConnections, are_not_used_again_after_an_answer_that_came_before_the_end_of_its_request) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr first = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    backend->send(answer("early"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "early");
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_TRUE(first->peer_finished());
    EXPECT_EQ(stage.worker->pool().size(), 0U);
}

TEST(BackendConnections, leave_the_pool_when_the_backend_ends_them_or_nobody_wants_them) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr one = stage.client(get());
    const WirePtr two = stage.client(get());
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(1);
    first->send(answer("x"));
    second->send(answer("x"));
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 2U);
    first->finish();
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    EXPECT_TRUE(first->peer_closed());
    stage.pass(std::chrono::hours(1));
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    EXPECT_TRUE(second->peer_closed());
}

// An idle connection stands, and a request is refused that would have gone over it.
void expect_left_alone(command::Request rule, std::string_view request, int status) {
    Stage stage;
    stage.route_to_backends(1);
    ASSERT_TRUE(stage.change({std::move(rule)}).has_done());
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send(answer("1"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "1");
    client->send(request);
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), status);
    EXPECT_TRUE(backend->received().empty());
    EXPECT_FALSE(backend->peer_closed());
    client->send(get("/2"));
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /2 HTTP/1.1");
    backend->send(answer("2"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "2");
}

TEST(BackendConnections, are_not_harmed_by_requests_that_are_refused) {
    command::Request rewrites = add_frontend("c", "a", "/rewritten/");
    rewrites.mutable_add_http_frontend()->set_rewrite_host("$PATH[1].example");
    expect_left_alone(rewrites, get("/rewritten/bad/one"), 400);

    command::Request edits = add_frontend("c", "a", "/edited");
    for (int n = 0; n < 6; ++n) {
        command::Header& header = *edits.mutable_add_http_frontend()->add_headers();
        header.set_position(command::REQUEST);
        header.set_key("X");
        header.set_val(std::string(4000, 'x'));
    }
    expect_left_alone(edits, get("/edited"), 431);

    command::Request long_path = add_frontend("c", "a", "/long");
    long_path.mutable_add_http_frontend()->set_rewrite_path("/$PATH[0]$PATH[0]$PATH[0]$PATH[0]$PATH[0]");
    expect_left_alone(long_path, get("/long" + std::string(8000, 'x')), 431);
}

}  // namespace
}  // namespace seki::stage
