// Answers that come before their request is complete, to clients that take nothing before they have sent everything:
// what they still send is read and dropped, up to a bound, so that no reset eats the answer (RFC 9112 §9.6).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t megabyte = 1U << 20U;

std::string post_of(size_t length, std::string_view more = {}) {
    return fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n", length, more);
}

// Sends so many bytes of a body, and is never left waiting by the worker.
void upload(Stage& stage, const WirePtr& client, size_t bytes) {
    const std::string piece(megabyte / 4, 'x');
    for (size_t sent = 0; sent < bytes; sent += piece.size()) {
        client->send(piece);
        stage.settle();
        ASSERT_EQ(client->not_read(), 0U);
        ASSERT_LE(stage.worker->buffers().in_use(), 2U);
    }
}

void refuse_large_bodies(command::HttpListenerConfig& listener) { listener.set_max_body_bytes(1000); }

TEST(EarlyAnswers, of_any_kind_wait_for_an_upload_of_half_a_minute) {
    struct Kind {
        const char* host;
        int status;
    };
    for (const Kind& kind : {Kind{"a", 413}, Kind{"nobody", 404}, Kind{"denied", 401}}) {
        SCOPED_TRACE(kind.status);
        Stage stage;
        if (kind.status == 413) stage.listen_with(refuse_large_bodies);
        ASSERT_TRUE(stage.change({add_frontend("", "denied")}).has_done());
        const WirePtr client =
            stage.client(fmt::format("POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", kind.host, megabyte));
        stage.settle();
        EXPECT_EQ(read_answer(client->received()).status(), kind.status);
        for (int second = 0; second < 29; ++second) {
            client->send(std::string(1000, 'x'));
            stage.pass(seconds(1));
            ASSERT_FALSE(client->peer_closed());
            ASSERT_EQ(client->not_read(), 0U);
        }
        client->finish();
        stage.settle();
        EXPECT_TRUE(client->peer_closed());
        EXPECT_EQ(take_answer(client).status(), kind.status);
    }
}

TEST(EarlyAnswers, of_a_backend_wait_likewise) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(post_of(20 * megabyte));
    const WirePtr backend = stage.backend(1);
    backend->take_at_most(1000);
    client->send(std::string(megabyte, 'x'));
    stage.settle();
    EXPECT_GT(client->not_read(), 0U);  // it is the backend that takes nothing
    backend->send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!");
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    upload(stage, client, 19 * megabyte);
    client->finish();
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "no!");
    EXPECT_TRUE(client->peer_closed());
}

TEST(EarlyAnswers, that_are_longer_than_what_the_client_takes_do_not_stop_its_upload) {
    const std::string page(60'000, 'p');
    for (const bool own : {true, false}) {
        SCOPED_TRACE(own);
        Stage stage;
        stage.listen_with([&](auto& listener) {
            if (own) refuse_large_bodies(listener);
            (*listener.mutable_answers())["413"] = "HTTP/1.1 413 Content Too Large\r\n\r\n" + page;
        });
        stage.route_to_backends(1);
        const WirePtr client = stage.client(post_of(10 * megabyte));
        client->take_at_most(50'000);
        if (!own) {
            stage.backend(1)->send(fmt::format("HTTP/1.1 413 No\r\nContent-Length: {}\r\n\r\n{}", page.size(), page));
        }
        upload(stage, client, 10 * megabyte);
        client->take_at_most(SIZE_MAX);
        std::string got;
        for (stage.settle(); !client->received().empty(); stage.settle()) got += client->take();
        const Message answer = read_answer(got);
        EXPECT_EQ(answer.status(), 413);
        EXPECT_EQ(answer.body, page);
        EXPECT_TRUE(client->peer_finished());
        EXPECT_FALSE(client->peer_reset());
    }
}

TEST(EarlyAnswers, wait_no_longer_than_their_listener_says) {
    Stage stage;
    stage.listen_with([](auto& listener) {
        refuse_large_bodies(listener);
        listener.set_lingering_timeout(5);
        listener.set_lingering_bytes(2 * megabyte);
    });
    const WirePtr slow = stage.client(post_of(10 * megabyte));
    stage.pass(seconds(4));
    slow->send("x");
    stage.settle();
    EXPECT_FALSE(slow->peer_closed());
    stage.pass(seconds(2));
    EXPECT_TRUE(slow->peer_closed());

    const WirePtr large = stage.client(post_of(10 * megabyte));
    upload(stage, large, 2 * megabyte);
    EXPECT_FALSE(large->peer_closed());
    large->send("x");
    stage.settle();
    EXPECT_TRUE(large->peer_closed());
}

TEST(EarlyAnswers, leave_the_turn_to_others_within_a_large_upload) {
    Stage stage;
    stage.listen_with(refuse_large_bodies);
    const WirePtr client = stage.client(post_of(10 * megabyte));
    stage.settle();
    client->send(std::string(10 * megabyte, 'x'));
    stage.loop.turn(Duration::zero());
    EXPECT_GE(client->not_read(), 9 * megabyte);
    EXPECT_TRUE(stage.loop.has_ready());
    stage.settle();
    EXPECT_EQ(client->not_read(), 0U);
}

TEST(EarlyAnswers, to_a_flood_of_uploads_hold_only_a_part_of_the_places_for_long) {
    Stage stage({.max_connections = 100});
    stage.listen_with(refuse_large_bodies);
    std::vector<WirePtr> flood;
    for (int n = 0; n < 100; ++n) flood.push_back(stage.client(post_of(megabyte)));
    stage.pass(seconds(3));
    const auto closed = std::ranges::count_if(flood, [](const WirePtr& wire) { return wire->peer_closed(); });
    EXPECT_EQ(100 - closed, 26);
    for (const WirePtr& client : flood) EXPECT_EQ(take_answer(client).status(), 413);
    stage.pass(seconds(30));
    EXPECT_EQ(stage.worker->sessions().size(), 0U);
}

// Whatever ends them: the client itself, its bytes, its time, or somebody who wants it gone.
TEST(EarlyAnswers, leave_their_place_to_the_next_client_that_uploads) {
    Stage stage({.max_connections = 40});
    stage.listen_with([](auto& listener) {
        refuse_large_bodies(listener);
        listener.set_lingering_bytes(2 * megabyte);
    });
    for (int round = 0; round < 4; ++round) {
        SCOPED_TRACE(round);
        std::vector<WirePtr> flood;
        for (int n = 0; n < 40; ++n) flood.push_back(stage.client(post_of(10 * megabyte)));
        stage.pass(seconds(2));
        std::erase_if(flood, [](const WirePtr& wire) { return wire->peer_closed(); });
        ASSERT_EQ(flood.size(), 11U);
        flood[0]->finish();
        flood[1]->reset();
        flood[2]->send(std::string(2 * megabyte + 1, 'x'));
        stage.settle();
        EXPECT_TRUE(flood[0]->peer_closed() && flood[1]->peer_closed() && flood[2]->peer_closed());
        EXPECT_FALSE(flood[3]->peer_closed());
        if (round == 0) stage.worker->sessions().close_all(net::CloseManner::now, net::CloseReason::killed);
        if (round == 1) stage.worker->sessions().close_all(net::CloseManner::linger, net::CloseReason::killed);
        stage.pass(seconds(28));
        EXPECT_EQ(stage.worker->sessions().size(), 0U);
    }
}

TEST(EarlyAnswers, without_a_place_drop_a_megabyte_and_no_more) {
    Stage stage({.max_connections = 3});
    stage.listen_with(refuse_large_bodies);
    const WirePtr first = stage.client(post_of(10 * megabyte));
    const WirePtr second = stage.client(post_of(10 * megabyte));
    upload(stage, first, megabyte);
    upload(stage, second, megabyte);
    for (const WirePtr& client : {first, second}) {
        EXPECT_FALSE(client->peer_closed());
        client->send("x");
    }
    stage.settle();
    EXPECT_FALSE(first->peer_closed());
    EXPECT_TRUE(second->peer_closed());
    EXPECT_EQ(take_answer(second).status(), 413);
}

TEST(EarlyAnswers, keep_nobody_from_a_place_that_others_wait_for) {
    Stage stage({.max_connections = 2, .evicts = true});
    stage.listen_with(refuse_large_bodies);
    const WirePtr taking_nothing = stage.client();
    taking_nothing->take_at_most(0);
    taking_nothing->send("nonsense\r\n\r\n");
    stage.pass(seconds(1));
    const WirePtr lingering = stage.client(post_of(megabyte));
    stage.settle();
    EXPECT_EQ(stage.worker->make_room(), net::Acceptor::Room::soon);
    stage.settle();
    EXPECT_TRUE(lingering->peer_closed());
    EXPECT_FALSE(taking_nothing->peer_closed());
}

TEST(EarlyAnswers, to_who_waits_for_100_ask_for_no_body) {
    Stage stage;
    stage.listen_with(refuse_large_bodies);
    const WirePtr client = stage.client(post_of(megabyte, "Expect: 100-continue\r\n"));
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 413);
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_TRUE(client->peer_finished());
    client->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
}

}  // namespace
}  // namespace seki::stage
