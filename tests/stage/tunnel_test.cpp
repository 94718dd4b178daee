// Bytes both ways: TCP listeners, and connections that HTTP was upgraded to.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/message.h"
#include "stage/stage.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;
using Reception = Network::Reception;

TEST(Tunnels, carry_bytes_both_ways) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(backend->take(), "hello");
    backend->send("welcome");
    stage.settle();
    EXPECT_EQ(client->take(), "welcome");
    client->send("more");
    backend->send("to come");
    stage.settle();
    EXPECT_EQ(backend->take(), "more");
    EXPECT_EQ(client->take(), "to come");
    EXPECT_EQ(stage.worker->buffers().in_use(), 0U);
}

TEST(Tunnels, let_the_backend_speak_first) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client();
    stage.backend(1)->send("220 ready");
    stage.settle();
    EXPECT_EQ(client->take(), "220 ready");
}

TEST(Tunnels, carry_as_much_as_both_ends_take) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const std::string up = tagged_body(1, 300'000);
    const std::string down = tagged_body(2, 300'000);
    const WirePtr client = stage.tunnel_client(up);
    const WirePtr backend = stage.backend(1);
    client->take_at_most(1000);
    backend->take_at_most(1000);
    backend->send(down);
    stage.settle();
    EXPECT_GT(backend->not_read(), 250'000U);
    EXPECT_LE(stage.worker->buffers().in_use(), 2U);
    std::string at_backend = backend->take();
    std::string at_client;
    for (stage.settle(); !client->received().empty() || !backend->received().empty(); stage.settle()) {
        at_client += client->take(900);
        at_backend += backend->take(800);
    }
    EXPECT_TRUE(at_backend == up);
    EXPECT_TRUE(at_client == down);
}

TEST(Tunnels, may_be_half_closed_by_the_client) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("question");
    client->finish();
    const WirePtr backend = stage.backend(1);
    EXPECT_EQ(backend->take(), "question");
    EXPECT_TRUE(backend->peer_finished());
    EXPECT_FALSE(client->saw_end());
    backend->send("answer");
    stage.settle();
    EXPECT_EQ(client->take(), "answer");
    backend->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed() && client->saw_end());
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Tunnels, may_be_half_closed_by_the_backend) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client();
    const WirePtr backend = stage.backend(1);
    backend->send("bye");
    backend->finish();
    stage.settle();
    EXPECT_EQ(client->take(), "bye");
    EXPECT_TRUE(client->peer_finished());
    EXPECT_FALSE(backend->peer_finished());
    client->send("last words");
    stage.settle();
    EXPECT_EQ(backend->take(), "last words");
    client->finish();
    stage.settle();
    EXPECT_TRUE(client->peer_closed() && client->saw_end());
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Tunnels, are_reset_when_one_end_is) {
    for (const bool by_client : {true, false}) {
        SCOPED_TRACE(by_client);
        Stage stage;
        stage.tunnel_to_backends(1);
        const WirePtr client = stage.tunnel_client("hello");
        const WirePtr backend = stage.backend(1);
        (by_client ? client : backend)->reset();
        stage.settle();
        EXPECT_TRUE(client->peer_closed());
        EXPECT_TRUE(backend->peer_closed());
        EXPECT_TRUE((by_client ? backend : client)->peer_reset());
    }
}

TEST(Tunnels, are_reset_when_the_backend_breaks_after_it_said_its_last) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    backend->send("bye");
    backend->finish();
    stage.settle();
    EXPECT_EQ(client->take(), "bye");
    backend->reset();
    client->send("is anybody there?");
    stage.settle();
    EXPECT_TRUE(client->peer_reset());
}

TEST(Tunnels, give_a_slow_client_all_that_a_broken_backend_had_said) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    client->take_at_most(1000);
    const std::string said = tagged_body(1, 9'000);
    backend->send(said);
    backend->finish();
    stage.settle();
    backend->reset();
    client->send("is anybody there?");
    std::string got;
    for (stage.settle(); !client->received().empty(); stage.settle()) got += client->take(900);
    EXPECT_TRUE(got == said) << got.size();
    EXPECT_TRUE(client->peer_reset());
}

TEST(Tunnels, go_to_another_backend_when_one_refuses) {
    Stage stage;
    stage.tunnel_to_backends(3);
    stage.network.listen(backend_address(1), Reception::accept_later);
    stage.network.listen(backend_address(2), Reception::accept_later);
    const std::string first_words = tagged_body(1, 50'000);
    const WirePtr client = stage.tunnel_client(first_words);
    client->finish();
    stage.backend(1)->refuse();
    const WirePtr silent = stage.backend(2);
    stage.pass(seconds(4));
    EXPECT_TRUE(silent->peer_closed());
    const WirePtr backend = stage.backend(3);
    EXPECT_TRUE(backend->take() == first_words);
    EXPECT_TRUE(backend->peer_finished());
    backend->finish();
    stage.settle();
}

TEST(Tunnels, end_when_nobody_is_there) {
    Stage stage;
    stage.tunnel_to_backends(2);
    for (const uint8_t n : {1, 2}) stage.network.listen(backend_address(n), Reception::refuse);
    const WirePtr client = stage.tunnel_client("hello");
    stage.settle();
    EXPECT_TRUE(client->peer_closed());
    const WirePtr nowhere = stage.tunnel_client();
    stage.settle();
    EXPECT_TRUE(nowhere->peer_closed());
}

TEST(Tunnels, that_stay_silent_end_after_the_shorter_time) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client();
    stage.backend(1);
    stage.pass(seconds(29));
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(2));
    EXPECT_TRUE(client->peer_closed());
}

TEST(Tunnels, end_when_both_ends_are_silent_for_too_long) {
    Stage stage;
    stage.tunnel_to_backends(1);
    const WirePtr client = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    for (int n = 0; n < 6; ++n) {
        stage.pass(seconds(25));
        (n % 2 == 0 ? client : backend)->send("still here");
        stage.settle();
    }
    EXPECT_FALSE(client->peer_closed());
    stage.pass(seconds(61));
    EXPECT_TRUE(client->peer_closed());
    EXPECT_TRUE(backend->peer_closed());
}

// ---- upgrades

const std::string upgrade = get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n");
const std::string switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";

TEST(Upgrades, pass_on_what_came_with_the_heads) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(upgrade + "early bird");
    const WirePtr backend = stage.backend(1);
    const Message request = take_request(backend);
    EXPECT_EQ(request.field("Upgrade"), "chat");
    EXPECT_EQ(request.field("Connection"), "upgrade");
    // Before the switch these might be a request.
    EXPECT_EQ(backend->received(), "");
    backend->send(switching + "at once");
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.status(), 101);
    EXPECT_EQ(got.field("Upgrade"), "chat");
    EXPECT_EQ(client->take(), "at once");
    EXPECT_EQ(backend->take(), "early bird");
    client->send("HTTP/1.1 is over");
    backend->send("\1\2 likewise");
    stage.settle();
    EXPECT_EQ(backend->take(), "HTTP/1.1 is over");
    EXPECT_EQ(client->take(), "\1\2 likewise");
    client->finish();
    stage.settle();
    EXPECT_TRUE(backend->peer_finished());
    backend->send("bye");
    backend->finish();
    stage.settle();
    EXPECT_EQ(client->take(), "bye");
    EXPECT_TRUE(client->peer_closed() && client->saw_end());
    EXPECT_EQ(stage.worker->pool().size(), 0U);
}

// What they sent would be a request to us, and chat to whoever was to talk to them.
TEST(Upgrades, that_are_declined_end_the_connections_of_clients_that_spoke_as_if_they_were_not) {
    const auto h2c = get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n");
    for (const std::string& asked : {upgrade, h2c}) {
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client(asked.substr(0, 10));
        stage.settle();
        client->send(asked.substr(10) + get("/hidden"));
        const WirePtr backend = stage.backend(1);
        take_request(backend);
        backend->send(answer("no"));
        stage.settle();
        const Message declined = take_answer(client);
        EXPECT_EQ(declined.body, "no");
        EXPECT_EQ(declined.field("Connection"), "close");
        EXPECT_TRUE(client->saw_end());
        client->send(get("/hidden"));
        stage.settle();
        EXPECT_EQ(backend->received(), "");
        EXPECT_EQ(client->received(), "");
        EXPECT_FALSE(stage.has_connection(1));
    }
}

TEST(Upgrades, that_are_declined_by_seki_itself_likewise) {
    Stage stage;
    stage.route_to_backends(1);
    const std::string to_nobody = "GET / HTTP/1.1\r\nHost: nobody\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";
    const WirePtr in_pieces = stage.client(to_nobody.substr(0, 10));
    stage.settle();
    in_pieces->send(to_nobody.substr(10));
    stage.settle();
    EXPECT_FALSE(take_answer(in_pieces).has("Connection"));
    const WirePtr refused = stage.client(to_nobody + get("/hidden"));
    stage.settle();
    const Message got = take_answer(refused);
    EXPECT_EQ(got.status(), 404);
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_TRUE(refused->saw_end());
    EXPECT_EQ(refused->received(), "");
    EXPECT_FALSE(stage.has_connection(1));
}

// An answer that does not switch, in the one or two pieces in which it comes.
struct Declining {
    std::string first;
    std::string rest;
};
const std::vector<Declining> declining = {
    {answer("no"), ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "no"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n", "0\r\n\r\n"},
};

TEST(Upgrades, that_are_declined_end_the_connections_of_clients_that_spoke_however_the_answer_comes) {
    enum class Spoke : uint8_t { with_the_request, after_it, in_the_turn_of_the_answer, within_the_answer };
    for (const Declining& declined : declining) {
        for (const Spoke when :
             {Spoke::with_the_request, Spoke::after_it, Spoke::in_the_turn_of_the_answer, Spoke::within_the_answer}) {
            if (when == Spoke::within_the_answer && declined.rest.empty()) continue;
            SCOPED_TRACE(fmt::format("{} spoke {}", declined.first, static_cast<int>(when)));
            Stage stage;
            stage.route_to_backends(1);
            const WirePtr client = stage.client(upgrade + (when == Spoke::with_the_request ? get("/hidden") : ""));
            const WirePtr backend = stage.backend(1);
            take_request(backend);
            if (when == Spoke::after_it) {
                client->send(get("/hidden"));
                stage.settle();
            }
            if (when == Spoke::in_the_turn_of_the_answer) client->send(get("/hidden"));
            backend->send(declined.first);
            stage.settle();
            if (when == Spoke::within_the_answer) client->send(get("/hidden"));
            backend->send(declined.rest);
            stage.settle();
            const Message got = take_answer(client);
            EXPECT_EQ(got.body, "no");
            // A head that has gone can tell nobody any more.
            EXPECT_EQ(got.field("Connection"), when == Spoke::within_the_answer ? "" : "close");
            EXPECT_TRUE(client->saw_end());
            EXPECT_EQ(client->received(), "");
            EXPECT_EQ(backend->received(), "");
            EXPECT_FALSE(stage.has_connection(1));
        }
    }
}

TEST(Upgrades, that_are_declined_leave_what_comes_behind_the_answer_a_request) {
    for (const Declining& declined : declining) {
        SCOPED_TRACE(declined.first);
        Stage stage;
        stage.route_to_backends(1);
        const WirePtr client = stage.client(upgrade);
        const WirePtr backend = stage.backend(1);
        take_request(backend);
        backend->send(declined.first);
        stage.settle();
        backend->send(declined.rest);
        stage.settle();
        const Message got = take_answer(client);
        EXPECT_EQ(got.body, "no");
        EXPECT_FALSE(got.has("Connection"));
        client->send(get("/next"));
        stage.settle();
        EXPECT_EQ(take_request(backend).first_line, "GET /next HTTP/1.1");
        backend->send(answer("next"));
        stage.settle();
        EXPECT_EQ(take_answer(client).body, "next");
    }
}

TEST(Upgrades, that_are_declined_know_what_comes_behind_a_body_from_the_body) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\nContent-Length: 6\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    client->send("def" + get("/hidden"));
    stage.settle();
    EXPECT_EQ(take_request(backend).body, "abcdef");
    backend->send(answer("no"));
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.body, "no");
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_TRUE(client->saw_end());
    EXPECT_EQ(backend->received(), "");
}

TEST(Upgrades, that_are_declined_within_a_request_leave_it_whole) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\nContent-Length: 6\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nn");
    client->send("de");
    stage.settle();
    client->send("f");
    stage.settle();
    EXPECT_EQ(read_request(backend->received()).body, "abcdef");
    backend->send("o");
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "no");
}

TEST(Upgrades, do_not_happen_within_a_request) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\nContent-Length: 10\r\n\r\nabc");
    const WirePtr backend = stage.backend(1);
    backend->send(switching);
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 502);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Upgrades, end_with_the_first_end_when_that_breaks) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(upgrade);
    const WirePtr backend = stage.backend(1);
    backend->send(switching);
    stage.settle();
    take_answer(client);
    backend->reset();
    stage.settle();
    EXPECT_TRUE(client->peer_reset());
}

TEST(Upgrades, of_a_connection_that_served_before_end_likewise) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    take_answer(client);
    client->send(upgrade);
    stage.settle();
    backend->send(switching);
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 101);
    backend->reset();
    stage.settle();
    EXPECT_TRUE(client->peer_reset());
}

}  // namespace
}  // namespace seki::stage
