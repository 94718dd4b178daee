// Backend connections that belong to one client, because a user was authenticated on them.

#include <functional>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;

const std::string challenge = "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
const std::string credentials = "Authorization: NTLM TlRMTVNTUAAB\r\n";

struct OwnConnections : testing::Test {
    Stage stage;

    OwnConnections() { stage.route_to_backends(1); }

    void serve(const WirePtr& client, const WirePtr& backend, std::string_view said, std::string_view request = get()) {
        client->send(request);
        stage.settle();
        ASSERT_TRUE(take_request(backend).whole);
        backend->send(said);
        stage.settle();
        ASSERT_TRUE(take_answer(client).whole);
    }
    // A client whose connection `backend` has asked for its user.
    WirePtr challenged(WirePtr& backend, uint8_t n = 1) {
        WirePtr client = stage.client(get());
        backend = stage.backend(n);
        EXPECT_TRUE(take_request(backend).whole);
        backend->send(challenge);
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 401);
        return client;
    }
    // Another client's request comes to a new connection.
    void expect_not_shared(std::string_view request = get("/other")) {
        const WirePtr other = stage.client(request);
        const WirePtr fresh = stage.backend(1);
        EXPECT_TRUE(take_request(fresh).whole);
        fresh->send(answer("other", "Connection: close\r\n"));  // nothing of it is left in the pool
        stage.settle();
        EXPECT_EQ(take_answer(other).body, "other");
        other->finish();
        stage.settle();
    }
};

TEST_F(OwnConnections, carry_a_handshake_and_what_follows_it_and_nothing_of_others) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    expect_not_shared();
    serve(client, backend, "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM TlRMTVNTUAAC\r\nContent-Length: 0\r\n\r\n",
          get("/", credentials));
    expect_not_shared("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    serve(client, backend, answer("for you"), get("/", "Authorization: NTLM TlRMTVNTUAAD\r\n"));
    serve(client, backend, answer("for you"));
    serve(client, backend, answer("for you"), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_FALSE(backend->peer_closed());
}

TEST_F(OwnConnections, are_known_by_what_either_side_says) {
    const auto says = [](std::string_view field, std::string_view status = "401 No") {
        return fmt::format("HTTP/1.1 {}\r\n{}\r\nContent-Length: 0\r\n\r\n", status, field);
    };
    for (const std::string& said :
         {says("WWW-Authenticate: NTLM"), says("www-authenticate: negotiate"), says("WWW-Authenticate: Kerberos"),
          says("Proxy-Authenticate: NTLM", "407 No"), says("WWW-Authenticate: Basic realm=\"x\", Negotiate"),
          says("WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: NTLM"),
          says("WWW-Authenticate: Negotiate YIIabc==", "200 OK"), says("Persistent-Auth: true", "200 OK")}) {
        SCOPED_TRACE(said);
        const WirePtr client = stage.client(get());
        const WirePtr backend = stage.backend(1);
        take_request(backend);
        backend->send(said);
        stage.settle();
        EXPECT_TRUE(take_answer(client).whole);
        expect_not_shared();
        client->finish();
        stage.settle();
        EXPECT_TRUE(backend->peer_closed());
    }
    for (const std::string& field : {credentials, std::string("Proxy-Authorization: ntlm x\r\n"),
                                     std::string("AUTHORIZATION: Negotiate YIIabc==\r\n")}) {
        SCOPED_TRACE(field);
        const WirePtr client = stage.client(get("/", field));
        const WirePtr backend = stage.backend(1);
        take_request(backend);
        backend->send(answer("hers"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "hers");
        expect_not_shared();
        client->finish();
        stage.settle();
    }
}

TEST_F(OwnConnections, are_not_made_by_authentication_of_single_requests) {
    const WirePtr client = stage.client(get("/", "Authorization: Basic TlRMTQ==\r\n"));
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"NTLM\"\r\nContent-Length: 0\r\n\r\n");
    stage.settle();
    const WirePtr other = stage.client();
    serve(other, backend, answer("shared"));
}

TEST_F(OwnConnections, end_with_their_client) {
    const std::vector<std::function<void(const WirePtr&)>> ends{
        [](const WirePtr& client) { client->finish(); }, [](const WirePtr& client) { client->reset(); },
        [this](const WirePtr&) { stage.pass(seconds(61)); },
        [](const WirePtr& client) { client->send("nonsense\r\n\r\n"); }};
    for (const auto& end : ends) {
        WirePtr backend;
        const WirePtr client = challenged(backend);
        EXPECT_FALSE(backend->peer_closed());
        end(client);
        client->finish();
        stage.settle();
        EXPECT_TRUE(backend->peer_closed());
    }
    WirePtr backend;
    const WirePtr client = challenged(backend);
    serve(client, backend, answer("last"), get("/", "Connection: close\r\n"));
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_EQ(stage.worker->pool().size(), 0U);
}

TEST_F(OwnConnections, end_with_their_client_also_while_a_request_runs_on_them) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    client->send(get("/", credentials));
    stage.settle();
    EXPECT_TRUE(take_request(backend).whole);
    client->reset();
    backend->send(answer("to nobody"));
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(OwnConnections, may_be_ended_by_their_backend_and_then_another_serves) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    backend->finish();
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(client->peer_closed());
    client->send(get("/again"));
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET /again HTTP/1.1");
}

TEST_F(OwnConnections, wait_no_longer_than_other_idle_ones) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    stage.pass(seconds(59));
    EXPECT_FALSE(backend->peer_closed());
    stage.pass(seconds(2));
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(OwnConnections, are_not_kept_by_a_worker_that_stops) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    client->send(get("/", credentials));
    stage.settle();
    take_request(backend);
    stage.worker->stop(false);
    stage.settle();
    backend->send(answer("last"));
    stage.settle();
    EXPECT_EQ(take_answer(client).field("Connection"), "close");
    EXPECT_TRUE(backend->peer_closed());
}

TEST_F(OwnConnections, go_when_their_backend_does) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    ASSERT_TRUE(stage.change({remove_backend("c", 1)}).has_done());
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(client->peer_closed());
    client->send(get());
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 503);
    ASSERT_TRUE(stage.change({add_backend("c", 1)}).has_done());

    WirePtr next;
    const WirePtr other = challenged(next);
    other->send(get("/", credentials));
    stage.settle();
    take_request(next);
    ASSERT_TRUE(stage.change({remove_backend("c", 1)}).has_done());
    next->send(answer("still served"));
    stage.settle();
    EXPECT_EQ(take_answer(other).body, "still served");
    EXPECT_TRUE(next->peer_closed());
}

TEST_F(OwnConnections, decide_which_backend_is_next_for_their_client_only) {
    stage.network.listen(backend_address(2));
    stage.network.listen(backend_address(3));
    ASSERT_TRUE(stage.change({add_backend("c", 2), add_backend("c", 3)}).has_done());
    WirePtr backend;
    const WirePtr client = challenged(backend);
    for (int times = 0; times < 4; ++times) serve(client, backend, answer("for you"));
    const WirePtr other = stage.client(get());
    EXPECT_TRUE(take_request(stage.backend(2)).whole);
}

TEST_F(OwnConnections, serve_their_client_also_when_the_backend_takes_nobody_new) {
    stage.network.listen(backend_address(2));
    WirePtr backend;
    const WirePtr client = challenged(backend);
    command::Request drain;
    drain.mutable_set_backend_state()->set_cluster_id("c");
    drain.mutable_set_backend_state()->set_backend_id("b1");
    *drain.mutable_set_backend_state()->mutable_address() = add_backend("c", 1).add_backend().address();
    drain.mutable_set_backend_state()->set_state(command::DRAIN);
    ASSERT_TRUE(stage.change({add_backend("c", 2), drain}).has_done());
    serve(client, backend, answer("for you"), get("/", credentials));
    drain.mutable_set_backend_state()->set_state(command::MAINTENANCE);
    ASSERT_TRUE(stage.change({drain}).has_done());
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    client->send(get());
    EXPECT_TRUE(take_request(stage.backend(2)).whole);
}

// Host "b" leads to another cluster.
struct TwoClusters : OwnConnections {
    TwoClusters() {
        stage.network.listen(backend_address(2));
        EXPECT_TRUE(stage.change({add_frontend("d", "b"), add_backend("d", 2)}).has_done());
    }
    static constexpr std::string_view elsewhere = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
};

TEST_F(TwoClusters, may_be_visited_by_a_client_with_its_own_connection_to_one) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    client->send(elsewhere);
    const WirePtr other = stage.backend(2);
    EXPECT_TRUE(take_request(other).whole);
    EXPECT_FALSE(backend->peer_closed());
    EXPECT_EQ(stage.worker->pool().size(), 1U) << "it counts as idle now";
    other->send(answer("elsewhere"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "elsewhere");
    serve(client, backend, answer("for you"));
    EXPECT_EQ(stage.worker->pool().size(), 1U) << "the one that anybody may take";
    client->finish();
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
    EXPECT_FALSE(other->peer_closed());
}

TEST_F(TwoClusters, leave_a_client_the_connection_to_the_one_that_asked_for_it_last) {
    WirePtr backend;
    const WirePtr client = challenged(backend);
    client->send(elsewhere);
    const WirePtr other = stage.backend(2);
    EXPECT_TRUE(take_request(other).whole);
    other->send(challenge);
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 401);
    EXPECT_TRUE(backend->peer_closed());
    serve(client, other, answer("for you"), elsewhere);
}

TEST(OwnConnectionsInAFullPool, are_kept_for_who_comes_back_and_given_up_by_who_goes_elsewhere) {
    Stage::Options options;
    options.idle_connections = 0;
    Stage stage(options);
    stage.route_to_backends(1);
    stage.network.listen(backend_address(2));
    ASSERT_TRUE(stage.change({add_frontend("d", "b"), add_backend("d", 2)}).has_done());
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    for (int leg = 0; leg < 3; ++leg) {
        EXPECT_TRUE(take_request(backend).whole);
        backend->send(challenge);
        stage.settle();
        EXPECT_EQ(take_answer(client).status(), 401);
        client->send(get("/", credentials));
        stage.settle();
    }
    backend->send(answer("x"));
    client->send(TwoClusters::elsewhere);
    EXPECT_TRUE(take_request(stage.backend(2)).whole);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(OwnConnectionsOfStreams, serve_one_at_a_time_and_end_with_their_client) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.stream_client("H 7 GET /x\n");
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send(challenge);
    client->send("H 9 GET /y\n");
    stage.settle();
    EXPECT_EQ(take_request(backend).first_line, "GET /y HTTP/1.1");
    client->send("H 11 GET /z\n");
    const WirePtr second = stage.backend(1);
    EXPECT_EQ(take_request(second).first_line, "GET /z HTTP/1.1");
    backend->send(answer("y"));
    second->send(answer("z"));
    stage.settle();
    const WirePtr other = stage.client(get("/other"));
    stage.settle();
    EXPECT_EQ(take_request(second).first_line, "GET /other HTTP/1.1") << "nobody's own";
    client->finish();
    stage.settle();
    EXPECT_TRUE(backend->peer_closed());
}

}  // namespace
}  // namespace seki::stage
