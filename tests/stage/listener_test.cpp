// What a listener takes of a request, in bytes and in time, and what it says when that is too much.

#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The HTTP listener with these fields in place of what it has.
struct Limited : Stage {
    template <typename Set>
    explicit Limited(Set set) {
        listen_with(set);
        route_to_backends(1);
    }
    Message ask(std::string_view request) {
        const WirePtr wire = client(request);
        settle();
        return take_answer(wire);
    }
};

TEST(ListenerLimits, of_a_head_are_those_of_its_listener) {
    Limited stage([](auto& listener) {
        listener.set_max_header_bytes(2000);
        listener.set_max_header_fields(10);
        listener.set_max_uri_bytes(100);
    });
    EXPECT_EQ(stage.ask(get("/", "X: " + std::string(2000, 'x') + "\r\n")).status(), 431);
    std::string fields;
    for (int i = 0; i < 10; ++i) fields += "X: y\r\n";
    EXPECT_EQ(stage.ask(get("/", fields)).status(), 431);
    EXPECT_EQ(stage.ask(get("/" + std::string(100, 'x'))).status(), 414);
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_EQ(take_request(([&] {
                  stage.client(get("/" + std::string(98, 'x')));
                  return stage.backend(1);
              })())
                  .first_line.size(),
              4 + 99 + 9);
}

TEST(ListenerLimits, of_a_body_are_known_from_its_length) {
    Limited stage([](auto& listener) { listener.set_max_body_bytes(10); });
    const Message refusal =
        stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(refusal.status(), 413);
    EXPECT_EQ(refusal.field("Connection"), "close");
    EXPECT_FALSE(stage.has_connection(1));
    stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    EXPECT_EQ(take_request(stage.backend(1)).body, "0123456789");
}

TEST(ListenerLimits, of_a_body_in_chunks_are_kept_as_it_comes) {
    Limited stage([](auto& listener) { listener.set_max_body_bytes(10); });
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n");
    const WirePtr backend = stage.backend(1);
    client->send("3\r\n890\r\n0\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 413);
    EXPECT_TRUE(client->peer_finished());
    EXPECT_FALSE(read_request(backend->received()).whole);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(SlowBodies, end_when_they_fall_behind_their_rate) {
    Limited stage([](auto& listener) { listener.set_min_body_rate(100); });
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    stage.backend(1);
    // 50 bytes a second are half of what is asked for: the grace of 5 seconds is used up after 10.
    int lasted = 0;
    for (; lasted < 30 && !client->peer_finished(); ++lasted) {
        client->send(std::string(50, 'x'));
        stage.settle();
        stage.pass(seconds(1));
        stage.settle();
    }
    EXPECT_EQ(take_answer(client).status(), 408);
    EXPECT_GE(lasted, 9);
    EXPECT_LE(lasted, 11);
}

TEST(SlowBodies, may_take_their_time_at_the_rate_that_is_asked_for) {
    Limited stage([](auto& listener) { listener.set_min_body_rate(100); });
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6000\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    for (int i = 0; i < 60; ++i) {
        stage.pass(seconds(1));
        client->send(std::string(100, 'x'));
        stage.settle();
    }
    EXPECT_EQ(take_request(backend).body.size(), 6000U);
}

TEST(SlowBodies, of_who_did_not_wait_to_be_told_to_continue_have_their_rate_too) {
    Limited stage([](auto& listener) {
        listener.set_min_body_rate(1000);
        (*listener.mutable_answers())["408"] = "HTTP/1.1 408 Slow\r\n\r\n[%DURATION]";
    });
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
    stage.settle();
    for (int i = 0; i < 20; ++i) {
        client->send("x");
        stage.settle();
        stage.pass(seconds(1));
    }
    EXPECT_EQ(take_answer(client).body, "[]");
}

// Such a body would go through a pipe.
TEST(SlowBodies, that_begin_with_much_and_did_not_wait_either_have_their_rate_too) {
    Limited stage([](auto& listener) { listener.set_min_body_rate(1000); });
    stage.network.use_sockets(1 << 20);
    const WirePtr client =
        stage.client("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    int lasted = 0;
    for (; lasted < 30 && !client->peer_finished(); ++lasted) {
        client->send(lasted == 0 ? std::string(80'000, 'x') : "x");
        stage.settle();
        backend->take();
        stage.pass(seconds(1));
        stage.settle();
    }
    EXPECT_EQ(take_answer(client).status(), 408);
}

TEST(SlowBodies, that_wait_for_the_backend_are_excused) {
    Limited stage([](auto& listener) { listener.set_min_body_rate(1000); });
    const WirePtr client = stage.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const WirePtr backend = stage.backend(1);
    backend->take();
    backend->take_at_most(10);
    client->send(std::string(100'000, 'x'));
    stage.settle();
    stage.pass(seconds(20));
    stage.settle();
    EXPECT_FALSE(client->peer_finished());
}

TEST(Answers, of_an_operator_may_be_longer_than_a_buffer) {
    const std::string page(60'000, 'x');
    Limited stage([&](auto& listener) {
        (*listener.mutable_answers())["404"] =
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n%HOST " + page;
    });
    const WirePtr client = stage.client();
    client->take_at_most(1000);
    client->send("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    std::string got;
    for (stage.settle(); !client->received().empty(); stage.settle()) got += client->take(700);
    const Message answer = read_answer(got);
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, "nobody " + page);
    client->send(get());
    EXPECT_EQ(take_request(stage.backend(1)).first_line, "GET / HTTP/1.1");
}

TEST(Answers, of_a_cluster_go_before_those_of_the_listener) {
    Limited stage([](auto& listener) {
        (*listener.mutable_answers())["503"] = "HTTP/1.1 503 Listener\r\n\r\n";
        (*listener.mutable_answers())["404"] = "HTTP/1.1 404 Listener\r\nConnection: close\r\n\r\n";
    });
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("none");
    (*cluster.mutable_add_cluster()->mutable_answers())["503"] = "HTTP/1.1 503 Cluster %CLUSTER_ID\r\n\r\n%CLUSTER_ID";
    ASSERT_TRUE(stage.change({cluster, add_frontend("none", "b")}).has_done());
    EXPECT_EQ(stage.ask("GET / HTTP/1.1\r\nHost: b\r\n\r\n").body, "none");
    const WirePtr client = stage.client("GET / HTTP/1.1\r\nHost: c\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).first_line, "HTTP/1.1 404 Listener");
    EXPECT_TRUE(client->peer_closed() || client->peer_finished());
}

TEST(ListenerLimits, of_fields_may_be_a_thousand) {
    Limited stage([](auto& listener) { listener.set_max_header_fields(1000); });
    std::string fields;
    for (int i = 0; i < 999; ++i) fields += "X: y\r\n";
    const WirePtr client = stage.client(get("/", fields));
    EXPECT_TRUE(take_request(stage.backend(1)).whole);
    EXPECT_EQ(stage.ask(get("/", fields + "X: y\r\n")).status(), 431);
}

// Its answers are "<status>: <variables>" in place of the built-in ones.
void answer_with_variables(command::HttpListenerConfig& listener) {
    for (const char* status : {"400", "408", "413", "414", "431", "501", "504"}) {
        (*listener.mutable_answers())[status] =
            "HTTP/1.1 " + std::string(status) +
            " Mine\r\nContent-Type: text/plain\r\n\r\n%TEMPLATE_NAME|%MESSAGE|%DURATION|%CAPACITY";
    }
}

TEST(Answers, of_an_operator_are_for_what_is_no_request_too) {
    Limited stage([](auto& listener) {
        answer_with_variables(listener);
        listener.set_max_uri_bytes(100);
        listener.set_max_header_fields(2);
    });
    EXPECT_EQ(stage.ask("nonsense\r\n\r\n").body, "listener 400|malformed request line||");
    EXPECT_EQ(stage.ask(get("/" + std::string(100, 'x'))).body, "listener 414|request target too long||");
    EXPECT_EQ(stage.ask(get("/", "A: b\r\nC: d\r\n")).body, "listener 431|too many header fields||");
    EXPECT_EQ(stage.ask(get("/", "Transfer-Encoding: gzip, chunked\r\n")).body,
              "listener 501|unsupported transfer coding||");
    EXPECT_EQ(stage.ask(get("/", "Transfer-Encoding: chunked, gzip\r\n")).body,
              "listener 400|malformed transfer coding||");
    const WirePtr client = stage.client("nonsense\r\n\r\n" + get("/smuggled"));
    stage.settle();
    const Message got = take_answer(client);
    EXPECT_EQ(got.first_line, "HTTP/1.1 400 Mine");
    EXPECT_EQ(got.field("Connection"), "close");
    EXPECT_EQ(got.field("Sozu-Id").size(), 26U);
    EXPECT_TRUE(client->received().empty() && client->peer_finished());
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_NE(stage.log().find("http - - - 400 | malformed request line"), std::string::npos) << stage.log();
}

TEST(Answers, to_what_cannot_be_understood_do_not_go_by_the_request_before) {
    Limited stage([](auto& listener) { answer_with_variables(listener); });
    const WirePtr client = stage.client("HEAD / HTTP/1.1\r\nHost: nobody\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client, Bodies::none).status(), 404);
    client->send("nonsense\r\n\r\n");
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "listener 400|malformed request line||");
}

TEST(Answers, say_which_time_was_over_and_how_much_would_have_been_let_through) {
    Limited stage([](auto& listener) {
        answer_with_variables(listener);
        listener.set_request_timeout(7);
        listener.set_front_timeout(20);
        listener.set_back_timeout(25);
        listener.set_max_body_bytes(10);
    });
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    EXPECT_EQ(stage.ask(post + "11\r\n\r\n").body, "listener 413|request body too large||10");
    const WirePtr half = stage.client("GET / HT");
    const WirePtr stalled = stage.client(post + "5\r\n\r\nab");
    const WirePtr patient = stage.client(get());
    stage.settle();
    for (int i = 0; i < 26; ++i) stage.pass(seconds(1));
    EXPECT_EQ(take_answer(half).body, "listener 408|request_timeout|7|");
    EXPECT_EQ(take_answer(stalled).body, "listener 408|client_timeout|20|");
    EXPECT_EQ(take_answer(patient).body, "listener 504|backend_timeout|25|");
    EXPECT_TRUE(half->peer_finished() && stalled->peer_finished());
}

TEST(TrustedProxies, are_believed_and_nobody_else) {
    for (const bool trusted : {true, false}) {
        Limited stage([&](auto& listener) {
            listener.mutable_trusted_proxies()->add_values(trusted ? "192.0.2.0/24" : "198.51.100.0/24");
        });
        stage.client(get("/",
                         "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: for=203.0.113.9\r\n"
                         "X-Forwarded-Port: 443\r\nX-Forwarded-Host: h\r\nX-Real-IP: 203.0.113.9\r\n"));
        const Message request = take_request(stage.backend(1));
        EXPECT_EQ(request.field("X-Forwarded-For"), trusted ? "203.0.113.9, 192.0.2.1" : "192.0.2.1");
        EXPECT_EQ(request.field("X-Forwarded-Proto"), trusted ? "https" : "http");
        EXPECT_EQ(request.field("X-Forwarded-Port"), trusted ? "443" : "80");
        EXPECT_EQ(request.field("X-Forwarded-Host"), trusted ? "h" : "");
        EXPECT_EQ(request.field("X-Real-IP"), trusted ? "203.0.113.9" : "");
        EXPECT_EQ(request.field("Forwarded").starts_with("for=203.0.113.9, "), trusted);
    }
}

TEST(ForwardedHeaders, say_in_the_words_of_the_listener_where_a_client_is) {
    struct Case {
        command::ForwardedHeaders mode;
        std::string_view list;
        std::string_view proto;
        std::string_view port;
        std::string_view host;
        std::string_view forwarded;
    };
    for (const Case& each : {
             Case{command::FORWARDED_HEADERS_BOTH, "203.0.113.9, 192.0.2.1", "https", "443", "h", "for=x, proto="},
             Case{command::FORWARDED_HEADERS_X_FORWARDED, "203.0.113.9, 192.0.2.1", "https", "443", "h", "for=x"},
             Case{command::FORWARDED_HEADERS_RFC7239, "", "", "", "", "for=x, proto="},
             Case{command::FORWARDED_HEADERS_NONE, "203.0.113.9", "https", "443", "h", "for=x"},
         }) {
        Limited stage([&](auto& listener) { listener.set_forwarded_headers(each.mode); });
        stage.client(get("/",
                         "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"
                         "X-Forwarded-Host: h\r\nForwarded: for=x\r\n"));
        const Message request = take_request(stage.backend(1));
        EXPECT_EQ(request.field("X-Forwarded-For"), each.list) << each.mode;
        EXPECT_EQ(request.field("X-Forwarded-Proto"), each.proto) << each.mode;
        EXPECT_EQ(request.field("X-Forwarded-Port"), each.port) << each.mode;
        EXPECT_EQ(request.field("X-Forwarded-Host"), each.host) << each.mode;
        EXPECT_TRUE(request.field("Forwarded").starts_with(each.forwarded)) << request.field("Forwarded");
        EXPECT_EQ(request.field("Forwarded").size() == each.forwarded.size(), each.forwarded == "for=x") << each.mode;
    }
}

TEST(ForwardedHeaders, that_are_not_said_are_not_made_up) {
    for (const auto mode : {command::FORWARDED_HEADERS_X_FORWARDED, command::FORWARDED_HEADERS_RFC7239,
                            command::FORWARDED_HEADERS_NONE}) {
        Limited stage([&](auto& listener) { listener.set_forwarded_headers(mode); });
        stage.client(get("/"));
        const Message request = take_request(stage.backend(1));
        const bool by_x = mode == command::FORWARDED_HEADERS_X_FORWARDED;
        for (const char* name : {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port"})
            EXPECT_EQ(request.has(name), by_x) << name << mode;
        EXPECT_EQ(request.has("Forwarded"), mode == command::FORWARDED_HEADERS_RFC7239);
        EXPECT_TRUE(request.has("Sozu-Id") && request.has("X-Request-Id"));
    }
}

TEST(ForwardedHeaders, of_who_is_not_trusted_go_whatever_the_listener_says) {
    Limited stage([&](auto& listener) {
        listener.set_forwarded_headers(command::FORWARDED_HEADERS_NONE);
        listener.mutable_trusted_proxies();
    });
    stage.client(get("/", "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=x\r\nX-Forwarded-Host: h\r\n"));
    const Message request = take_request(stage.backend(1));
    for (const char* name : {"X-Forwarded-For", "Forwarded", "X-Forwarded-Host"}) EXPECT_FALSE(request.has(name));
}

TEST(ForwardedHeaders, that_are_malformed_are_not_continued) {
    for (const bool says : {true, false}) {
        Limited stage([&](auto& listener) {
            if (!says) listener.set_forwarded_headers(command::FORWARDED_HEADERS_X_FORWARDED);
        });
        stage.client(get("/", "Forwarded: for=\"x\r\nForwarded: for=y\r\n"));
        const Message request = take_request(stage.backend(1));
        EXPECT_EQ(request.field("Forwarded").starts_with("for=y, proto="), says) << request.field("Forwarded");
        EXPECT_EQ(stage.metrics.value(observe::Counter::forwarded_malformed), says ? 1U : 0U);
    }
}

TEST(RealAddress, is_removed_and_told_as_the_listener_says) {
    struct Case {
        bool elide;
        bool send;
        std::string_view arrives;
    };
    for (const auto& [elide, send, arrives] : {Case{false, false, "203.0.113.9"}, Case{true, false, ""},
                                               Case{false, true, "192.0.2.1"}, Case{true, true, "192.0.2.1"}}) {
        Limited stage([&](auto& listener) {
            listener.set_elide_x_real_ip(elide);
            listener.set_send_x_real_ip(send);
        });
        stage.client(get("/", "X-Real-IP: 203.0.113.9\r\n"));
        EXPECT_EQ(take_request(stage.backend(1)).field("X-Real-IP"), arrives);
    }
}

// CGI and its like see one variable in both spellings.
TEST(Lookalikes, of_what_seki_vouches_for_do_not_reach_the_backend) {
    const std::vector<std::string> lookalikes = {
        "Content_Length",  "content_length",   "Transfer_Encoding", "transfer.encoding", "X_Forwarded_For",
        "X-Forwarded_For", "X_Forwarded_Host", "X_Forwarded_Port",  "X_Forwarded_Proto", "X_REAL_IP",
        "X_Request_Id",    "Keep_Alive",       "Proxy_Connection",  "HTTP2_Settings",    "sozu_id"};
    std::string fields;
    for (const std::string& name : lookalikes) fields += name + ": 7\r\n";
    for (const bool elides : {true, false}) {
        Limited stage([&](auto& listener) {
            if (!elides) listener.set_elide_lookalike_fields(false);
        });
        stage.client(get("/", fields + "X_Mine: 8\r\nContent_Type: 9\r\n"));
        const Message request = take_request(stage.backend(1));
        for (const std::string& name : lookalikes) EXPECT_EQ(request.has(name), !elides) << name;
        EXPECT_EQ(request.field("X_Mine"), "8");
        EXPECT_EQ(request.field("Content_Type"), "9");
    }
}

TEST(Ids, of_requests_are_believed_of_those_who_are_trusted) {
    for (const bool trusted : {true, false}) {
        Limited stage([&](auto& listener) {
            listener.mutable_trusted_proxies();
            if (trusted) listener.mutable_trusted_proxies()->add_values("192.0.2.0/24");
        });
        stage.client(get("/", "sozu-ID: made up\r\n"));
        const std::string ids = take_request(stage.backend(1)).field("Sozu-Id");
        EXPECT_EQ(ids.contains("made up"), trusted) << ids;
    }
}

TEST(Hosts, of_who_names_none_are_the_address_that_clients_know) {
    Limited stage([](auto& listener) {
        *listener.mutable_public_address() = config::to_wire(SocketAddress::parse("[2001:db8::1]:8080").value());
    });
    ASSERT_TRUE(stage.change({add_frontend("c", "*")}).has_done());
    stage.client("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(take_request(stage.backend(1)).field("Host"), "[2001:db8::1]:8080");
    Limited anywhere([](auto& listener) {
        *listener.mutable_public_address() = config::to_wire(SocketAddress::parse("0.0.0.0:8080").value());
    });
    ASSERT_TRUE(anywhere.change({add_frontend("c", "*")}).has_done());
    anywhere.client("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(take_request(anywhere.backend(1)).field("Host"), "127.0.0.1");
    Stage plain;
    plain.route_to_backends(1, "*");
    plain.client("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(take_request(plain.backend(1)).field("Host"), "127.0.0.1");
}

TEST(Timeouts, of_upgraded_connections_are_those_of_tunnels) {
    struct Case {
        uint32_t front;
        uint32_t back;
        uint32_t tunnel;
        uint32_t ends_after;
    };
    for (const Case& is : {Case{20, 30, 100, 100}, Case{20, 30, 5, 5}, Case{20, 30, 0, 20}, Case{30, 20, 0, 20}}) {
        Limited stage([&](auto& listener) {
            listener.set_front_timeout(is.front);
            listener.set_back_timeout(is.back);
            if (is.tunnel > 0) listener.set_tunnel_timeout(is.tunnel);
        });
        const WirePtr client = stage.client(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
        const WirePtr backend = stage.backend(1);
        backend->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
        stage.settle();
        for (const WirePtr& speaks : {client, backend, client}) {
            stage.pass(seconds(is.ends_after - 1));
            speaks->send("still here");
            stage.settle();
        }
        stage.pass(seconds(is.ends_after - 1));
        EXPECT_FALSE(client->peer_closed() || backend->peer_closed());
        stage.pass(seconds(2));
        EXPECT_TRUE(client->peer_closed() && backend->peer_closed());
    }
}

// On a connection that is watched already the deadline of the listener's own timeouts runs.
TEST(Timeouts, that_are_shorter_hold_for_later_requests_of_a_connection_too) {
    Limited stage([](auto& listener) {
        listener.set_front_timeout(60);
        listener.set_tunnel_timeout(5);
    });
    command::Request quick = add_frontend("c", "a", "/quick");
    quick.mutable_add_http_frontend()->set_front_timeout(2);
    ASSERT_TRUE(stage.change({quick}).has_done());
    const WirePtr stalls = stage.client();
    const WirePtr upgrades = stage.client();
    stage.settle();
    stage.pass(seconds(1));
    stalls->send("POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    upgrades->send(get("/chat", "Connection: Upgrade\r\nUpgrade: chat\r\n"));
    stage.settle();
    stage.backend(1);
    const WirePtr chat = stage.backend(1);
    chat->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    stage.settle();
    stage.pass(seconds(3));
    EXPECT_EQ(take_answer(stalls).status(), 408);
    EXPECT_FALSE(upgrades->peer_closed());
    stage.pass(seconds(3));
    EXPECT_TRUE(upgrades->peer_closed() && chat->peer_closed());
}

TEST(ListeningSockets, that_did_not_arrive_are_a_refusal_and_not_done) {
    Stage stage;
    worker::ListeningSocket socket;
    socket.set_type(command::HTTP);
    *socket.mutable_address() = config::to_wire(Stage::http.address);
    socket.set_slot(0);
    worker::Order activation;
    *activation.mutable_prepare()->add_sockets() = socket;
    const worker::Report refused = stage.order(activation);
    EXPECT_EQ(refused.refused().reason(), "0 of 1 listening sockets arrived: too many descriptors are open");
    worker::Order assign;
    *assign.mutable_assign()->add_sockets() = socket;
    EXPECT_TRUE(stage.order(assign).has_refused());
}

TEST(Timeouts, of_a_route_go_before_those_of_its_cluster_and_listener) {
    Limited stage([](auto& listener) { listener.set_back_timeout(50); });
    command::Request cluster;
    cluster.mutable_add_cluster()->set_cluster_id("c");
    cluster.mutable_add_cluster()->set_back_timeout(20);
    command::Request slow = add_frontend("c", "a", "/slow");
    slow.mutable_add_http_frontend()->set_back_timeout(40);
    ASSERT_TRUE(stage.change({cluster, slow}).has_done());
    const WirePtr quick = stage.client(get("/"));
    const WirePtr patient = stage.client(get("/slow"));
    stage.settle();
    stage.pass(seconds(20));
    stage.settle();
    EXPECT_EQ(take_answer(quick).status(), 504);
    EXPECT_TRUE(patient->received().empty());
    stage.pass(seconds(20));
    stage.settle();
    EXPECT_EQ(take_answer(patient).status(), 504);
}

}  // namespace
}  // namespace seki::stage
