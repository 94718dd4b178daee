// Who is waited for, and how long: clients, backends, and the worker that stops.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;
using Reception = Network::Reception;

TEST(Time, for_a_head_is_counted_from_its_first_byte) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("GET / HT");
    for (int n = 0; n < 9; ++n) {
        stage.pass(seconds(1));
        client->send("T");
    }
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 408);
    EXPECT_TRUE(client->peer_finished());
    stage.pass(seconds(3));
    EXPECT_TRUE(client->peer_closed());
}

TEST(Time, of_a_thousand_half_heads_is_their_own_and_keeps_nobody_from_the_buffers) {
    Stage stage({.max_connections = 1100, .max_buffers = 100});
    stage.route_to_backends(1);
    std::vector<WirePtr> slow;
    for (int i = 0; i < 1000; ++i)
        slow.push_back(stage.client("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(i % 3, 'x')));
    const WirePtr client = stage.client(get());
    stage.backend(1)->send(answer("served"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "served");

    stage.pass(seconds(9));
    for (const WirePtr& one : slow) EXPECT_FALSE(one->peer_closed());
    for (const WirePtr& one : slow) one->send("y");  // a byte now and then buys no time
    stage.pass(seconds(1));
    for (const WirePtr& one : slow) {
        EXPECT_EQ(take_answer(one).status(), 408);
        one->finish();
    }
    stage.settle();
    for (const WirePtr& one : slow) EXPECT_TRUE(one->peer_closed());
}

TEST(Time, of_slow_bodies_is_their_own_and_who_finds_no_buffer_is_told_at_once) {
    Stage stage({.max_connections = 1100, .max_buffers = 100});
    stage.route_to_backends(1);
    std::vector<WirePtr> slow;
    for (int i = 0; i < 1000; ++i) {
        slow.push_back(stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"));
        stage.settle();
    }
    size_t told = 0;
    for (const WirePtr& one : slow) told += !one->received().empty() && take_answer(one).status() == 503 ? 1 : 0;
    EXPECT_EQ(told, 950U);  // two buffers for each that runs

    for (int i = 0; i < 7; ++i) stage.pass(seconds(10));
    size_t late = 0;
    for (const WirePtr& one : slow) late += take_answer(one).status() == 408 ? 1 : 0;
    EXPECT_EQ(late, 50U);
    const WirePtr client = stage.client(get());
    stage.settle();
    WirePtr backend;
    while (stage.has_connection(1)) backend = stage.backend(1);
    backend->send(answer("served"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "served");
}

TEST(Time, for_a_client_that_says_nothing_ends_without_a_word) {
    Stage stage;
    const WirePtr client = stage.client();
    stage.pass(seconds(9));
    EXPECT_FALSE(client->saw_end());
    stage.pass(seconds(2));
    EXPECT_TRUE(client->saw_end());
    EXPECT_EQ(client->received(), "");
}

// For a client that is late with a head nothing is worth waiting for: it is in the middle of no upload.
TEST(Time, after_a_408_is_short_for_who_was_late_with_a_head_and_that_of_an_upload_for_who_was_with_a_body) {
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nabc";
    for (const bool own : {false, true}) {
        SCOPED_TRACE(own);
        Stage stage;
        stage.listen_with([&](auto& listener) {
            listener.set_front_timeout(10);  // as for a head
            if (own) (*listener.mutable_answers())["408"] = "HTTP/1.1 408 Slow\r\n\r\nslow";
        });
        stage.route_to_backends(1);
        const WirePtr served = stage.client(get());
        stage.backend(1)->send(answer("x"));
        stage.settle();
        take_answer(served);
        served->send("GET / HT");
        const WirePtr silent = stage.client();
        const WirePtr slow = stage.client("GET / HT");
        const WirePtr floods = stage.client("GET / HT");
        const WirePtr uploads = stage.client(post);
        stage.pass(seconds(10));
        for (const WirePtr& late : {served, slow, floods, uploads}) {
            EXPECT_EQ(take_answer(late).status(), 408);
            EXPECT_TRUE(late->peer_finished());
        }
        for (const WirePtr& client : {floods, uploads}) client->send(std::string(1U << 20U, 'x'));
        stage.settle();
        for (const WirePtr& client : {floods, uploads}) client->send("x");
        stage.settle();
        EXPECT_TRUE(floods->peer_closed());

        stage.pass(seconds(1));
        for (const WirePtr& late : {served, silent, slow}) EXPECT_FALSE(late->peer_closed());
        stage.pass(seconds(1));
        for (const WirePtr& late : {served, silent, slow}) EXPECT_TRUE(late->peer_closed());
        for (int n = 0; n < 27; ++n) stage.pass(seconds(1));
        EXPECT_FALSE(uploads->peer_closed());
        stage.pass(seconds(1));
        EXPECT_TRUE(uploads->peer_closed());
    }
}

TEST(Time, between_requests_is_counted_from_the_last_answer_and_ends_without_a_word) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    stage.pass(seconds(25));
    backend->send(answer("x"));
    stage.settle();
    client->take();
    stage.pass(seconds(55));
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(10));
    EXPECT_TRUE(client->peer_closed());
    EXPECT_EQ(client->received(), "");
}

TEST(Time, for_a_second_head_is_that_of_a_head) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    stage.backend(1)->send(answer("x"));
    stage.settle();
    client->take();
    stage.pass(seconds(30));
    client->send("GET /");
    stage.pass(seconds(9));
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 408);
}

TEST(Time, for_a_body_that_stops_coming_ends_with_408) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    stage.pass(seconds(50));
    client->send("d");
    stage.pass(seconds(59));
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 408);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Time, for_a_408_to_be_taken_ends_with_a_reset) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    client->take_at_most(0);
    stage.pass(seconds(61));
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(59));
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(2));
    EXPECT_TRUE(client->peer_reset());
    EXPECT_EQ(stage.worker->sessions().clients(), 0U);
}

TEST(Time, for_a_backend_that_takes_nothing_of_a_request_ends_with_504) {
    Stage stage;
    stage.route_to_backends(1);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    backend->take_at_most(10);
    backend->establish();
    client->send(tagged_body(1, 100'000));
    stage.pass(seconds(29));
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 504);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Time, for_a_backend_that_does_not_ask_for_a_body_that_waits_to_be_asked_for_ends_with_504) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    stage.pass(seconds(29));
    backend->send("HTTP/1.1 103 Early Hints\r\n\r\n");
    stage.pass(seconds(29));
    EXPECT_EQ(take_answer(client).status(), 103);
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(2));
    EXPECT_EQ(take_answer(client).status(), 504);
}

TEST(Time, for_a_body_begins_when_it_is_asked_for) {
    Stage::Options options;
    options.back_timeout_s = 120;
    Stage stage(options);
    stage.route_to_backends(1);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    stage.pass(seconds(61));
    stage.pass(seconds(54));
    backend->send("HTTP/1.1 100 Continue\r\n\r\n");
    stage.pass(seconds(50));
    EXPECT_EQ(take_answer(client).status(), 100);
    EXPECT_EQ(client->received(), "");
    stage.pass(seconds(12));
    EXPECT_EQ(take_answer(client).status(), 408);
}

TEST(Time, for_a_backend_within_its_answer_ends_with_a_reset) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    stage.pass(seconds(29));
    backend->send("d");
    stage.pass(seconds(29));
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(2));
    EXPECT_TRUE(client->peer_reset());
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Time, for_a_client_that_takes_nothing_of_its_answer_ends_with_a_reset) {
    for (const size_t length : {100U, 1'000'000U}) {
        SCOPED_TRACE(length);
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client(get());
        client->take_at_most(10);
        stage.backend(1)->send(answer(tagged_body(1, length)));
        stage.pass(seconds(59));
        EXPECT_FALSE(client->peer_closed());
        stage.pass(seconds(2));
        EXPECT_TRUE(client->peer_reset());
    }
}

TEST(Time, of_a_slow_client_is_not_held_against_the_backend) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    client->take_at_most(10'000);
    const WirePtr backend = stage.backend(1);
    const std::string whole = answer(tagged_body(1, 30'000));
    backend->send(whole.substr(0, 20'000));
    stage.pass(seconds(31));
    stage.pass(seconds(25));
    EXPECT_FALSE(backend->peer_closed());
    std::string got = client->take();
    stage.settle();
    client->take_at_most(SIZE_MAX);
    got += client->take();
    // From here on it is the backend's turn, and it has all the time that it may have.
    stage.pass(seconds(10));
    stage.pass(seconds(18));
    EXPECT_FALSE(client->peer_closed());
    backend->send(whole.substr(20'000));
    stage.settle();
    got += client->take();
    EXPECT_TRUE(read_answer(got).whole);
}

TEST(Time, to_connect_is_short_and_failing_backends_are_left_alone_for_a_while) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const WirePtr client = stage.client(get());
    stage.pass(seconds(2));
    EXPECT_FALSE(stage.has_connection(2));
    stage.pass(seconds(2));
    const WirePtr silent = stage.backend(1);
    EXPECT_TRUE(silent->peer_closed());
    const WirePtr backend = stage.backend(2);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
    for (int n = 0; n < 4; ++n) {
        client->send(get());
        stage.settle();
        backend->send(answer("y"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "y");
    }
    EXPECT_FALSE(stage.has_connection(1));
    // At most 64 seconds, and it has failed only once.
    stage.network.listen(backend_address(1));
    stage.pass(seconds(5));
    for (int n = 0; n < 2 && !stage.has_connection(1); ++n) {
        client->send(get());
        stage.settle();
        if (!stage.has_connection(1)) backend->send(answer("z"));
    }
    EXPECT_TRUE(stage.has_connection(1));
}

TEST(Stopping, softly_finishes_what_runs_and_says_so) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr idle = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    const WirePtr early = stage.client(get() + get("/second"));
    stage.settle();
    const WirePtr late = stage.client("GET /");
    stage.settle();
    stage.worker->stop(false);
    stage.settle();
    EXPECT_TRUE(idle->peer_closed());
    EXPECT_FALSE(early->peer_closed());
    EXPECT_FALSE(late->peer_closed());
    EXPECT_FALSE(stage.worker->done());
    backend->send(answer("y"));
    late->send(" HTTP/1.1\r\nHost: a\r\n\r\n");
    stage.settle();
    const Message last = take_answer(early);
    EXPECT_EQ(last.body, "y");
    EXPECT_EQ(last.field("Connection"), "close");
    EXPECT_TRUE(early->saw_end());
    EXPECT_EQ(early->received(), "");
    stage.backend(1)->send(answer("z"));
    stage.settle();
    EXPECT_EQ(take_answer(late).body, "z");
    EXPECT_TRUE(late->saw_end());
    stage.pass(seconds(3));
    EXPECT_TRUE(stage.worker->done());
}

TEST(Stopping, softly_lets_tunnels_run) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    stage.worker->stop(false);
    stage.settle();
    backend->send("still there");
    stage.settle();
    EXPECT_EQ(client->take(), "still there");
    client->finish();
    backend->finish();
    stage.settle();
    EXPECT_TRUE(stage.worker->done());
}

TEST(Stopping, hard_ends_everything_at_once_and_visibly) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr idle = stage.client();
    const WirePtr waiting = stage.client(get());
    const WirePtr running = stage.client(get());
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(1);
    second->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    stage.settle();
    stage.worker->stop(true);
    stage.settle();
    EXPECT_TRUE(idle->peer_closed());
    EXPECT_TRUE(waiting->peer_closed());
    EXPECT_TRUE(running->peer_reset());
    EXPECT_TRUE(first->peer_closed() && second->peer_closed());
    EXPECT_TRUE(stage.worker->done());
}

}  // namespace
}  // namespace seki::stage
