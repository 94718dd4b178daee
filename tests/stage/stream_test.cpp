// Exchanges whose client speaks another wire format than HTTP/1.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

TEST(Streams, of_another_wire_format_become_requests_and_answers) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 7 POST /x open\nB 7 hello \n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(read_request(backend->received()).body, "hello ");
    client->send("B 7 world\nE 7\n");
    stage.settle();
    const Message request = take_request(backend);
    EXPECT_EQ(request.first_line, "POST /x HTTP/1.1");
    EXPECT_EQ(request.field("Host"), "a");
    EXPECT_EQ(request.body, "hello world");
    backend->send(answer("welcome"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 7 200\nb 7 7\nwelcome\ne 7\n");
    client->send("H 9 GET /y\n");
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /y HTTP/1.1");
    backend->send("HTTP/1.1 204 No Content\r\n\r\n");
    stage.settle();
    EXPECT_EQ(client->take(), "h 9 204\ne 9\n");
    EXPECT_FALSE(client->peer_closed());
}

TEST(Streams, that_are_given_up_take_nobody_with_them) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 7 POST /x open\nB 7 hel");
    const WirePtr backend = stage.backend(1);
    client->send("lo\nR 7\nH 9 GET /y\n");
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(read_request(backend->received()).whole);
    const WirePtr fresh = stage.backend(1);
    EXPECT_EQ(take_request(fresh).first_line, "GET /y HTTP/1.1");
    EXPECT_EQ(stage.worker->context().running_exchanges(), 1U);
    fresh->send(answer("still here"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 9 200\nb 9 10\nstill here\ne 9\n");
    EXPECT_FALSE(client->peer_closed());
}

TEST(Streams, are_refused_like_any_request) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 7 CONNECT /x\n");
    stage.settle();
    EXPECT_TRUE(client->take().starts_with("h 7 405\nb 7 "));
    EXPECT_FALSE(client->peer_closed());
}

// ---- many at once

TEST(Streams, run_at_the_same_time_and_are_answered_as_their_backends_answer) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 POST /three open\nB 3 half\n");
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(2);
    EXPECT_EQ(take_request(first).first_line, "GET /one HTTP/1.1");
    EXPECT_EQ(stage.worker->context().running_exchanges(), 2U);
    client->send("B 3 way\nE 3\n");
    stage.settle();
    EXPECT_EQ(take_request(second).body, "halfway");
    second->send(answer("of three"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 8\nof three\ne 3\n");
    first->send(answer("of one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 6\nof one\ne 1\n");
}

TEST(Streams, whose_backend_is_lost_within_its_answer_are_given_up_and_the_others_go_on) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 GET /three\n");
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(2);
    first->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    stage.settle();
    first->finish();
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 4\nhalf\nr 1\n");
    second->send(answer("whole"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 5\nwhole\ne 3\n");
    EXPECT_FALSE(client->peer_closed());
}

TEST(Streams, that_are_answered_before_their_request_ended_are_given_up_behind_the_answer) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 1 POST nobody/x open\nB 1 some\n");
    stage.settle();
    const std::string got = client->take();
    EXPECT_TRUE(got.starts_with("h 1 404\n")) << got;
    EXPECT_TRUE(got.ends_with("e 1\nr 1\n")) << got;
    client->send("B 1 more of it\nE 1\nH 3 GET /next\n");
    stage.settle();
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET /next HTTP/1.1");
}

TEST(Streams, share_what_a_slow_reader_leaves_of_the_outbox_and_all_come_through) {
    Stage stage;
    stage.route_to_backends(3);
    const WirePtr client = stage.stream_client();
    client->take_at_most(100);
    client->send("H 1 GET /one\nH 3 GET /three\nH 5 GET /five\n");
    stage.settle();
    const std::string body(40'000, 'x');
    for (uint8_t n = 1; n <= 3; ++n) {
        const WirePtr backend = stage.backend(n);
        backend->send(answer(body));
        stage.settle();
    }
    EXPECT_LE(stage.worker->buffers().in_use(), 4U);
    std::string got;
    size_t bodies = 0;
    client->take_at_most(SIZE_MAX);
    for (int i = 0; i < 100; ++i) {
        got += client->take();
        stage.settle();
    }
    for (const char c : got) bodies += c == 'x' ? 1 : 0;
    EXPECT_EQ(bodies, 3 * body.size());
    for (const std::string_view end : {"e 1\n", "e 3\n", "e 5\n"}) EXPECT_NE(got.find(end), got.npos) << end;
}

TEST(Streams, for_which_there_are_no_buffers_are_given_up_alone) {
    Stage stage({.max_buffers = 3});
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 GET /three\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(client->take(), "r 3\n");
    backend->send(answer("one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 3\none\ne 1\n");
    client->send("H 5 GET /five\n");
    stage.settle();
    EXPECT_EQ(stage.worker->context().running_exchanges(), 1U);
}

TEST(Streams, of_a_client_that_sends_no_more_are_answered_when_they_are_complete) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 POST /three open\nB 3 half\n");
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(2);
    client->finish();
    stage.settle();
    EXPECT_TRUE(second->peer_closed());
    EXPECT_FALSE(client->peer_closed());
    first->send(answer("one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 3\none\ne 1\n");
    EXPECT_TRUE(client->peer_closed());
}

TEST(Streams, that_run_when_the_worker_stops_are_answered_and_new_ones_given_up) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 1 GET /one\n");
    const WirePtr backend = stage.backend(1);
    stage.worker->stop(false);
    stage.settle();
    client->send("H 3 GET /three\n");
    stage.settle();
    EXPECT_EQ(client->take(), "g\nr 3\n");
    backend->send(answer("one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 3\none\ne 1\n");
    EXPECT_TRUE(client->peer_closed());
    EXPECT_TRUE(stage.worker->done());
}

TEST(Streams, that_fall_silent_within_their_request_get_408_while_others_wait_for_their_backends) {
    Stage stage({.back_timeout_s = 300});
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 POST /three open\nB 3 half\n");
    const WirePtr first = stage.backend(1);
    (void)stage.backend(2);
    for (int i = 0; i < 9; ++i) stage.pass(std::chrono::seconds(10));
    const std::string got = client->take();
    EXPECT_TRUE(got.starts_with("h 3 408\n")) << got;
    EXPECT_TRUE(got.ends_with("e 3\nr 3\n")) << got;
    first->send(answer("one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 3\none\ne 1\n");
}

}  // namespace
}  // namespace seki::stage
