// The configuration changes under way: at once for who comes, without harm for who is there.

#include <gtest/gtest.h>

#include "config/convert.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

int status_for(Stage& stage, std::string_view host) {
    const WirePtr client = stage.client("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    stage.settle();
    for (uint8_t n = 1; n <= 3; ++n) {
        while (stage.has_connection(n)) {
            const WirePtr backend = stage.backend(n);
            backend->send(answer("x"));
            backend->finish();
            stage.settle();
        }
    }
    const int status = take_answer(client).status();
    client->finish();
    stage.settle();
    return status;
}

TEST(Changes, of_frontends_hold_from_the_next_request_on) {
    Stage stage;
    stage.route_to_backends(1);
    EXPECT_EQ(status_for(stage, "new"), 404);
    ASSERT_TRUE(stage.change({add_frontend("c", "new")}).has_done());
    EXPECT_EQ(status_for(stage, "new"), 200);
    ASSERT_TRUE(stage.change({remove_frontend("c", "new")}).has_done());
    EXPECT_EQ(status_for(stage, "new"), 404);
    EXPECT_EQ(status_for(stage, "a"), 200);
}

TEST(Changes, hold_for_connections_that_were_there_before) {
    Stage stage;
    const WirePtr client = stage.client(get());
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 404);
    stage.route_to_backends(1);
    client->send(get());
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 200);
}

TEST(Changes, of_backends_hold_from_the_next_request_on) {
    Stage stage;
    stage.route_to_backends(1);
    stage.network.listen(backend_address(2));
    ASSERT_TRUE(stage.change({add_backend("c", 2), remove_backend("c", 1)}).has_done());
    const WirePtr client = stage.client(get());
    stage.settle();
    EXPECT_FALSE(stage.has_connection(1));
    EXPECT_TRUE(stage.has_connection(2));
    stage.backend(2)->send(answer("x"));
    ASSERT_TRUE(stage.change({remove_backend("c", 2)}).has_done());
    EXPECT_EQ(status_for(stage, "a"), 503);
}

TEST(Changes, leave_a_running_exchange_its_backend) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    stage.settle();
    ASSERT_TRUE(stage.change({remove_backend("c", 1), remove_frontend("c", "a")}).has_done());
    stage.settle();
    EXPECT_FALSE(backend->peer_closed());
    backend->send("def");
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "abcdef");
    // And then the connection is of no use any more.
    EXPECT_TRUE(backend->peer_closed());
    client->send(get());
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 404);
}

TEST(Changes, close_the_idle_connections_to_a_backend_that_is_removed) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 1U);
    ASSERT_TRUE(stage.change({remove_backend("c", 1), add_backend("c", 1)}).has_done());
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Changes, that_are_prepared_are_not_seen_before_their_commit) {
    Stage stage;
    stage.route_to_backends(1);
    ASSERT_TRUE(stage.prepare({add_frontend("c", "new"), remove_frontend("c", "a")}).has_prepared());
    EXPECT_EQ(status_for(stage, "new"), 404);
    EXPECT_EQ(status_for(stage, "a"), 200);
    worker::Order commit;
    commit.mutable_commit();
    ASSERT_TRUE(stage.order(commit).has_done());
    EXPECT_EQ(status_for(stage, "new"), 200);
    EXPECT_EQ(status_for(stage, "a"), 404);
}

TEST(Changes, that_are_aborted_change_nothing) {
    Stage stage;
    stage.route_to_backends(1);
    ASSERT_TRUE(
        stage.prepare({add_frontend("c", "new"), remove_frontend("c", "a"), remove_backend("c", 1)}).has_prepared());
    worker::Order abort;
    abort.mutable_abort();
    ASSERT_TRUE(stage.order(abort).has_done());
    worker::Order commit;
    commit.mutable_commit();
    ASSERT_TRUE(stage.order(commit).has_done());
    EXPECT_EQ(status_for(stage, "new"), 404);
    EXPECT_EQ(status_for(stage, "a"), 200);
}

TEST(Changes, that_are_refused_change_nothing) {
    Stage stage;
    stage.route_to_backends(1);
    command::Request beyond = add_frontend("c", "beyond");
    beyond.mutable_add_http_frontend()->set_redirect_template("a line\nbreak");
    const worker::Report refused = stage.change({add_frontend("c", "new"), remove_frontend("c", "a"), beyond});
    ASSERT_TRUE(refused.has_refused());
    EXPECT_EQ(refused.refused().change(), 2U);
    EXPECT_NE(refused.refused().reason().find("redirect_template"), std::string::npos) << refused.refused().reason();
    worker::Order commit;
    commit.mutable_commit();
    stage.order(commit);
    EXPECT_EQ(status_for(stage, "new"), 404);
    EXPECT_EQ(status_for(stage, "a"), 200);
}

TEST(Changes, may_remove_the_listener_of_connections_that_run) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    command::Request removal;
    *removal.mutable_remove_listener()->mutable_address() = config::to_wire(Stage::http.address);
    removal.mutable_remove_listener()->set_proxy(command::HTTP);
    ASSERT_TRUE(stage.change({removal}).has_done());
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    const WirePtr late = stage.client(get());
    stage.settle();
    EXPECT_TRUE(late->peer_closed());
    EXPECT_EQ(late->received(), "");
}

command::Request add_cluster(const std::string& id) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id(id);
    return request;
}

command::Request remove_cluster(const std::string& id) {
    command::Request request;
    request.set_remove_cluster(id);
    return request;
}

TEST(Changes, that_remove_a_cluster_drop_what_was_counted_of_it) {
    Stage stage;
    stage.route_to_backends(1);
    ASSERT_TRUE(stage.change({add_cluster("c")}).has_done());
    EXPECT_EQ(status_for(stage, "a"), 200);
    ASSERT_TRUE(stage.metrics.clusters().contains("c"));
    ASSERT_TRUE(stage.change({remove_frontend("c", "a"), remove_backend("c", 1)}).has_done());
    EXPECT_TRUE(stage.metrics.clusters().contains("c")) << "it is still configured";
    ASSERT_TRUE(stage.change({remove_cluster("c")}).has_done());
    EXPECT_TRUE(stage.metrics.clusters().empty());
}

TEST(Changes, that_take_all_from_a_cluster_without_a_configuration_drop_what_was_counted_of_it) {
    Stage stage;
    stage.route_to_backends(1);
    stage.tunnel_to_backends(1);
    EXPECT_EQ(status_for(stage, "a"), 200);
    ASSERT_TRUE(stage.change({remove_frontend("c", "a"), remove_backend("c", 1)}).has_done());
    EXPECT_TRUE(stage.metrics.clusters().contains("c")) << "a tunnel leads there";
    command::Request removal;
    removal.mutable_remove_tcp_frontend()->set_cluster_id("c");
    *removal.mutable_remove_tcp_frontend()->mutable_address() = config::to_wire(Stage::tcp.address);
    ASSERT_TRUE(stage.change({removal}).has_done());
    EXPECT_TRUE(stage.metrics.clusters().empty());
}

TEST(Changes, that_remove_a_cluster_under_way_leave_nothing_counted_of_it) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    ASSERT_TRUE(stage.change({remove_frontend("c", "a"), remove_backend("c", 1), add_cluster("d")}).has_done());
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    EXPECT_TRUE(stage.metrics.clusters().empty());
    EXPECT_EQ(stage.metrics.value(observe::Counter::http_requests), 1U);

    // One with the same name begins at zero, and has nothing from those who had the old one.
    stage.route_to_backends(1);
    EXPECT_EQ(status_for(stage, "a"), 200);
    EXPECT_EQ(stage.metrics.clusters().at("c")->counters[static_cast<size_t>(observe::SeriesCounter::requests)], 1U);
}

TEST(Changes, that_remove_a_cluster_under_way_do_not_count_failures_of_it) {
    Stage stage;
    stage.route_to_backends(0);
    stage.network.listen(backend_address(1), Network::Reception::accept_later);
    ASSERT_TRUE(stage.change({add_backend("c", 1)}).has_done());
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    ASSERT_TRUE(stage.change({remove_frontend("c", "a"), remove_backend("c", 1)}).has_done());
    backend->refuse();
    stage.settle();
    EXPECT_EQ(take_answer(client).status(), 503);
    EXPECT_TRUE(stage.metrics.clusters().empty());
}

TEST(Changes, that_remove_a_backend_drop_what_was_counted_of_it) {
    Stage stage;
    stage.metrics.set_detail(observe::Detail::backend);
    stage.route_to_backends(2);
    EXPECT_EQ(status_for(stage, "a"), 200);
    EXPECT_EQ(status_for(stage, "a"), 200);
    const auto& counted = stage.metrics.clusters().at("c")->backends;
    EXPECT_EQ(counted.size(), 2U);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    command::Request elsewhere = add_backend("c", 2);
    *elsewhere.mutable_add_backend()->mutable_address() = config::to_wire(backend_address(3));
    ASSERT_TRUE(stage.change({elsewhere, remove_backend("c", 1), remove_backend("c", 2)}).has_done());
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    EXPECT_FALSE(counted.contains("b1"));
    EXPECT_TRUE(counted.contains("b2")) << "another one has its id";
}

// As the supervisor tells of an update: the whole listener, in the place of the one that is there.
command::Request renamed_listener(const std::string& id_header) {
    command::Request request;
    *request.mutable_add_http_listener()->mutable_address() = config::to_wire(Stage::http.address);
    request.mutable_add_http_listener()->set_sozu_id_header(id_header);
    return request;
}

TEST(Changes, of_a_listener_hold_for_who_comes_after_them) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr early = stage.client();
    stage.settle();
    ASSERT_TRUE(stage.change({renamed_listener("X-Renamed")}).has_done());
    const auto head_at_backend = [&](const WirePtr& client, std::string_view request) {
        client->send(request);
        stage.settle();
        const WirePtr backend = stage.backend(1);
        const std::string head(backend->received());
        backend->send(answer("x", "Connection: close\r\n"));
        stage.settle();
        return head;
    };
    EXPECT_NE(head_at_backend(early, get()).find("Sozu-Id: "), std::string::npos);
    const WirePtr late = stage.client();
    const std::string head = head_at_backend(late, get());
    EXPECT_NE(head.find("X-Renamed: "), std::string::npos);
    EXPECT_EQ(head.find("Sozu-Id: "), std::string::npos);
    EXPECT_NE(head_at_backend(early, get()).find("Sozu-Id: "), std::string::npos) << "as it was accepted";
}

// As an update of a frontend reaches a worker: whole.
command::Request led_to(std::string_view cluster, uint32_t weight) {
    command::Request request = add_frontend(cluster, "a");
    request.mutable_add_http_frontend()->clear_cluster_id();
    for (const std::string_view id : {cluster, std::string_view("other")}) {
        command::ClusterShare& share = *request.mutable_add_http_frontend()->add_split();
        share.set_cluster_id(std::string(id));
        share.set_weight(id == "other" ? 0 : weight);
    }
    return request;
}

TEST(Changes, of_a_frontend_take_its_place) {
    Stage stage;
    stage.route_to_backends(1);
    stage.network.listen(backend_address(2));
    ASSERT_TRUE(stage.change({add_backend("next", 2), add_backend("other", 3)}).has_done());
    const WirePtr before = stage.client(get());
    const WirePtr old = stage.backend(1);
    for (const uint32_t weight : {1, 5}) {
        ASSERT_TRUE(stage.change({led_to("next", weight)}).has_done());
        const WirePtr after = stage.client(get());
        const WirePtr backend = stage.backend(2);
        backend->send(answer("next", "Connection: close\r\n"));
        stage.settle();
        EXPECT_EQ(take_answer(after).body, "next");
    }
    old->send(answer("old"));
    stage.settle();
    EXPECT_EQ(take_answer(before).body, "old") << "what runs ends as it began";
    ASSERT_TRUE(stage.change({remove_frontend("next", "a")}).has_done());
    EXPECT_EQ(status_for(stage, "a"), 404) << "there was one frontend";
}

TEST(Changes, of_a_frontend_that_are_refused_leave_it_as_it_is) {
    Stage stage;
    stage.route_to_backends(1);
    command::Request wrong = add_frontend("next", "a");
    wrong.mutable_add_http_frontend()->set_redirect(command::FOUND);
    wrong.mutable_add_http_frontend()->set_redirect_template("no answer");
    EXPECT_TRUE(stage.change({wrong}).has_refused());
    EXPECT_EQ(status_for(stage, "a"), 200);
}

command::Request set_state(uint8_t n, command::BackendState state) {
    command::Request request;
    command::SetBackendState& change = *request.mutable_set_backend_state();
    change.set_cluster_id("c");
    change.set_backend_id("b" + std::to_string(n));
    *change.mutable_address() = config::to_wire(backend_address(n));
    change.set_state(state);
    return request;
}

TEST(Changes, of_a_backend_s_state_hold_from_the_next_request_on) {
    Stage stage;
    stage.route_to_backends(1);
    for (const command::BackendState state : {command::DRAIN, command::MAINTENANCE}) {
        ASSERT_TRUE(stage.change({set_state(1, state)}).has_done());
        EXPECT_EQ(status_for(stage, "a"), 503);
        ASSERT_TRUE(stage.change({set_state(1, command::READY)}).has_done());
        EXPECT_EQ(status_for(stage, "a"), 200);
    }
}

TEST(Changes, of_a_backend_s_state_leave_running_exchanges_alone) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    ASSERT_TRUE(stage.change({set_state(1, command::MAINTENANCE)}).has_done());
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    EXPECT_EQ(stage.worker->pool().size(), 0U) << "nobody will use the connection";
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Changes, close_the_idle_connections_to_a_backend_in_maintenance) {
    Stage stage;
    stage.route_to_backends(1);
    const WirePtr client = stage.client(get());
    const WirePtr backend = stage.backend(1);
    backend->send(answer("x"));
    stage.settle();
    ASSERT_TRUE(stage.change({set_state(1, command::DRAIN)}).has_done());
    EXPECT_EQ(stage.worker->pool().size(), 1U) << "for clients that are bound to it";
    ASSERT_TRUE(stage.change({set_state(1, command::MAINTENANCE)}).has_done());
    stage.settle();
    EXPECT_EQ(stage.worker->pool().size(), 0U);
    EXPECT_TRUE(backend->peer_closed());
}

TEST(Changes, may_add_a_backend_that_is_not_ready_yet) {
    Stage stage;
    stage.route_to_backends(1);
    command::Request addition = add_backend("c", 1);
    addition.mutable_add_backend()->set_state(command::MAINTENANCE);
    ASSERT_TRUE(stage.change({addition}).has_done());
    EXPECT_EQ(status_for(stage, "a"), 503);
}

// A client whose request was answered.
WirePtr served_client(Stage& stage, const WirePtr& backend) {
    const WirePtr client = stage.client(get());
    stage.settle();
    take_request(backend);
    backend->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(client).body, "x");
    return client;
}

using Room = net::Acceptor::Room;

TEST(Eviction, makes_room_by_those_that_have_been_idle_longest) {
    Stage stage({.max_connections = 3, .evicts = true});
    stage.route_to_backends(1);
    const WirePtr first = stage.client(get());
    const WirePtr backend = stage.backend(1);
    take_request(backend);
    backend->send(answer("x"));
    stage.settle();
    take_answer(first);
    stage.pass(std::chrono::seconds(1));
    const WirePtr second = served_client(stage, backend);
    stage.pass(std::chrono::seconds(1));
    EXPECT_EQ(stage.worker->make_room(), Room::there);
    first->send(get());  // now it is the second that has been idle longer
    stage.settle();
    take_request(backend);
    backend->send(answer("x"));
    stage.settle();
    stage.pass(std::chrono::seconds(1));
    const WirePtr third = served_client(stage, backend);

    EXPECT_EQ(stage.worker->make_room(), Room::soon);
    stage.settle();
    EXPECT_TRUE(second->peer_closed());
    EXPECT_FALSE(first->peer_closed() || third->peer_closed());
    EXPECT_EQ(stage.worker->make_room(), Room::there);
    EXPECT_EQ(stage.metrics.value(observe::Counter::sessions_evicted), 1U);
}

TEST(Eviction, cuts_off_no_request_no_unfinished_head_and_no_tunnel) {
    Stage stage({.max_connections = 3, .evicts = true});
    stage.route_to_backends(1);
    stage.tunnel_to_backends(1);
    const WirePtr asking = stage.client(get());
    const WirePtr beginning = stage.client("GET / HT");
    const WirePtr tunnel = stage.tunnel_client("hello");
    stage.settle();
    EXPECT_EQ(stage.worker->make_room(), Room::later);
    stage.settle();
    EXPECT_FALSE(asking->peer_closed() || beginning->peer_closed() || tunnel->peer_closed());
}

TEST(Eviction, spares_a_client_whose_request_has_arrived_but_was_not_seen_yet) {
    Stage stage({.max_connections = 2, .evicts = true});
    stage.route_to_backends(1);
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    stage.settle();
    first->send(get());
    EXPECT_NE(stage.worker->make_room(), net::Acceptor::Room::there);
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(first).body, "x");
    EXPECT_FALSE(first->peer_closed() || second->peer_closed());
    EXPECT_EQ(stage.metrics.value(observe::Counter::sessions_evicted), 0U);
}

TEST(Eviction, looks_again_only_after_a_while_when_few_are_idle) {
    constexpr uint32_t clients = 200;
    Stage stage({.max_connections = clients, .evicts = true});
    stage.route_to_backends(1);
    std::vector<WirePtr> busy;
    for (uint32_t i = 1; i < clients; ++i) busy.push_back(stage.client("GET / HT"));
    for (int i = 0; i < 2; ++i) {
        const WirePtr idle = stage.client();
        stage.settle();
        EXPECT_EQ(stage.worker->make_room(), Room::soon);
        stage.settle();
        EXPECT_TRUE(idle->peer_closed());
        const WirePtr next = stage.client();
        stage.settle();
        EXPECT_EQ(stage.worker->make_room(), Room::later);
        stage.pass(std::chrono::milliseconds(20));
        EXPECT_EQ(stage.worker->make_room(), Room::soon);
        stage.settle();
        stage.pass(std::chrono::milliseconds(20));
    }
}

TEST(Eviction, counts_nobody_who_had_left) {
    Stage stage({.max_connections = 1, .evicts = true});
    const WirePtr client = stage.client();
    stage.settle();
    client->finish();
    EXPECT_NE(stage.worker->make_room(), net::Acceptor::Room::soon);
    EXPECT_TRUE(client->peer_closed());
    EXPECT_EQ(stage.metrics.value(observe::Counter::sessions_evicted), 0U);
}

TEST(Eviction, is_for_those_who_ask_for_it_and_not_while_the_worker_stops) {
    Stage without({.max_connections = 1});
    const WirePtr idle = without.client();
    without.settle();
    EXPECT_EQ(without.worker->make_room(), Room::later);
    without.settle();
    EXPECT_FALSE(idle->peer_closed());

    Stage stopping({.max_connections = 1, .evicts = true});
    stopping.route_to_backends(1);
    const WirePtr asking = stopping.client(get());
    stopping.settle();
    stopping.worker->stop(false);
    EXPECT_EQ(stopping.worker->make_room(), Room::later);
}

TEST(Connections, above_their_number_are_not_taken_until_another_ends) {
    Stage::Options options;
    options.max_connections = 2;
    Stage stage(options);
    stage.route_to_backends(1);
    const WirePtr first = stage.client();
    const WirePtr second = stage.client();
    stage.settle();
    const WirePtr third = stage.client(get());
    stage.settle();
    EXPECT_TRUE(third->peer_closed());
    EXPECT_FALSE(first->peer_closed() || second->peer_closed());
    first->finish();
    stage.settle();
    const WirePtr fourth = stage.client(get());
    stage.backend(1)->send(answer("x"));
    stage.settle();
    EXPECT_EQ(take_answer(fourth).body, "x");
}

}  // namespace
}  // namespace seki::stage
