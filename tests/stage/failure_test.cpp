// Backends that fail where nobody can take over: what the client is told.

#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;
using Reception = Network::Reception;

const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

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

TEST(Failures, to_come_to_the_point_are_none_while_the_pace_is_sensible) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    for (int n = 0; n < 1000; ++n) {
        backend->send("HTTP/1.1 102 Processing\r\n\r\n");
        stage.pass(std::chrono::milliseconds(25));
        ASSERT_EQ(take_answer(client).status(), 102) << n;
    }
    backend->send(answer("at last"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "at last");
}

TEST(Failures, to_come_to_the_point_are_known_by_their_bytes_too) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(10'000, 'x') + "\r\n\r\n";
    int hints = 0;
    Message got;
    do {
        backend->send(hint);
        stage.pass(std::chrono::milliseconds(25));
        got = take_answer(client);
    } while (got.status() == 103 && ++hints < 100);
    EXPECT_LT(hints, 20);
    EXPECT_GT(hints, 5);
    EXPECT_EQ(got.status(), 502);
    EXPECT_NE(stage.log().find("| too many interim responses"), std::string::npos);
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
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    stage.settle();
    backend->send("nonsense\r\n");
    stage.settle();
    EXPECT_FALSE(read_answer(client->received()).whole);
    EXPECT_TRUE(client->peer_reset());
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_NE(stage.log().find("| malformed chunk"), std::string::npos) << stage.log();
}

TEST(Failures, within_an_answer_of_which_nothing_has_left_are_502) {
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& broken :
         {chunked + "hello, this is no chunk\r\n", chunked + "3\r\nabcd\r\n", chunked + "3\r\nabc\r\nnonsense\r\n",
          chunked + "ffffffffffffffffff\r\n", chunked + "0\r\nno trailer\r\n\r\n",
          "HTTP/1.1 103 Early Hints\r\n\r\n" + chunked + "nonsense\r\n"}) {
        SCOPED_TRACE(broken);
        Stage stage;
        stage.route_to_backends(2);
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        backend->send(broken);
        stage.settle();
        Message got = take_answer(client);
        if (got.status() == 103) got = take_answer(client);
        EXPECT_EQ(got.status(), 502);
        EXPECT_TRUE(got.whole);
        EXPECT_TRUE(client->received().empty());
        EXPECT_TRUE(backend->peer_closed());
        EXPECT_FALSE(stage.has_connection(2));
        EXPECT_NE(stage.log().find(" 502 | malformed "), std::string::npos) << stage.log();
        EXPECT_EQ(stage.metrics.value(observe::Counter::http_backend_parse_errors), 1U);
        client->send(get("/next"));
        EXPECT_EQ(take_request(stage.backend(2)).first_line, "GET /next HTTP/1.1");
    }
}

TEST(Failures, are_502_also_where_the_client_has_taken_nothing_yet) {
    for (const bool by_reset : {false, true}) {
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        client->take_at_most(0);
        backend->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        stage.settle();
        by_reset ? backend->reset() : backend->finish();
        stage.settle();
        client->take_at_most(SIZE_MAX);
        EXPECT_EQ(client->take(), "");
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 502);
        EXPECT_TRUE(client->received().empty());
        EXPECT_FALSE(client->peer_closed());
    }
}

TEST(Failures, of_which_the_client_has_seen_a_part_are_never_502) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    client->take_at_most(5);
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    stage.settle();
    backend->send("nonsense\r\n");
    stage.settle();
    EXPECT_EQ(client->received(), "HTTP/");
    EXPECT_TRUE(client->peer_reset());
}

TEST(Failures, to_go_on_with_an_answer_are_logged_as_such) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    stage.backend(1)->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    stage.pass(seconds(31));
    EXPECT_TRUE(client->peer_reset());
    EXPECT_NE(stage.log().find("| backend_response_timeout"), std::string::npos) << stage.log();
}

TEST(Failures, of_a_backend_that_nobody_waits_for_any_more_are_nobodys) {
    Stage stage;
    stage.route_to_backends(1);
    stage.network.listen(backend_address(1), Reception::accept_later);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    stage.worker->sessions().for_each([](net::Session& session) {
        if (session.side() == net::Session::Side::client)
            session.close(net::CloseManner::now, net::CloseReason::killed);
    });
    // The client ends in this turn; its backend is about to, when the refusal comes.
    stage.loop.turn(Duration::zero());
    EXPECT_TRUE(client->peer_closed());
    EXPECT_FALSE(backend->peer_closed());
    backend->refuse();
    stage.settle();
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
