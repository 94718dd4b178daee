// Backends that fail: when another one takes over, and when it must not.

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

TEST(Retry, is_logged_for_who_wants_to_know) {
    Stage stage;
    stage.route_to_backends(2);
    stage.network.listen(backend_address(1), Reception::refuse);
    const WirePtr uninteresting = stage.client(get());
    stage.settle();
    EXPECT_EQ(stage.log().find("trying again"), std::string::npos);
    ASSERT_TRUE(stage.log_.set_filter("info,proxy=debug"));
    stage.pass(seconds(70));  // it is due to be tried again
    const WirePtr client = stage.client(get());
    const WirePtr other = stage.client(get());
    stage.settle();
    EXPECT_NE(stage.log().find("a new connection to backend b1 of cluster c is lost before it answered; trying again"),
              std::string::npos)
        << stage.log();
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

// How many of many backends, all of which refuse, a request was tried at.
int attempts_of_a_request(Stage& stage) {
    const size_t before = stage.network.unix_paths().size();
    const WirePtr client = stage.client(get());
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 503);
    return static_cast<int>(stage.network.unix_paths().size() - before);
}

TEST(Retry, is_tried_as_often_as_the_cluster_wants) {
    Stage stage;
    stage.route_to_backends(9);
    for (uint8_t n = 1; n <= 9; ++n) stage.network.listen(backend_address(n), Reception::refuse);
    EXPECT_EQ(attempts_of_a_request(stage), 5);
    command::Request change;
    change.set_set_max_connection_attempts(2);
    ASSERT_TRUE(stage.change({change}).has_done());
    EXPECT_EQ(attempts_of_a_request(stage), 2);
    change.mutable_add_cluster()->set_cluster_id("c");
    change.mutable_add_cluster()->set_max_connection_attempts(7);
    ASSERT_TRUE(stage.change({change}).has_done());
    EXPECT_EQ(attempts_of_a_request(stage), 7);
    change.mutable_add_cluster()->set_max_connection_attempts(255);
    ASSERT_TRUE(stage.change({change}).has_done());
    EXPECT_EQ(attempts_of_a_request(stage), 9) << "each of them once";
    change.mutable_add_cluster()->set_max_connection_attempts(1);
    ASSERT_TRUE(stage.change({change}).has_done());
    EXPECT_EQ(attempts_of_a_request(stage), 1);
}

}  // namespace
}  // namespace seki::stage
