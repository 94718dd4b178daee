#include "supervisor/change.h"

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ChangeTest = Scene;

TEST_F(ChangeTest, is_in_force_when_every_worker_has_committed_it) {
    start();
    worker(1).silent_about = {Kind::kCommit};
    submit(add_cluster("shop"));
    turns();
    EXPECT_EQ(worker(0).count(Kind::kCommit), 1U);
    EXPECT_EQ(worker(1).count(Kind::kCommit), 1U);
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    worker(1).answer_late(Kind::kCommit);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_TRUE(has_cluster("shop"));
}

TEST_F(ChangeTest, is_committed_nowhere_before_everybody_is_prepared) {
    start();
    worker(1).silent_about = {Kind::kPrepare};
    submit(add_cluster("shop"));
    turns();
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 1U);
    EXPECT_EQ(worker(0).count(Kind::kCommit), 0U);
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_EQ(worker(0).count(Kind::kCommit), 1U);
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ChangeTest, refused_by_one_of_two_workers_changes_nothing) {
    start();
    worker(1).refuses = "no room";
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no room")));
    EXPECT_FALSE(has_cluster("shop"));
    for (const size_t id : {0U, 1U}) {
        EXPECT_EQ(worker(id).count(Kind::kCommit), 0U);
        EXPECT_EQ(worker(id).count(Kind::kAbort), 1U);
    }
}

TEST_F(ChangeTest, that_the_state_refuses_is_told_to_no_worker) {
    start();
    command::Request request;
    request.set_remove_cluster("nobody");
    submit(std::move(request));
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("nobody")));
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 0U);
}

TEST_F(ChangeTest, stands_when_a_worker_dies_between_prepare_and_commit) {
    start();
    worker(0).silent_about = {Kind::kPrepare};
    submit(add_cluster("shop"));
    turns();
    worker(1).end();  // it was prepared
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    worker(0).answer_late(Kind::kPrepare);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(worker(0).count(Kind::kCommit), 1U);
}

TEST_F(ChangeTest, does_not_wait_for_a_worker_that_dies_in_prepare) {
    start();
    worker(1).silent_about = {Kind::kPrepare};
    submit(add_cluster("shop"));
    turns();
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ChangeTest, does_not_wait_for_a_worker_that_dies_in_commit) {
    start();
    worker(1).silent_about = {Kind::kCommit};
    submit(add_cluster("shop"));
    turns();
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ChangeTest, a_worker_that_hangs_in_prepare_is_killed_and_the_change_stands) {
    start();
    worker(1).silent_about = {Kind::kPrepare};
    submit(add_cluster("shop"));
    pass(settings.workers.answer_timeout - std::chrono::milliseconds(1));
    EXPECT_FALSE(worker(1).killed);
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    pass(std::chrono::milliseconds(2));
    EXPECT_TRUE(worker(1).killed);
    EXPECT_FALSE(worker(0).killed);
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ChangeTest, that_no_worker_survives_is_refused) {
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kPrepare};
    submit(add_cluster("poison"));
    turns();
    worker(0).end();
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("no worker survived preparing it"));
    EXPECT_FALSE(has_cluster("poison"));
}

TEST_F(ChangeTest, begins_when_the_one_before_is_decided_and_not_earlier) {
    start();
    worker(1).silent_about = {Kind::kPrepare, Kind::kCommit};
    submit(add_cluster("one"));
    submit(add_cluster("two"));
    turns();
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 1U);
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 2U) << "though the commit of the first is not done";
    EXPECT_THAT(outcomes, ElementsAre("pending", "pending"));
    worker(1).answer_late(Kind::kCommit);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "pending"));
}

TEST_F(ChangeTest, a_new_worker_begins_with_what_is_decided) {
    start();
    worker(0).silent_about = {Kind::kPrepare};
    submit(add_cluster("one"));
    turns();
    lose(1);
    ASSERT_EQ(launcher.workers.size(), 3U) << "it is replaced at once";
    EXPECT_EQ(worker(2).count(Kind::kLoad), 0U) << "but knows nothing while a change is undecided";
    worker(0).refuses = "no";
    worker(0).answer_late(Kind::kPrepare);
    turns();
    EXPECT_EQ(worker(2).count(Kind::kServe), 1U);
    EXPECT_EQ(worker(2).snapshot.changes_size(), 0) << "there is nothing to tell it";
    worker(0).refuses = "";
    worker(0).silent_about = {};
    submit(add_cluster("two"));
    turns();
    EXPECT_EQ(worker(2).count(Kind::kCommit), 1U);
}

TEST_F(ChangeTest, a_starting_worker_gets_every_change) {
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    start();
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(worker(0).count(Kind::kCommit), 1U);
    EXPECT_EQ(worker(1).count(Kind::kCommit), 1U);
}

TEST_F(ChangeTest, without_any_worker_goes_into_the_state) {
    settings.workers.automatic_restart = false;
    start();
    worker(0).end();
    worker(1).end();
    turns();
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_TRUE(has_cluster("shop"));
}

TEST_F(ChangeTest, that_is_sent_again_is_ok_and_told_to_no_worker) {
    command::Request backend;
    backend.mutable_add_backend()->set_cluster_id("shop");
    backend.mutable_add_backend()->set_backend_id("b");
    *backend.mutable_add_backend()->mutable_address() = config::to_wire(SocketAddress::v4(0x7F000001, 80));
    start({checked(add_cluster("shop")), checked(backend)});
    const size_t orders = worker(0).orders.size();
    submit(add_cluster("shop"));
    submit(backend);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK"));
    EXPECT_EQ(worker(0).orders.size(), orders);
}

TEST_F(ChangeTest, of_a_backend_in_maintenance_tells_workers_that_it_stays_there) {
    command::Request backend;
    backend.mutable_add_backend()->set_cluster_id("shop");
    backend.mutable_add_backend()->set_backend_id("b");
    *backend.mutable_add_backend()->mutable_address() = config::to_wire(SocketAddress::v4(0x7F000001, 80));
    command::Request idle = backend;
    idle.mutable_add_backend()->set_state(command::MAINTENANCE);
    start({checked(idle)});
    backend.mutable_add_backend()->mutable_load_balancing_parameters()->set_weight(7);
    submit(backend);
    turns();
    const auto& orders = worker(0).orders;
    ASSERT_EQ(orders.back().kind_case(), Kind::kCommit);
    const command::AddBackend& told = orders[orders.size() - 2].prepare().changes(0).add_backend();
    EXPECT_EQ(told.load_balancing_parameters().weight(), 7);
    EXPECT_EQ(told.state(), command::MAINTENANCE);
}

TEST_F(ChangeTest, of_a_frontend_without_its_listener_is_refused_also_when_no_worker_serves) {
    settings.workers.automatic_restart = false;
    const SocketAddress address = free_address();
    command::Request http;
    *http.mutable_add_http_frontend()->mutable_address() = config::to_wire(address);
    http.mutable_add_http_frontend()->set_cluster_id("shop");
    http.mutable_add_http_frontend()->set_hostname("a.example");
    config::fill_required(http);
    command::Request tcp;
    *tcp.mutable_add_tcp_frontend()->mutable_address() = config::to_wire(address);
    tcp.mutable_add_tcp_frontend()->set_cluster_id("shop");
    start();
    worker(0).end();
    worker(1).end();
    turns();
    command::Request https;
    *https.mutable_add_https_frontend() = http.add_http_frontend();
    submit(http);
    submit(https);
    submit(tcp);
    submit(add_listener(address));
    submit(http);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("there is no HTTP listener on " + address.text(),
                                      "there is no HTTPS listener on " + address.text(),
                                      "there is no TCP listener on " + address.text(), "OK", "OK"));
    EXPECT_THAT(warnings, ::testing::Contains("no worker serves now"));
}

TEST_F(ChangeTest, activating_a_listener_gives_each_worker_its_socket_before_it_is_ok) {
    start();
    const SocketAddress address = free_address();
    submit(add_listener(address));
    turns();
    EXPECT_FALSE(accepts(address));
    worker(1).silent_about = {Kind::kCommit};
    submit(activate(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "pending"));
    worker(1).answer_late(Kind::kCommit);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK"));
    EXPECT_TRUE(accepts(address));
    EXPECT_THAT(worker(0).slots_of(address.text()), ElementsAre(0));
    EXPECT_THAT(worker(1).slots_of(address.text()), ElementsAre(1));
}

TEST_F(ChangeTest, activating_twice_is_ok_and_changes_nothing) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    const size_t orders = worker(0).orders.size();
    submit(activate(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(worker(0).orders.size(), orders);
}

TEST_F(ChangeTest, an_address_in_use_is_refused_and_undone) {
    start();
    const SocketAddress address = free_address();
    ListeningSockets others(1, 16);
    ASSERT_TRUE(others.open({command::HTTP, address}));
    submit(add_listener(address));
    submit(activate(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", HasSubstr(address.text())));
    EXPECT_FALSE(supervisor->state().table<config::HttpListeners>().find(address)->active());
    others.close_all();
    submit(activate(address));
    turns();
    EXPECT_EQ(outcomes.back(), "OK");
}

TEST_F(ChangeTest, an_activation_that_a_worker_refuses_leaves_nobody_listening) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address))});
    worker(0).refuses = "no";
    submit(activate(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no")));
    EXPECT_FALSE(accepts(address));
}

TEST_F(ChangeTest, a_stand_in_accepts_from_a_listener_when_its_activation_is_decided_and_not_earlier) {
    const SocketAddress address = free_address();
    const SocketAddress other = free_address();
    settings.workers.automatic_restart = false;
    start({checked(add_listener(address)), checked(add_listener(other)), checked(activate(other))});
    worker(1).silent_about = {Kind::kPrepare};
    submit(activate(address));
    turns();
    worker(0).end();
    turns();
    EXPECT_THAT(worker(1).slots_of(other.text()), ElementsAre(0, 1));
    EXPECT_THAT(worker(1).slots_of(address.text()), ElementsAre());
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_THAT(worker(1).slots_of(address.text()), ElementsAre(0, 1));
}

TEST_F(ChangeTest, a_stand_in_that_is_relieved_before_the_decision_keeps_nothing_of_an_undecided_listener) {
    const SocketAddress address = free_address();
    launcher.on_launch = [](PlayedWorker& worker) {
        if (worker.id == 2) worker.silent_about = {Kind::kServe};
    };
    start({checked(add_listener(address))});
    lose(0);
    worker(1).silent_about = {Kind::kPrepare};
    submit(activate(address));
    turns();
    worker(2).answer_late(Kind::kServe);
    turns();
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_THAT(worker(1).slots_of(address.text()), ElementsAre(1));
    EXPECT_THAT(worker(2).slots_of(address.text()), ElementsAre(0));
}

TEST_F(ChangeTest, a_stand_in_lets_go_of_a_listener_whose_activation_is_refused) {
    const SocketAddress address = free_address();
    settings.workers.automatic_restart = false;
    start({checked(add_listener(address))});
    worker(1).silent_about = {Kind::kPrepare};
    submit(activate(address));
    turns();
    worker(0).end();
    turns();
    worker(1).refuses = "no";
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no")));
    EXPECT_THAT(worker(1).slots_of(address.text()), ElementsAre());
}

TEST_F(ChangeTest, an_activation_is_refused_when_descriptors_are_short_and_no_worker_suffers) {
    const SocketAddress address = free_address();
    const SocketAddress other = free_address();
    start({checked(add_listener(address)), checked(add_listener(other))});
    {
        // Room to bind (the probe is closed again), and none for a copy.
        const FewDescriptors few(2);
        submit(activate(address));
        turns();
    }
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("cannot copy a descriptor")));
    EXPECT_FALSE(accepts(address));
    for (const size_t id : {0U, 1U}) EXPECT_FALSE(worker(id).killed);
    submit(activate(address));
    turns();
    EXPECT_EQ(outcomes.back(), "OK");
}

TEST_F(ChangeTest, an_update_of_a_listener_is_told_as_the_whole_listener_and_keeps_its_sockets) {
    const SocketAddress address = free_address();
    command::Request listener = add_listener(address);
    listener.mutable_add_http_listener()->set_front_timeout(7);
    start({checked(listener), checked(activate(address))});
    submit(update_listener(address, "X-New"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    const auto& orders = worker(0).orders;
    ASSERT_EQ(orders.back().kind_case(), Kind::kCommit);
    const command::Request& told = orders[orders.size() - 2].prepare().changes(0);
    EXPECT_EQ(told.add_http_listener().sozu_id_header(), "X-New");
    EXPECT_EQ(told.add_http_listener().front_timeout(), 7U);
    EXPECT_THAT(worker(0).slots_of(address.text()), ElementsAre(0));
    EXPECT_TRUE(accepts(address));
}

TEST_F(ChangeTest, what_recognises_clients_is_told_so_that_a_worker_that_cannot_do_it_fails) {
    const auto listener = [](command::Request request, const SocketAddress& address) {
        command::HttpsListenerConfig& config = *request.mutable_add_https_listener();
        *config.mutable_address() = config::to_wire(address);
        config.mutable_client_auth_headers()->set_subject("X-Subject");
        return request;
    };
    const SocketAddress address = free_address();
    start({checked(listener({}, address))});
    EXPECT_TRUE(worker(0).snapshot.changes(0).has_add_https_listener_with_client_auth());
    command::Request update;
    *update.mutable_update_https_listener()->mutable_address() = config::to_wire(address);
    update.mutable_update_https_listener()->set_front_timeout(7);
    submit(update);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    const auto& orders = worker(0).orders;
    const command::Request& told = orders[orders.size() - 2].prepare().changes(0);
    EXPECT_EQ(told.add_https_listener_with_client_auth().front_timeout(), 7U);
}

TEST_F(ChangeTest, an_update_that_a_worker_refuses_leaves_the_listener_as_it_was) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address))});
    worker(1).refuses = "no";
    submit(update_listener(address, "X-New"));
    submit(update_listener(SocketAddress::v4(0x7F000001, 1), "X-New"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no"), HasSubstr("Did not find HttpListener")));
    EXPECT_FALSE(supervisor->state().table<config::HttpListeners>().find(address)->has_sozu_id_header());
}

TEST_F(ChangeTest, a_new_worker_begins_with_what_was_updated) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address))});
    submit(update_listener(address, "X-New"));
    command::Request limit;
    limit.set_set_max_connections_per_ip(5);
    submit(limit);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK"));
    lose(1);
    EXPECT_EQ(worker(2).count(Kind::kPrepare), 0U);
    const worker::Prepare& snapshot = worker(2).snapshot;
    ASSERT_EQ(snapshot.changes_size(), 2);
    EXPECT_EQ(snapshot.changes(0).add_http_listener().sozu_id_header(), "X-New");
    EXPECT_EQ(snapshot.changes(1).set_max_connections_per_ip(), 5U);
}

TEST_F(ChangeTest, a_new_worker_knows_the_secrets_of_tickets_that_others_have_and_had) {
    start();
    const std::string first = worker(0).orders.front().hello().ticket_secret();
    EXPECT_EQ(first.size(), 32U);
    EXPECT_EQ(worker(1).orders.front().hello().ticket_secret(), first);
    for (const char c : {'a', 'b'}) {
        command::Request secret;
        secret.set_set_tls_ticket_secret(std::string(32, c));
        submit(secret);
    }
    const int64_t now_ms = loop.wall().time_since_epoch() / std::chrono::milliseconds(1);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK"));
    lose(1);
    const worker::Hello& hello = worker(2).orders.front().hello();
    EXPECT_EQ(hello.ticket_secret(), std::string(32, 'b'));
    ASSERT_EQ(hello.former_ticket_secrets_size(), 2);
    EXPECT_EQ(hello.former_ticket_secrets(0).secret(), first);
    EXPECT_EQ(hello.former_ticket_secrets(1).secret(), std::string(32, 'a'));
    EXPECT_EQ(hello.former_ticket_secrets(1).until_ms(), now_ms);
    ASSERT_EQ(worker(2).snapshot.changes_size(), 1);
    EXPECT_EQ(worker(2).snapshot.changes(0).set_tls_ticket_secret(), std::string(32, 'b'));
}

TEST_F(ChangeTest, sockets_are_closed_when_the_last_worker_has_let_go_of_them) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    worker(1).silent_about = {Kind::kUnassign};
    submit(deactivate(address));
    turns();
    EXPECT_TRUE(worker(0).slots_of(address.text()).empty());
    EXPECT_TRUE(accepts(address));
    worker(1).answer_late(Kind::kUnassign);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_FALSE(accepts(address));
}

TEST_F(ChangeTest, an_activation_waits_until_the_sockets_that_were_there_before_are_closed) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    worker(1).silent_about = {Kind::kUnassign};
    submit(deactivate(address));
    submit(activate(address));
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending", "pending", "pending"));
    worker(1).answer_late(Kind::kUnassign);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK", "OK"));
    EXPECT_TRUE(accepts(address));
}

TEST_F(ChangeTest, an_activation_waits_for_the_process_of_a_worker_that_was_killed_with_its_sockets) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    worker(1).silent_about = {Kind::kUnassign, Kind::kCommit};
    worker(1).ends_late = true;
    submit(deactivate(address));
    submit(activate(address));
    turns();
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_TRUE(worker(1).killed);
    EXPECT_THAT(outcomes, ElementsAre("pending", "pending"));
    worker(1).ends_late = false;
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK"));
}

TEST_F(ChangeTest, a_deactivation_waits_for_the_process_of_a_worker_that_died_before) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    worker(1).ends_late = true;
    lose(1);
    submit(deactivate(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    worker(1).ends_late = false;
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ChangeTest, that_follows_when_a_process_is_gone_does_not_wait_for_it_once_more) {
    const SocketAddress first = free_address();
    settings.workers.automatic_restart = false;
    start({checked(add_listener(first)), checked(activate(first))});
    const SocketAddress second = free_address();
    submit(add_listener(second));
    submit(activate(second));
    turns();
    for (const size_t id : {0U, 1U}) {
        worker(id).ends_late = true;
        lose(id);
    }
    submit(deactivate(first));
    submit(activate(first));
    submit(deactivate(second));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK", "pending", "pending", "pending"));
    for (const size_t id : {0U, 1U}) {
        worker(id).ends_late = false;
        worker(id).end();
        turns();
    }
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK", "OK", "OK", "OK"));
    EXPECT_FALSE(accepts(second));
}

TEST_F(ChangeTest, that_is_refused_is_over_when_every_worker_is_rid_of_it) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address))});
    worker(0).refuses = "no";
    worker(1).silent_about = {Kind::kAbort};
    submit(activate(address));
    turns();
    submit(activate(address));
    submit(add_cluster("shop"));
    worker(0).refuses = "";
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending", "pending", "pending"));
    worker(1).answer_late(Kind::kAbort);
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no"), "OK", "OK"));
}

TEST_F(ChangeTest, that_is_refused_is_over_when_the_process_is_gone_that_did_not_get_rid_of_it) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address))});
    worker(0).refuses = "no";
    worker(1).silent_about = {Kind::kAbort};
    worker(1).ends_late = true;
    submit(activate(address));
    turns();
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_TRUE(worker(1).killed);
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    worker(1).ends_late = false;
    worker(1).end();
    turns();
    EXPECT_THAT(outcomes, ElementsAre(HasSubstr("no")));
}

TEST_F(ChangeTest, who_hears_that_a_listener_is_gone_may_have_its_address_at_once) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    std::string outcome;
    supervisor->changes().submit(checked(deactivate(address)), [&](const Changes::Outcome&) {
        ListeningSockets others(1, 16);
        const auto opened = others.open({command::HTTP, address});
        outcome = opened ? "free" : opened.error().message;
    });
    turns();
    EXPECT_EQ(outcome, "free");
}

TEST_F(ChangeTest, removing_an_active_listener_closes_its_sockets) {
    const SocketAddress address = free_address();
    start({checked(add_listener(address)), checked(activate(address))});
    submit(remove_listener(address));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_FALSE(accepts(address));
    EXPECT_EQ(worker(0).orders.back().kind_case(), Kind::kCommit) << "it stops accepting first";
}

}  // namespace
}  // namespace seki::supervisor
