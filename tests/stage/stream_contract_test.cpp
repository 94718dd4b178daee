// What formats with streams ask of a connection beyond requests and answers: credit, frames of their own, heads that
// cannot be read twice, tunnels beside requests.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

constexpr std::string_view switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: text\r\n\r\n";

// ---- credit for answers

TEST(Credit, that_the_client_gives_is_how_much_of_an_answer_it_gets) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET /one\n");
    const WirePtr backend = stage.backend(1);
    backend->send(answer("0123456789"));
    stage.settle();
    EXPECT_EQ(client->take(), "s\nh 1 200\nb 1 4\n0123\n");
    client->send("W 1 5\n");
    stage.settle();
    EXPECT_EQ(client->take(), "b 1 5\n45678\n");
    client->send("W 0 100\n");
    stage.settle();
    EXPECT_EQ(client->take(), "b 1 1\n9\ne 1\n");
}

TEST(Credit, that_is_missing_for_one_stream_holds_up_no_other) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET /one\nH 3 GET /three\n");
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(2);
    first->send(answer(std::string(100'000, 'x')));
    stage.settle();
    EXPECT_EQ(client->take(), "s\nh 1 200\nb 1 4\nxxxx\n");
    second->send(answer("0123"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 4\n0123\ne 3\n");
    EXPECT_LE(stage.worker->buffers().in_use(), 2U);  // what has not come yet waits with the backend
}

// The end of a chunked answer is longer than that.
TEST(Credit, of_a_byte_is_waited_with_and_not_tried_again_and_again) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET /one\n");
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n012\r\n0\r\nName: value\r\n\r\n");
    stage.settle();
    EXPECT_TRUE(client->take().starts_with("s\nh 1 200\nb 1 "));
    client->send("W 1 100\n");
    stage.settle();
    EXPECT_TRUE(client->take().ends_with("e 1\n"));
}

TEST(Credit, counts_for_answers_of_our_own_as_well) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET nobody/\n");
    stage.settle();
    std::string got = client->take();
    EXPECT_TRUE(got.starts_with("h 1 404\nb 1 4\n")) << got;
    EXPECT_FALSE(got.ends_with("e 1\n")) << got;
    client->send("W 1 100000\n");
    stage.settle();
    got = client->take();
    EXPECT_TRUE(got.ends_with("e 1\n")) << got;
}

TEST(Credit, that_does_not_come_in_time_ends_the_stream_that_waits_for_it) {
    Stage stage({.back_timeout_s = 300});
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET /one\nH 3 GET /three\n");
    const WirePtr first = stage.backend(1);
    const WirePtr second = stage.backend(2);
    first->send(answer("0123456789"));
    stage.settle();
    EXPECT_EQ(client->take(), "s\nh 1 200\nb 1 4\n0123\n");
    for (int i = 0; i < 7; ++i) stage.pass(std::chrono::seconds(10));
    EXPECT_EQ(client->take(), "r 1\n");
    EXPECT_TRUE(first->peer_closed());
    second->send(answer("yes"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 3\nyes\ne 3\n");
}

TEST(Credit, in_small_pieces_lets_answers_take_their_time) {
    for (const std::string_view host : {"", "nobody"}) {
        Stage stage({.back_timeout_s = 60});
        stage.route_to_backends(1);
        const WirePtr client = stage.stream_client(fmt::format("S 1\nH 1 GET {}/one\n", host));
        if (host.empty()) stage.backend(1)->send(answer(std::string(200, 'x')));
        stage.settle();
        for (int i = 0; i < 10; ++i) {
            stage.pass(std::chrono::seconds(30));
            client->send("W 1 1\n");
            stage.settle();
        }
        const std::string got = client->take();
        EXPECT_EQ(got.find("r 1"), got.npos) << got;
        size_t pieces = 0;
        for (size_t at = got.find("b 1 1\n"); at != got.npos; at = got.find("b 1 1\n", at + 1)) ++pieces;
        EXPECT_EQ(pieces, 11U) << got;
    }
}

TEST(Credit, for_an_answer_that_has_not_begun_is_no_reason_to_wait_for_its_backend) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 4\nH 1 GET /one\n");
    const WirePtr backend = stage.backend(1);
    for (int i = 0; i < 10; ++i) {
        client->send("W 0 100\n");
        stage.pass(std::chrono::seconds(7));
    }
    const std::string got = client->take();
    EXPECT_NE(got.find("h 1 504\n"), got.npos) << got;
    EXPECT_TRUE(backend->peer_closed());
}

// ---- credit for requests

uint64_t credit_of(std::string_view frames, uint32_t stream) {
    const std::string begin = fmt::format("w {} ", stream);
    uint64_t sum = 0;
    for (size_t at = frames.find(begin); at != frames.npos; at = frames.find(begin, at + 1))
        sum += std::stoul(std::string(frames.substr(at + begin.size())));
    return sum;
}

TEST(Credit, for_a_request_follows_what_its_backend_takes) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 100\nH 1 POST /one open\n");
    const WirePtr backend = stage.backend(1);
    uint64_t sent = 0;
    uint64_t credit = credit_of(client->take(), 1);
    EXPECT_GT(credit, 1000U);
    while (sent < 200'000) {
        ASSERT_GT(credit, sent) << "no credit follows";
        const std::string piece(std::min<uint64_t>(500, credit - sent), 'x');
        client->send(fmt::format("B 1 {}\n", piece));
        sent += piece.size();
        stage.settle();
        static_cast<void>(backend->take());
        credit += credit_of(client->take(), 1);
    }
}

TEST(Credit, for_a_request_is_no_more_than_there_is_room_while_its_backend_takes_nothing) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("S 100\nH 1 POST /one open\n");
    const WirePtr backend = stage.backend(1);
    static_cast<void>(backend->take());
    backend->take_at_most(0);
    uint64_t sent = 0;
    uint64_t credit = credit_of(client->take(), 1);
    for (int i = 0; i < 1000 && sent < credit; ++i) {
        const std::string piece(std::min<uint64_t>(500, credit - sent), 'x');
        client->send(fmt::format("B 1 {}\n", piece));
        sent += piece.size();
        stage.settle();
        credit += credit_of(client->take(), 1);
    }
    EXPECT_EQ(sent, credit);
    EXPECT_LE(sent, stage.worker->buffers().buffer_size());
    backend->take_at_most(SIZE_MAX);
    static_cast<void>(backend->take());
    stage.settle();
    EXPECT_GT(credit_of(client->take(), 1), 0U);
}

// ---- frames of the codec's own

TEST(OwnFrames, need_no_exchange) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("P one\nP two\n");
    stage.settle();
    EXPECT_EQ(client->take(), "p one\np two\n");
    EXPECT_EQ(stage.worker->buffers().small_in_use(), 0U);
}

TEST(OwnFrames, come_whole_between_those_of_streams_however_slowly_the_client_takes_them) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 1 GET /one\n");
    client->take_at_most(3);
    const WirePtr backend = stage.backend(1);
    backend->send(answer(std::string(50'000, 'x')));
    stage.settle();
    for (int i = 0; i < 20; ++i) client->send(fmt::format("P number{}\n", i));
    stage.settle();
    std::string got;
    for (int i = 0; i < 30'000; ++i) {
        got += client->take();
        stage.settle();
    }
    for (int i = 0; i < 20; ++i) EXPECT_NE(got.find(fmt::format("\np number{}\n", i)), got.npos) << i;
    EXPECT_TRUE(got.ends_with("e 1\n")) << got.substr(got.size() - 50);
}

TEST(OwnFrames, that_a_client_asks_for_and_does_not_take_are_a_bounded_few) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client();
    client->take_at_most(0);
    for (int i = 0; i < 10'000; ++i) client->send("P again and again\n");
    stage.settle();
    EXPECT_GT(client->not_read(), 100'000U);
    client->take_at_most(SIZE_MAX);
    std::string got;
    for (int i = 0; i < 100 && client->not_read() > 0; ++i) {
        got += client->take();
        stage.settle();
    }
    got += client->take();
    EXPECT_EQ(got.size(), 10'000 * std::string_view("p again and again\n").size());
}

TEST(OwnFrames, say_that_a_worker_that_stops_goes_away) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 1 GET /one\n");
    const WirePtr backend = stage.backend(1);
    stage.worker->stop(false);
    stage.settle();
    EXPECT_EQ(client->take(), "g\n");
    backend->send(answer("one"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 200\nb 1 3\none\ne 1\n");
    EXPECT_TRUE(client->peer_closed());
}

// ---- heads

struct GuardedSite : Stage {
    GuardedSite() {
        network.listen(backend_address(1));
        command::Request rule = add_frontend("c", "a");
        rule.mutable_add_http_frontend()->set_required_auth(true);
        command::Request cluster;
        command::Cluster& guarded = *cluster.mutable_add_cluster();
        guarded.set_cluster_id("c");
        guarded.add_authorized_hashes("slow:$6$salt$hash");
        EXPECT_TRUE(change({cluster, add_backend("c", 1), rule, add_frontend("c", "a", "/open")}).has_done());
    }
};

TEST(SuspendedStreams, let_others_go_on_and_do_so_themselves_with_the_head_that_was_read_once) {
    GuardedSite site;
    const WirePtr client = site.stream_client("H 1 GET /secret as c2xvdzpmb28=\nH 3 GET /open\nH 5 GET ^/deeper\n");
    site.settle();
    EXPECT_EQ(site.hasher.jobs(), 1U);
    const WirePtr first = site.backend(1);
    EXPECT_EQ(take_request(first).first_line, "GET /open HTTP/1.1");
    const WirePtr second = site.backend(1);
    EXPECT_EQ(take_request(second).first_line, "GET /open/deeper HTTP/1.1");
    first->send(answer("open"));
    site.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 4\nopen\ne 3\n");
    site.hasher.finish("foo");
    site.settle();
    const Message request = take_request(first);
    EXPECT_EQ(request.first_line, "GET /secret HTTP/1.1");
    EXPECT_EQ(request.field("Host"), "a");
}

TEST(SuspendedStreams, take_the_body_that_follows_when_they_go_on) {
    GuardedSite site;
    const WirePtr client = site.stream_client("S 100\nH 1 POST /secret as c2xvdzpmb28= open\n");
    site.settle();
    EXPECT_EQ(client->take(), "s\n");
    site.hasher.finish("foo");
    site.settle();
    EXPECT_GT(credit_of(client->take(), 1), 0U);
    client->send("B 1 hello\nE 1\n");
    EXPECT_EQ(take_request(site.backend(1)).body, "hello");
}

TEST(SuspendedStreams, may_be_given_up_or_end_with_their_client) {
    for (const std::string_view end : {"R 1\n", "broken"}) {
        GuardedSite site;
        const WirePtr client = site.stream_client("H 1 GET /secret as c2xvdzpmb28=\n");
        site.settle();
        end == "broken" ? client->reset() : client->send(end);
        site.settle();
        EXPECT_EQ(site.worker->context().running_exchanges(), 0U);
        site.hasher.finish("foo");
        site.settle();
        EXPECT_FALSE(site.has_connection(1));
    }
}

TEST(SuspendedStreams, that_may_not_pass_are_refused_alone) {
    GuardedSite site;
    const WirePtr client = site.stream_client("H 1 GET /secret as c2xvdzpmb28=\nH 3 GET /open\n");
    const WirePtr backend = site.backend(1);
    site.hasher.finish("another");
    site.settle();
    const std::string got = client->take();
    EXPECT_TRUE(got.starts_with("h 1 401\n")) << got;
    backend->send(answer("open"));
    site.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 4\nopen\ne 3\n");
}

TEST(HeadsOfAnswers, wait_until_a_shared_connection_has_room_for_them) {
    for (const bool has_body : {true, false}) {
        Stage stage;
        stage.route_to_backends(2);
        const WirePtr client = stage.stream_client("H 1 GET /one\nH 3 GET /three\n");
        client->take_at_most(0);
        const WirePtr first = stage.backend(1);
        const WirePtr second = stage.backend(2);
        first->send(answer(std::string(10'000, 'x')));
        stage.settle();
        const std::string large = fmt::format("HTTP/1.1 200 OK\r\nLen: {}\r\n", std::string(12'000, '7'));
        second->send(large + (has_body ? "Content-Length: 5\r\n\r\nthree" : "Content-Length: 0\r\n\r\n"));
        stage.settle();
        client->take_at_most(SIZE_MAX);
        std::string got;
        for (int i = 0; i < 10; ++i) {
            got += client->take();
            stage.settle();
        }
        EXPECT_EQ(got.find("h 3 502"), got.npos);
        EXPECT_NE(got.find("h 3 200\nf 3 Len 777"), got.npos);
        EXPECT_TRUE(got.ends_with(has_body ? "b 3 5\nthree\ne 3\n" : "e 3\n")) << got.substr(got.size() - 50);
    }
}

// ---- tunnels

TEST(TunnelsOfStreams, run_beside_requests_and_end_by_themselves) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /chat upgrade\n");
    const WirePtr chat = stage.backend(1);
    EXPECT_EQ(take_request(chat).field("Upgrade"), "text");
    chat->send(std::string(switching) + "welcome");
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 101\nb 1 7\nwelcome\n");
    client->send("B 1 hello\nH 3 GET /three\n");
    stage.settle();
    EXPECT_EQ(chat->take(), "hello");
    const WirePtr second = stage.backend(2);
    second->send(answer("three"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 5\nthree\ne 3\n");
    client->send("E 1\n");
    stage.settle();
    EXPECT_TRUE(chat->peer_finished());
    EXPECT_FALSE(chat->peer_closed());
    chat->send("bye");
    chat->finish();
    stage.settle();
    EXPECT_EQ(client->take(), "b 1 3\nbye\ne 1\n");
    EXPECT_TRUE(chat->peer_closed());
    EXPECT_FALSE(client->peer_closed());
    EXPECT_EQ(stage.worker->context().running_exchanges(), 0U);
}

TEST(TunnelsOfStreams, that_break_take_nobody_with_them) {
    Stage stage;
    stage.route_to_backends(2);
    const WirePtr client = stage.stream_client("H 1 GET /chat upgrade\nH 3 GET /three\n");
    const WirePtr chat = stage.backend(1);
    const WirePtr second = stage.backend(2);
    chat->send(switching);
    stage.settle();
    chat->reset();
    stage.settle();
    EXPECT_EQ(client->take(), "h 1 101\nr 1\n");
    second->send(answer("three"));
    stage.settle();
    EXPECT_EQ(client->take(), "h 3 200\nb 3 5\nthree\ne 3\n");
}

// ---- the end of the connection

TEST(Outboxes, survive_their_exchanges_when_the_connection_lingers) {
    Stage stage({.max_buffers = 2});
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 1 GET /one\n");
    client->take_at_most(5);
    const WirePtr backend = stage.backend(1);
    backend->send(answer(std::string(10'000, 'x')));
    stage.settle();
    client->send("nonsense\n");
    stage.settle();
    EXPECT_EQ(stage.worker->context().running_exchanges(), 0U);
    EXPECT_EQ(stage.worker->buffers().in_use(), stage.worker->buffers().reserved());
}

}  // namespace
}  // namespace seki::stage
