// Which requests go over a connection to a backend that served before, and what becomes of those that are lost with
// one.

#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

command::Request reuse(command::BackendReuse how) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id("c");
    request.mutable_add_cluster()->set_backend_reuse(how);
    return request;
}

struct Reuse : testing::Test {
    Stage stage;

    Reuse() { stage.route_to_backends(1); }

    // The connection that the request comes by, whether it is one of `known` or a new one; it is answered.
    WirePtr served(const WirePtr& client, std::string_view request, const std::vector<WirePtr>& known = {}) {
        client->send(request);
        stage.settle();
        WirePtr by;
        for (const WirePtr& wire : known) {
            if (!wire->received().empty()) by = wire;
        }
        if (by == nullptr) by = stage.backend(1);
        EXPECT_TRUE(take_request(by).whole);
        by->send(answer("x"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "x");
        return by;
    }
    // A backend that is known to keep its connections, and one of them idle.
    WirePtr proven() {
        const WirePtr client = stage.client();
        const WirePtr idle = served(client, get());
        EXPECT_EQ(served(client, get(), {idle}), idle);
        return idle;
    }
    // The backend answers and ends the connection, which it did not say.
    void answer_and_end() {
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        EXPECT_TRUE(take_request(backend).whole);
        backend->send(answer("x"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "x");
        end(backend);
    }
    // Each by itself: what ends in the same moment ends together.
    void end(const WirePtr& backend) {
        backend->finish();
        stage.pass(milliseconds(1));
    }
    bool keeps() {
        const WirePtr client = stage.client();
        const WirePtr backend = served(client, get());
        const bool kept = !backend->peer_closed();
        end(backend);
        return kept;
    }
};

std::string body_of(std::string_view method, size_t bytes) {
    return fmt::format("{} / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", method, bytes,
                       std::string(bytes, 'x'));
}

TEST_F(Reuse, is_not_for_the_first_request_of_a_client_when_that_cannot_be_sent_again) {
    for (const std::string& request :
         {post, std::string("PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
          std::string("LOCK / HTTP/1.1\r\nHost: a\r\n\r\n"), body_of("PUT", 20'000),
          std::string("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")}) {
        SCOPED_TRACE(request.substr(0, 80));
        const WirePtr idle = proven();
        const WirePtr client = stage.client(request);
        const WirePtr fresh = stage.backend(1);
        idle->finish();  // it was just about to
        stage.settle();
        EXPECT_TRUE(take_request(fresh).whole);
        fresh->send(answer("done"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "done");
        stage.pass(seconds(61));
    }
}

TEST_F(Reuse, is_for_every_request_that_can_be_sent_again) {
    const WirePtr idle = proven();
    for (const std::string& request : {get(), std::string("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                       body_of("PUT", 9'000), std::string("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")}) {
        SCOPED_TRACE(request.substr(0, 40));
        EXPECT_EQ(served(stage.client(), request, {idle}), idle);
    }
}

TEST_F(Reuse, is_for_later_requests_of_a_client_while_the_connection_has_just_served) {
    const WirePtr idle = proven();
    const WirePtr client = stage.client();
    EXPECT_EQ(served(client, get(), {idle}), idle);
    EXPECT_EQ(served(client, post, {idle}), idle);
    stage.pass(milliseconds(900));
    EXPECT_EQ(served(client, post, {idle}), idle);
    stage.pass(milliseconds(1100));
    const WirePtr fresh = served(client, post, {idle});
    EXPECT_NE(fresh, idle);
    EXPECT_EQ(served(client, post, {fresh}), fresh);
}

TEST_F(Reuse, waits_until_the_backend_has_shown_that_it_keeps_connections) {
    const WirePtr client = stage.client();
    const WirePtr first = served(client, post);
    const WirePtr second = served(client, post, {first});
    EXPECT_NE(second, first);
    stage.pass(seconds(1));
    const WirePtr third = served(client, post, {first, second});
    EXPECT_NE(third, first);
    EXPECT_NE(third, second);
    // The first one is still there after a second.
    EXPECT_EQ(served(client, post, {first, second, third}), third);
}

TEST_F(Reuse, that_loses_a_later_request_leaves_it_to_the_client_to_ask_again) {
    const WirePtr idle = proven();
    for (const bool by_reset : {false, true}) {
        const WirePtr client = stage.client();
        const WirePtr lost = served(client, get(), {idle});
        client->send(post);
        stage.settle();
        EXPECT_TRUE(take_request(lost).whole);
        by_reset ? lost->reset() : lost->finish();
        stage.settle();
        EXPECT_TRUE(client->received().empty());
        EXPECT_TRUE(client->peer_closed());
        EXPECT_FALSE(stage.has_connection(1)) << "it may have been carried out";
        EXPECT_NE(stage.log().find("| backend closed without an answer"), std::string::npos);
        EXPECT_EQ(stage.log().find(" 502 "), std::string::npos);
    }
}

TEST_F(Reuse, that_is_for_everything_is_for_first_requests_too) {
    ASSERT_TRUE(stage.change({reuse(command::ALWAYS)}).has_done());
    const WirePtr idle = served(stage.client(), get());
    EXPECT_EQ(served(stage.client(), post, {idle}), idle);
    stage.pass(seconds(30));
    EXPECT_EQ(served(stage.client(), post, {idle}), idle);
}

TEST_F(Reuse, that_is_for_nothing_leaves_each_client_its_own) {
    ASSERT_TRUE(stage.change({reuse(command::NEVER), add_backend("c", 2)}).has_done());
    stage.network.listen(backend_address(2));
    const WirePtr client = stage.client();
    const WirePtr own = served(client, get());
    const WirePtr other = stage.client(get());
    const WirePtr others = stage.backend(2);
    EXPECT_TRUE(take_request(others).whole);
    EXPECT_EQ(served(client, get(), {own}), own);
    stage.pass(seconds(30));
    EXPECT_EQ(served(client, post, {own}), own);
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    client->finish();
    stage.settle();
    EXPECT_TRUE(own->peer_closed());
}

TEST_F(Reuse, that_is_for_nothing_any_more_takes_no_connection_that_others_used_before) {
    const WirePtr idle = proven();
    ASSERT_TRUE(stage.change({reuse(command::NEVER)}).has_done());
    EXPECT_NE(served(stage.client(), get(), {idle}), idle);
}

TEST_F(Reuse, of_its_own_connection_sends_a_client_s_request_again_when_it_is_stale) {
    ASSERT_TRUE(stage.change({reuse(command::NEVER)}).has_done());
    const WirePtr client = stage.client();
    const WirePtr own = served(client, get());
    client->send(get("/2"));
    stage.settle();
    own->finish();
    const WirePtr fresh = stage.backend(1);
    EXPECT_EQ(take_request(fresh).first_line, "GET /2 HTTP/1.1");
}

TEST_F(Reuse, of_a_handshake_is_on_its_connection_or_not_at_all) {
    const WirePtr idle = proven();
    const WirePtr client = stage.client(get("/", "Authorization: NTLM TlRMTVNTUAAB\r\n"));
    const WirePtr own = stage.backend(1);
    EXPECT_TRUE(take_request(own).whole);
    own->send("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM TlRMTVNTUAAC\r\nContent-Length: 0\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 401);
    client->send(get("/", "Authorization: NTLM TlRMTVNTUAAD\r\n"));
    stage.settle();
    EXPECT_TRUE(take_request(own).whole);
    own->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_TRUE(idle->received().empty());
}

TEST_F(Reuse, is_given_up_where_a_backend_ends_each_connection_without_saying_so) {
    answer_and_end();
    answer_and_end();
    EXPECT_EQ(stage.log().find("does not say so"), std::string::npos);
    answer_and_end();
    EXPECT_NE(stage.log().find("backend b1 of cluster c at 10.0.0.1:80 ends connections after each answer"),
              std::string::npos)
        << stage.log();
    EXPECT_FALSE(keeps());
    stage.pass(seconds(59));
    EXPECT_FALSE(keeps());
    stage.pass(seconds(2));
    EXPECT_TRUE(keeps()) << "one more try, which ends";
    EXPECT_FALSE(keeps());
    stage.pass(seconds(61));
    const WirePtr client = stage.client();
    const WirePtr kept = served(client, get());
    EXPECT_EQ(served(client, get(), {kept}), kept) << "another try, which goes well";
    EXPECT_EQ(served(client, post, {kept}), kept);
    const std::string log = stage.log();
    EXPECT_EQ(log.find("does not say so", log.find("does not say so") + 1), std::string::npos) << "said once";
}

TEST_F(Reuse, is_given_up_where_requests_are_lost_with_connections_that_served_once) {
    for (int times = 0; times < 3; ++times) {
        const WirePtr client = stage.client();
        const WirePtr once = served(client, get());
        client->send(get("/again"));
        stage.settle();
        end(once);
        const WirePtr fresh = stage.backend(1);
        EXPECT_EQ(take_request(fresh).first_line, "GET /again HTTP/1.1");
        fresh->send(answer("x", "Connection: close\r\n"));
        stage.settle();
    }
    EXPECT_FALSE(keeps());
}

TEST_F(Reuse, goes_on_with_a_backend_that_ended_all_its_idle_connections_at_once) {
    std::vector<WirePtr> backends;
    for (int times = 0; times < 5; ++times) {
        static_cast<void>(stage.client(get()));
        backends.push_back(stage.backend(1));
    }
    for (const WirePtr& backend : backends) backend->send(answer("x"));
    stage.settle();
    for (const WirePtr& backend : backends) backend->finish();
    stage.settle();
    EXPECT_TRUE(keeps());
}

TEST_F(Reuse, goes_on_where_connections_end_that_were_idle_for_long_or_served_more) {
    for (int times = 0; times < 5; ++times) {
        const WirePtr one = served(stage.client(), get());
        stage.pass(seconds(2));
        one->finish();
        stage.settle();
    }
    for (int times = 0; times < 5; ++times) {
        const WirePtr one = served(stage.client(), get());
        EXPECT_EQ(served(stage.client(), get(), {one}), one);
        one->finish();
        stage.settle();
    }
    EXPECT_TRUE(keeps());
}

}  // namespace
}  // namespace seki::stage
