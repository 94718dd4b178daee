// Backends that fail: when another one takes over, when it must not, and what the client is told.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;
using Reception = Network::Reception;

const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
const std::string put = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

TEST(Retry, goes_to_another_backend_when_one_refuses) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::refuse);
    const WirePtr client = stage.client(get("/x"));
    const WirePtr backend = stage.backend(2);
    EXPECT_EQ(take_request(backend).first_line, "GET /x HTTP/1.1");
    backend->send(answer("from two"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "from two");
}

TEST(Retry, carries_even_a_post_when_no_connection_stood) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::refuse);
    const WirePtr client = stage.client(post);
    EXPECT_EQ(take_request(stage.backend(2)).body, "abc");
}

TEST(Retry, carries_a_body_longer_than_a_buffer_when_no_connection_stood) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const std::string body(50'000, 'b');
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + body);
    const WirePtr refusing = stage.backend(1);
    refusing->refuse();
    const WirePtr backend = stage.backend(2);
    const Message request = take_request(backend);
    EXPECT_TRUE(request.whole);
    EXPECT_TRUE(request.body == body);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
}

TEST(Retry, goes_to_another_backend_when_connecting_takes_too_long) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const WirePtr client = stage.client(post);
    const WirePtr silent = stage.backend(1);
    EXPECT_FALSE(stage.has_connection(2));
    stage.pass(seconds(4));
    EXPECT_TRUE(silent->peer_closed());
    const WirePtr backend = stage.backend(2);
    EXPECT_EQ(take_request(backend).body, "abc");
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
}

TEST(Retry, takes_up_the_rest_of_a_body_that_is_still_coming) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    stage.backend(1)->refuse();
    const WirePtr backend = stage.backend(2);
    EXPECT_EQ(read_request(backend->received()).body, "abc");
    client->send("def");
    stage.settle();
    EXPECT_EQ(take_request(backend).body, "abcdef");
}

TEST(Retry, passes_over_a_stale_connection_from_the_pool) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/1"));
    const WirePtr stale = stage.backend(1);
    stale->take();
    stale->send(answer("1"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "1");
    client->send(put);
    stage.settle();
    EXPECT_EQ(take_request(stale).body, "abc");
    stale->finish();  // it was just about to close
    const WirePtr fresh = stage.backend(1);
    EXPECT_EQ(take_request(fresh).body, "abc");
    fresh->send(answer("2"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "2");
}

TEST(Retry, needs_no_idle_connection_that_ended_in_the_same_turn) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get("/1"));
    const WirePtr stale = stage.backend(1);
    stale->take();
    stale->send(answer("1"));
    stage.settle();
    client->take();
    client->send(post);
    stale->reset();
    const WirePtr fresh = stage.backend(1);
    EXPECT_EQ(take_request(fresh).body, "abc");
}

TEST(Retry, never_repeats_a_post_of_which_anything_was_written) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.client(post);
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(take_request(backend).body, "abc");
    backend->reset();
    stage.settle();
    EXPECT_FALSE(stage.has_connection(2));
    EXPECT_EQ(take_answer(client).status(), 502);
    EXPECT_FALSE(client->peer_closed());
}

TEST(Retry, repeats_what_may_be_repeated_with_its_body) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.client(put);
    const WirePtr backend = stage.backend(1);
    backend->reset();
    const WirePtr other = stage.backend(2);
    EXPECT_EQ(take_request(other).body, "abc");
    other->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
}

TEST(Retry, does_not_repeat_a_body_that_is_not_held_any_more) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client =
        stage.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'b'));
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(take_request(backend).whole);
    backend->finish();
    stage.settle();
    EXPECT_FALSE(stage.has_connection(2));
    EXPECT_EQ(take_answer(client).status(), 502);
}

TEST(Retry, ends_with_503_when_all_backends_are_down) {
    Stage stage;
    stage.route_to_backends(3);
    for (const uint8_t n : {1, 2, 3}) stage.network.listen(backend_address(n), Reception::refuse);
    const WirePtr client = stage.client(get());
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 503);
    EXPECT_TRUE(got.whole);
    EXPECT_FALSE(client->peer_closed());
    // A backend that may be down is tried again rather than nobody.
    stage.network.listen(backend_address(1));
    client->send(get());
    EXPECT_TRUE(take_request(stage.backend(1)).whole);
}

TEST(Failures, before_any_answer_are_502) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    // Closed without a word: it is repeated, but there is nobody else.
    stage.backend(1)->finish();
    stage.settle();
    EXPECT_GE(take_answer(client).status(), 502);
    client->send(post);
    stage.backend(1)->finish();
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 502);
}

TEST(Failures, to_answer_in_time_are_504_and_not_repeated) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    stage.pass(seconds(29));
    EXPECT_TRUE(client->received().empty());
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 504);
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(stage.has_connection(2));
}

TEST(Failures, to_speak_http_are_502_and_not_repeated) {
    for (const std::string_view bytes :
         {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"}) {
        SCOPED_TRACE(bytes);
        Stage stage;
        stage.route_to_backends(2);
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        backend->send(bytes);
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 502);
        EXPECT_TRUE(backend->peer_closed());
        EXPECT_FALSE(stage.has_connection(2));
        EXPECT_FALSE(client->peer_closed());
    }
}

TEST(Failures, to_come_to_the_point_are_502) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    std::string flood;
    for (int n = 0; n < 100; ++n) flood += "HTTP/1.1 103 Early Hints\r\n\r\n";
    backend->send(flood);
    stage.settle();
    int hints = 0;
    Message got = take_answer(client);
    for (; got.status() == 103; got = take_answer(client)) ++hints;
    EXPECT_LT(hints, 100);
    EXPECT_EQ(got.status(), 502);
    EXPECT_TRUE(backend->peer_closed());
}

// The client must see that the answer was cut off: never a clean end.
void expect_broken(std::string_view head, bool by_reset, std::string_view request = {}) {
    SCOPED_TRACE(std::string(head) + (by_reset ? " reset" : " finished"));
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.client(request.empty() ? get() : request);
    const WirePtr backend = stage.backend(1);
    backend->send(head);
    stage.settle();
    EXPECT_FALSE(read_answer(client->received()).whole);
    by_reset ? backend->reset() : backend->finish();
    stage.settle();
    EXPECT_FALSE(read_answer(client->received()).whole);
    EXPECT_TRUE(client->peer_reset());
    EXPECT_FALSE(stage.has_connection(2));
}

TEST(Failures, within_an_answer_are_seen_by_the_client) {
    const std::string old = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
    for (const bool by_reset : {false, true}) {
        expect_broken("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", by_reset);
        expect_broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", by_reset);
        expect_broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", by_reset);
        expect_broken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", by_reset, old);
    }
    // Without a length only a reset tells that there should have been more.
    expect_broken("HTTP/1.1 200 OK\r\n\r\nabc", true);
    expect_broken("HTTP/1.1 200 OK\r\n\r\nabc", true, old);
}

TEST(Failures, of_chunks_within_an_answer_are_seen_by_the_client) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n");
    stage.settle();
    EXPECT_FALSE(read_answer(client->received()).whole);
    EXPECT_TRUE(client->peer_reset());
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Failures, of_the_client_end_the_exchange) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    stage.settle();
    client->reset();
    backend->send("def");
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_EQ(stage.worker->context().running_exchanges(), 0U);
}

}  // namespace
}  // namespace seki::stage
