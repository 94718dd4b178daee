// One client's requests over one connection: what reaches the backend, what comes back, and what becomes of both
// connections.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

TEST(Requests, reach_a_backend_and_answers_the_client) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/x"));
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(backend->received().starts_with("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n"))
        << backend->received();
    backend->send(answer("hello"));
    stage.settle();
    EXPECT_TRUE(client->received().starts_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(client->received().ends_with("\r\n\r\nhello"));
}

TEST(Requests, follow_each_other_on_one_connection) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    for (const std::string_view body : {"one", "two", "three"}) {
        EXPECT_TRUE(take_request(backend).whole);
        backend->send(answer(body));
        stage.settle();
        const Message got = take_answer(client);
        EXPECT_EQ(got.body, body);
        EXPECT_FALSE(got.has("Connection"));
        EXPECT_FALSE(client->peer_closed());
        client->send(get("/again"));
        stage.settle();
    }
    EXPECT_FALSE(stage.has_connection(1));
}

TEST(Requests, that_are_pipelined_are_answered_in_their_order) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.client(get("/1") + get("/2") + get("/3") + "GET /4 HTT");
    for (const std::string_view path : {"/1", "/2", "/3"}) {
        const WirePtr backend = stage.has_connection(1)   ? stage.backend(1)
                                : stage.has_connection(2) ? stage.backend(2)
                                                          : nullptr;
        if (backend == nullptr) break;
        EXPECT_EQ(take_request(backend).first_line, std::string("GET ") + std::string(path) + " HTTP/1.1");
        EXPECT_TRUE(backend->received().empty());
        backend->send(answer(path, "Connection: close\r\n"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, path);
    }
    client->send("P/1.1\r\nHost: a\r\n\r\n");
    const WirePtr last = stage.has_connection(2) ? stage.backend(2) : stage.backend(1);
    EXPECT_EQ(take_request(last).first_line, "GET /4 HTTP/1.1");
}

TEST(Requests, that_seki_answers_by_itself_may_be_pipelined_by_the_hundred_and_leave_room_for_others) {
    Stage::Options options;
    options.max_buffers = 8;
    Stage stage(options);
    stage.route_to_backends(1);
    constexpr int many = 300;
    std::string unknown;
    for (int n = 0; n < many; ++n) unknown += "GET / HTTP/1.1\r\nHost: unknown\r\n\r\n";
    const WirePtr greedy = stage.client(unknown);  // both in the same turn
    const WirePtr other = stage.client(get());
    stage.settle();
    for (int n = 0; n < many; ++n) ASSERT_EQ(take_answer(greedy).status(), 404) << n;
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(other).body, "x");
    EXPECT_FALSE(greedy->peer_closed());
    EXPECT_EQ(stage.metrics.value(observe::Counter::buffer_exhausted), 0U);
}

TEST(Requests, of_http_1_0_end_the_connection) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).first_line, "GET / HTTP/1.1");
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Connection"), "close");
    EXPECT_TRUE(client->saw_end());
}

TEST(Requests, of_http_1_0_keep_the_connection_when_they_ask_for_it) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Connection"), "keep-alive");
    EXPECT_FALSE(client->peer_closed());
    // A body without a length cannot be given to such a client but by closing.
    backend->take();
    client->send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    stage.settle();
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_TRUE(got.until_close);
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_EQ(got.body, "abc");
    EXPECT_TRUE(client->saw_end());
}

TEST(Requests, that_ask_for_close_are_the_last) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/", "Connection: close\r\n") + get("/2"));
    const WirePtr backend = stage.backend(1);
    EXPECT_FALSE(take_request(backend).has("Connection"));
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Connection"), "close");
    EXPECT_TRUE(client->saw_end());
    EXPECT_TRUE(client->received().empty());
    EXPECT_TRUE(backend->received().empty());
    EXPECT_FALSE(backend->peer_closed());
}

TEST(Requests, for_heads_get_no_bodies) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get("/2"));
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).first_line, "HEAD / HTTP/1.1");
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client, Bodies::none).field("Content-Length"), "1000");
    EXPECT_EQ(take_request(backend).first_line, "GET /2 HTTP/1.1");
    backend->send(answer("two"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "two");
}

TEST(Requests, may_be_answered_by_statuses_without_a_body) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get() + get() + get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 204 No Content\r\n\r\n");
    stage.settle();
    backend->send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"e\"\r\n\r\n");
    stage.settle();
    backend->send(answer("x"));
    stage.settle();
    const Message none = take_answer(client);
    EXPECT_EQ(none.status(), 204);
    EXPECT_FALSE(none.has("Content-Length"));
    const Message same = take_answer(client);
    EXPECT_EQ(same.status(), 304);
    EXPECT_EQ(same.field("ETag"), "\"e\"");
    EXPECT_EQ(take_answer(client).body, "x");
}

TEST(Requests, and_answers_may_come_in_chunks_with_trailers) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
        "5;note=x\r\nhello\r\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(read_request(backend->received()).body, "hello");
    client->send("6\r\n world\r\n0\r\nSum: 11\r\n\r\n");
    stage.settle();
    const Message request = take_request(backend);
    EXPECT_TRUE(request.whole);
    EXPECT_EQ(request.body, "hello world");
    EXPECT_EQ(request.trailers, "Sum: 11\n");
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    stage.settle();
    EXPECT_EQ(read_answer(client->received()).body, "abc");
    backend->send("2\r\nde\r\n0\r\nMark: m\r\n\r\n");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_TRUE(got.whole);
    EXPECT_EQ(got.body, "abcde");
    EXPECT_EQ(got.trailers, "Mark: m\n");
    client->send(get());
    stage.settle();
    EXPECT_TRUE(take_request(backend).whole);
}

TEST(Requests, may_be_answered_until_the_backend_closes) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\n\r\nabc");
    stage.settle();
    EXPECT_FALSE(read_answer(client->received()).whole);
    backend->send("def");
    backend->finish();
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_TRUE(got.whole);
    EXPECT_EQ(got.body, "abcdef");
    EXPECT_FALSE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Requests, that_wait_for_100_continue_get_it_from_the_backend) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(read_request(backend->received()).field("Expect"), "100-continue");
    EXPECT_TRUE(client->received().empty());
    backend->send("HTTP/1.1 100 Continue\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 100);
    client->send("abc");
    stage.settle();
    EXPECT_EQ(take_request(backend).body, "abc");
    backend->send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer("done"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Link"), "</x>");
    EXPECT_EQ(take_answer(client).body, "done");
}

TEST(Requests, in_chunks_may_have_long_trailers_behind_a_body_that_just_fits_a_buffer) {
    const std::string trailer = "Sum: " + std::string(3000, 's') + "\r\n";
    for (size_t length = 7'000; length < 13'000; length += 250) {
        SCOPED_TRACE(length);
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        const WirePtr backend = stage.backend(1);
        client->send(fmt::format("{:x}\r\n{}\r\n", length, std::string(length, 'x')));
        stage.settle();
        client->send("0\r\n" + trailer + "\r\n");
        stage.settle();
        const Message request = take_request(backend);
        EXPECT_TRUE(request.whole);
        EXPECT_EQ(request.body.size(), length);
        EXPECT_EQ(request.trailers.size(), trailer.size() - 1);
    }
}

TEST(Requests, from_a_half_closed_client_are_answered) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    client->finish();
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).body, "abc");
    backend->send(answer("still there"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "still there");
    EXPECT_TRUE(client->saw_end());
    EXPECT_FALSE(backend->peer_closed());
}

TEST(Requests, that_are_cut_off_end_everywhere) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    client->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(read_request(backend->received()).whole);
}

}  // namespace
}  // namespace seki::stage
