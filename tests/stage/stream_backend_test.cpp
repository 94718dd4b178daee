// Backends whose connections have numbered streams: many requests at once on each, of any clients, and what becomes of
// them when a stream or the connection is lost.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"
#include "stage/text_client_codec.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Two backends that speak the format of text_client_codec.h.
struct StreamBackends : testing::Test {
    Stage stage;

    StreamBackends() { use_streams(stage); }
    static void use_streams(Stage& stage, int backends = 2) {
        stage.worker->context().stream_format = [](const backend::Backend&) {
            return std::make_unique<TextClientCodec>();
        };
        stage.route_to_backends(backends);
    }
    void say(const WirePtr& wire, std::string_view text) {
        wire->send(text);
        stage.settle();
    }
};

// ---- requests and answers

TEST_F(StreamBackends, serve_a_request) {
    const WirePtr client = stage.client(get("/x"));
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(backend->take(), "H 1 GET a/x\n");
    say(backend, "h 1 200 Name value\nb 1 5\nhello\ne 1\n");
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 200);
    EXPECT_EQ(got.field("Name"), "value");
    EXPECT_EQ(got.body, "hello");
}

TEST_F(StreamBackends, get_bodies_and_their_ends) {
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(backend->take(), "H 1 POST a/ open\nB 1 3\nabc\n");
    say(client, "3\r\ndef\r\n0\r\n\r\n");
    EXPECT_EQ(backend->take(), "B 1 3\ndef\nE 1\n");
    say(backend, "i 1 103\nh 1 204 end\n");
    const std::string got = client->take();
    EXPECT_NE(got.find("HTTP/1.1 103 "), got.npos);
    EXPECT_NE(got.find("HTTP/1.1 204 "), got.npos);
}

TEST_F(StreamBackends, carry_requests_of_several_clients_on_one_connection) {
    const WirePtr one = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    const WirePtr two = stage.stream_client("H 1 GET /two\nH 3 GET /three\n");
    const WirePtr other = stage.backend(2);
    EXPECT_EQ(backend->take(), "H 1 GET a/1\nH 3 GET a/three\n");
    EXPECT_EQ(other->take(), "H 1 GET a/two\n");
    say(backend, "h 3 200\nb 3 5\nthree\ne 3\n");
    EXPECT_EQ(two->take(), "h 3 200\nb 3 5\nthree\ne 3\n");
    say(backend, "h 1 200\nb 1 3\none\ne 1\n");
    EXPECT_EQ(take_answer(one).body, "one");
}

TEST_F(StreamBackends, get_another_connection_when_all_streams_of_one_are_taken) {
    Stage single;
    use_streams(single, 1);
    std::vector<WirePtr> clients;
    clients.push_back(single.client(get("/0")));
    const WirePtr first = single.backend(1);
    for (int i = 1; i < 5; ++i) {
        clients.push_back(single.client(get(fmt::format("/{}", i))));
        single.settle();
    }
    EXPECT_EQ(first->take(), "H 1 GET a/0\nH 3 GET a/1\nH 5 GET a/2\nH 7 GET a/3\n");
    const WirePtr second = single.backend(1);
    EXPECT_EQ(second->take(), "H 1 GET a/4\n");
    // A stream that ended makes room for another.
    first->send("h 5 200 end\n");
    single.settle();
    clients.push_back(single.client(get("/5")));
    single.settle();
    EXPECT_NE(first->take() + second->take(), "");
    EXPECT_FALSE(single.has_connection(1));
}

TEST_F(StreamBackends, keep_idle_connections_in_the_pool) {
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    say(backend, "h 1 200 end\n");
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    EXPECT_FALSE(backend->peer_closed());
    stage.pass(seconds(61));
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(StreamBackends, that_are_removed_finish_what_they_serve_and_get_no_more) {
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    EXPECT_TRUE(stage.change({remove_backend("c", 1)}).has_done());
    const WirePtr next = stage.client(get("/2"));
    EXPECT_EQ(stage.backend(2)->take(), "H 1 GET a/2\n");
    backend->take();
    say(backend, "h 1 200\nb 1 3\none\ne 1\n");
    EXPECT_EQ(take_answer(client).body, "one");
    EXPECT_TRUE(backend->peer_closed());
}

// ---- room and credit

TEST_F(StreamBackends, give_credit_for_bodies) {
    Stage single;
    use_streams(single, 1);
    const WirePtr first = single.client(get("/1"));
    const WirePtr backend = single.backend(1);
    backend->send("S 4\n");
    single.settle();
    const WirePtr second = single.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    single.settle();
    EXPECT_EQ(backend->take(), "H 1 GET a/1\nH 3 POST a/ open\nB 3 4\n0123\n");
    backend->send("W 3 100\n");
    single.settle();
    EXPECT_EQ(backend->take(), "B 3 6\n456789\nE 3\n");
}

TEST_F(StreamBackends, whose_client_takes_nothing_hold_up_no_other_answer) {
    Stage single;
    use_streams(single, 1);
    const WirePtr slow = single.client(get("/1"));
    const WirePtr backend = single.backend(1);
    const WirePtr fast = single.client(get("/2"));
    single.settle();
    backend->take();
    slow->take_at_most(0);
    const std::string body(10'000, 'x');
    backend->send(fmt::format("h 1 200\nb 1 10000\n{}\n", body));
    backend->send("h 3 200\nb 3 3\nyes\ne 3\n");
    single.settle();
    EXPECT_EQ(take_answer(fast).body, "yes");
    slow->take_at_most(SIZE_MAX);
    backend->send("e 1\n");
    std::string got;
    for (int i = 0; i < 5; ++i) {
        got += slow->take();
        single.settle();
    }
    EXPECT_EQ(read_answer(got).body, body);
}

TEST_F(StreamBackends, have_heads_wait_until_their_connection_has_room) {
    for (const bool has_body : {false, true}) {
        Stage single;
        use_streams(single, 1);
        const WirePtr first = single.client(get("/1"));
        const WirePtr backend = single.backend(1);
        backend->take();
        backend->take_at_most(0);
        const std::string large(12'000, '7');
        const WirePtr second = single.client(get("/2", fmt::format("X-Large: {}\r\n", large)));
        single.settle();
        const std::string third_text =
            has_body ? fmt::format("POST /3 HTTP/1.1\r\nHost: a\r\nX-Large: {}\r\nContent-Length: 3\r\n\r\nabc", large)
                     : get("/3", fmt::format("X-Large: {}\r\n", large));
        const WirePtr third = single.client(third_text);
        single.settle();
        EXPECT_EQ(third->take(), "");
        EXPECT_FALSE(single.has_connection(1));
        backend->take_at_most(SIZE_MAX);
        std::string got;
        for (int i = 0; i < 10; ++i) {
            got += backend->take();
            single.settle();
        }
        EXPECT_NE(got.find("H 3 GET a/2\nF 3 X-Large 777"), got.npos);
        EXPECT_NE(got.find(has_body ? "H 5 POST a/3 open\nF 5 X-Large 777" : "H 5 GET a/3\nF 5 X-Large 777"), got.npos);
        EXPECT_TRUE(!has_body || got.ends_with("B 5 3\nabc\nE 5\n"));
        backend->send("h 5 200\nb 5 5\nthree\ne 5\n");
        single.settle();
        EXPECT_EQ(take_answer(third).body, "three");
    }
}

TEST_F(StreamBackends, are_lost_to_a_client_that_goes_while_its_head_waits) {
    Stage single;
    use_streams(single, 1);
    const WirePtr first = single.client(get("/1"));
    const WirePtr backend = single.backend(1);
    backend->take();
    backend->take_at_most(0);
    const std::string large = fmt::format("X-Large: {}\r\n", std::string(12'000, '7'));
    const WirePtr second = single.client(get("/2", large));
    const WirePtr third = single.client(get("/3", large));
    single.settle();
    single.pass(milliseconds(60));  // now they are watched
    third->reset();
    single.settle();
    backend->take_at_most(SIZE_MAX);
    std::string got;
    for (int i = 0; i < 10; ++i) {
        got += backend->take();
        single.settle();
    }
    EXPECT_NE(got.find("H 3 GET a/2"), got.npos);
    EXPECT_EQ(got.find("a/3"), got.npos);
}

// ---- losses

TEST_F(StreamBackends, get_a_stream_given_up_when_its_client_goes) {
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    backend->take();
    stage.pass(milliseconds(60));  // now it is watched
    client->reset();
    stage.settle();
    EXPECT_EQ(backend->take(), "R 1\n");
    EXPECT_FALSE(backend->peer_closed());
    EXPECT_EQ(stage.worker->pool().size(), 1U);
}

TEST_F(StreamBackends, that_are_silent_lose_the_stream_and_not_the_connection) {
    Stage single({.back_timeout_s = 30});
    use_streams(single, 1);
    const WirePtr silent = single.client(get("/1"));
    const WirePtr backend = single.backend(1);
    single.pass(seconds(20));
    const WirePtr served = single.client(get("/2"));
    single.settle();
    backend->take();
    single.pass(seconds(11));
    EXPECT_EQ(backend->take(), "R 1\n");
    EXPECT_EQ(take_answer(silent).status(), 504);
    backend->send("h 3 200\nb 3 3\nyes\ne 3\n");
    single.settle();
    EXPECT_EQ(take_answer(served).body, "yes");
}

TEST_F(StreamBackends, that_have_not_looked_at_a_request_are_asked_again_whatever_it_asks_for) {
    const WirePtr client = stage.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const WirePtr first = stage.backend(1);
    EXPECT_EQ(first->take(), "H 1 POST a/x\n");
    say(first, "u 1\n");
    EXPECT_EQ(client->take(), "");
    const WirePtr second = stage.backend(2);
    EXPECT_EQ(second->take(), "H 1 POST a/x\n");
    say(second, "h 1 200\nb 1 3\nyes\ne 1\n");
    EXPECT_EQ(take_answer(client).body, "yes");
}

TEST_F(StreamBackends, that_only_gave_a_request_up_are_not_asked_again_for_one_that_may_have_changed_something) {
    const WirePtr client = stage.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const WirePtr first = stage.backend(1);
    first->take();
    say(first, "r 1\n");
    EXPECT_EQ(take_answer(client).status(), 502);
    EXPECT_FALSE(stage.has_connection(2));
    // For one that has not, another is.
    const WirePtr other = stage.client(get("/y"));
    const WirePtr second = stage.backend(2);
    second->take();
    say(second, "r 1\n");
    EXPECT_EQ(first->take(), "H 3 GET a/y\n");
}

TEST_F(StreamBackends, that_refuse_a_request_whose_body_has_begun_end_it) {
    const WirePtr client = stage.client("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    const WirePtr first = stage.backend(1);
    EXPECT_EQ(first->take(), "H 1 POST a/x open\nB 1 3\nabc\n");
    say(first, "u 1\n");
    EXPECT_EQ(take_answer(client).status(), 503);
    EXPECT_FALSE(stage.has_connection(2));
}

TEST_F(StreamBackends, that_go_away_finish_what_they_looked_at_and_leave_the_rest_to_others) {
    Stage single;
    use_streams(single, 1);
    const WirePtr one = single.client(get("/1"));
    const WirePtr first = single.backend(1);
    const WirePtr two = single.client("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const WirePtr three = single.stream_client("H 1 GET /three\n");
    single.settle();
    EXPECT_EQ(first->take(), "H 1 GET a/1\nH 3 POST a/2\nH 5 GET a/three\n");
    first->send("g 1\n");
    const WirePtr second = single.backend(1);
    single.settle();
    std::string asked = second->take();
    if (single.has_connection(1)) asked += single.backend(1)->take();
    EXPECT_NE(asked.find("POST a/2\n"), asked.npos) << asked;
    EXPECT_NE(asked.find("GET a/three\n"), asked.npos) << asked;
    EXPECT_FALSE(first->peer_closed());
    first->send("h 1 200\nb 1 3\none\ne 1\n");
    single.settle();
    EXPECT_EQ(take_answer(one).body, "one");
    EXPECT_TRUE(first->peer_closed());
}

TEST_F(StreamBackends, that_go_away_leave_requests_whose_heads_wait_to_others) {
    Stage single;
    use_streams(single, 1);
    const WirePtr first = single.client(get("/1"));
    const WirePtr backend = single.backend(1);
    backend->take();
    backend->take_at_most(0);
    const std::string large = fmt::format("X-Large: {}\r\n", std::string(12'000, '7'));
    const WirePtr second = single.client(get("/2", large));
    const WirePtr third = single.client(get("/3", large));
    single.settle();
    EXPECT_FALSE(single.has_connection(1));
    backend->send("g 3\n");
    const WirePtr other = single.backend(1);
    EXPECT_TRUE(other->take().starts_with("H 1 GET a/3\nF 1 X-Large 777"));
    other->send("h 1 200\nb 1 5\nthree\ne 1\n");
    single.settle();
    EXPECT_EQ(take_answer(third).body, "three");
}

TEST_F(StreamBackends, that_go_away_while_they_are_idle_leave_the_pool) {
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    say(backend, "h 1 200 end\n");
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    say(backend, "g 1\n");
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(StreamBackends, that_break_lose_what_they_carry_and_only_what_may_be_is_asked_again) {
    Stage single;
    use_streams(single, 1);
    const WirePtr zero = single.client(get("/0"));
    const WirePtr first = single.backend(1);
    first->send("h 1 200 end\n");
    single.settle();
    const WirePtr one = single.client(get("/1"));
    const WirePtr two = single.client("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    const WirePtr three = single.client(get("/3"));
    single.settle();
    EXPECT_EQ(first->take(), "H 1 GET a/0\nH 3 GET a/1\nH 5 POST a/2\nH 7 GET a/3\n");
    first->send("h 7 200\nb 7 1\n3\n");
    single.settle();
    first->reset();
    const WirePtr second = single.backend(1);
    EXPECT_EQ(second->take(), "H 1 GET a/1\n");
    EXPECT_EQ(take_answer(two).status(), 502);
    EXPECT_TRUE(three->peer_reset());
    EXPECT_EQ(one->take(), "");
}

TEST_F(StreamBackends, take_over_what_a_connection_of_another_format_has_lost) {
    stage.worker->context().stream_format = [](const backend::Backend& backend) {
        return backend.id == "b2" ? std::make_unique<TextClientCodec>() : nullptr;
    };
    const WirePtr client = stage.client("PUT /x HTTP/1.1\r\nHost: a\r\nTag: 7\r\nContent-Length: 6\r\n\r\nabcdef");
    const WirePtr first = stage.backend(1);
    EXPECT_EQ(take_request(first).body, "abcdef");
    first->reset();
    const WirePtr second = stage.backend(2);
    EXPECT_EQ(second->take(), "H 1 PUT a/x open\nF 1 Tag 7\nB 1 6\nabcdef\nE 1\n");
    say(second, "h 1 200\nb 1 3\nyes\ne 1\n");
    EXPECT_EQ(take_answer(client).body, "yes");
}

TEST_F(StreamBackends, leave_to_another_format_what_they_have_lost) {
    stage.worker->context().stream_format = [](const backend::Backend& backend) {
        return backend.id == "b1" ? std::make_unique<TextClientCodec>() : nullptr;
    };
    const WirePtr client = stage.client(get("/x", "Tag: 7\r\n"));
    const WirePtr first = stage.backend(1);
    EXPECT_EQ(first->take(), "H 1 GET a/x\nF 1 Tag 7\n");
    first->reset();
    const WirePtr second = stage.backend(2);
    const Message request = take_request(second);
    EXPECT_EQ(request.first_line, "GET /x HTTP/1.1");
    EXPECT_EQ(request.field("Tag"), "7");
    EXPECT_EQ(request.field("Host"), "a");
    say(second, answer("yes"));
    EXPECT_EQ(take_answer(client).body, "yes");
}

TEST_F(StreamBackends, answer_what_is_due_when_the_worker_stops) {
    const WirePtr client = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    stage.worker->stop(false);
    stage.settle();
    say(backend, "P still there\nh 1 200\nb 1 3\none\ne 1\n");
    EXPECT_EQ(take_answer(client).body, "one");
    EXPECT_NE(backend->take().find("p still there\n"), std::string::npos);
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(StreamBackends, speak_nonsense_at_their_own_cost) {
    const WirePtr one = stage.client(get("/1"));
    const WirePtr backend = stage.backend(1);
    say(backend, "?\n");
    EXPECT_EQ(take_answer(one).status(), 502);
    EXPECT_TRUE(backend->peer_closed());
}

}  // namespace
}  // namespace seki::stage
