#include "supervisor/workers.h"

#include "net/source_counts.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct WorkersTest : Scene {
    SocketAddress address = free_address();
    void start_listening() { start({checked(add_listener(address)), checked(activate(address))}); }
    std::vector<uint32_t> slots(size_t id) { return worker(id).slots_of(address.text()); }
    uint32_t column(size_t id) { return worker(id).orders[0].hello().source_column(); }
};

TEST_F(WorkersTest, begin_with_hello_the_configuration_their_sockets_and_serve) {
    start_listening();
    std::vector<Kind> kinds;
    for (const worker::Order& order : worker(1).orders) kinds.push_back(order.kind_case());
    EXPECT_THAT(kinds, ElementsAre(Kind::kHello, Kind::kPrepare, Kind::kCommit, Kind::kAssign, Kind::kServe));
    EXPECT_EQ(worker(1).orders[0].hello().worker_id(), 1U);
    EXPECT_EQ(worker(1).orders[0].hello().worker_count(), 2U);
    EXPECT_THAT(slots(0), ElementsAre(0));
    EXPECT_THAT(slots(1), ElementsAre(1));
}

TEST_F(WorkersTest, are_given_the_memory_for_limits_per_source_and_a_column_of_it) {
    start();
    EXPECT_NE(column(0), column(1));
    for (const size_t id : {0U, 1U}) {
        auto opened = net::SourceTable::open(std::move(worker(id).sources));
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_LT(column(id), opened->columns());
    }
}

TEST_F(WorkersTest, leave_no_counts_behind_when_they_die) {
    start();
    auto table = net::SourceTable::open(std::move(worker(0).sources)).value();
    const uint64_t hash = 4711;
    // Nobody gives these back.
    for (const uint32_t row : {0U, 1U, 2U, 3U}) {
        table.counts(row, hash)[column(0)] = 7;
        table.counts(row, hash)[column(1)] = 2;
    }
    const net::SourceCounts counts(table, table.columns() - 1);
    EXPECT_EQ(counts.count(hash), 9U);
    lose(0);
    EXPECT_EQ(counts.count(hash), 2U);
}

TEST_F(WorkersTest, have_no_column_in_common_with_who_has_not_ended_yet) {
    start();
    worker(0).ends_late = true;
    lose(0);
    ASSERT_EQ(launcher.workers.size(), 3U);
    EXPECT_NE(column(2), column(0)) << "its process may still write";
    worker(0).ends_late = false;
    worker(0).end();
    turns();
    lose(1);
    EXPECT_EQ(column(3), column(0)) << "now it is free";
}

TEST_F(WorkersTest, do_not_start_while_all_columns_are_taken) {
    settings.workers.count = 1;
    launcher.on_launch = [](PlayedWorker& worker) { worker.ends_late = true; };
    start();
    const size_t columns = net::SourceTable::open(std::move(worker(0).sources)).value().columns();
    for (size_t id = 0; id < columns; ++id) {
        worker(id).end();
        turns();
        pass(Workers::longest_pause + std::chrono::milliseconds(2));
    }
    EXPECT_EQ(launcher.workers.size(), columns);
    worker(0).ends_late = false;
    worker(0).end();
    turns();
    pass(Workers::longest_pause + std::chrono::milliseconds(2));
    EXPECT_EQ(launcher.workers.size(), columns + 1);
}

TEST_F(WorkersTest, who_cannot_be_watched_does_not_begin_and_is_tried_again) {
    start();
    launcher.on_launch = [this](PlayedWorker& worker) { poller.exhausted = worker.id == 2; };
    worker(0).end();
    turns();
    pass(std::chrono::milliseconds(2));
    poller.exhausted = false;
    EXPECT_THAT(logged(), HasSubstr("as the test wants"));
    EXPECT_THAT(supervisor->workers().alive(), SizeIs(1));
    pass(Workers::first_pause + std::chrono::milliseconds(2));
    ASSERT_THAT(launcher.workers, SizeIs(4));
    EXPECT_EQ(worker(2).count(Kind::kHello), 0U);
    EXPECT_EQ(worker(3).count(Kind::kServe), 1U);
}

TEST_F(WorkersTest, who_cannot_be_watched_takes_no_column_from_those_who_follow) {
    settings.workers.count = 1;
    start();
    const size_t columns = net::SourceTable::open(std::move(worker(0).sources)).value().columns();
    launcher.on_launch = [&](PlayedWorker& worker) { poller.exhausted = worker.id <= columns; };
    worker(0).end();
    turns();
    for (size_t id = 1; id <= columns + 1; ++id) {
        pass(Workers::longest_pause + std::chrono::milliseconds(2));
        poller.exhausted = false;
    }
    ASSERT_THAT(launcher.workers, SizeIs(columns + 2));
    EXPECT_EQ(worker(columns + 1).count(Kind::kServe), 1U);
}

TEST_F(WorkersTest, a_large_configuration_comes_in_several_orders) {
    std::vector<CheckedChange> changes;
    for (int number = 0; number < 20'000; ++number)
        changes.push_back(checked(add_cluster(fmt::format("cluster-{}", number))));
    start(changes);
    EXPECT_GT(worker(0).count(Kind::kPrepare), 1U);
    int told = 0;
    for (const worker::Order& order : worker(0).orders) told += order.prepare().changes_size();
    EXPECT_EQ(told, 20'000);
    EXPECT_EQ(worker(0).count(Kind::kServe), 1U);
}

TEST_F(WorkersTest, a_dead_worker_is_replaced_at_once_under_a_new_id) {
    start_listening();
    lose(0);
    ASSERT_EQ(launcher.workers.size(), 3U);
    EXPECT_EQ(worker(2).orders[0].hello().worker_id(), 2U);
    EXPECT_THAT(slots(2), ElementsAre(0));
}

TEST_F(WorkersTest, a_living_worker_stands_in_for_a_dead_one_until_the_new_one_serves) {
    start_listening();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    lose(0);
    EXPECT_THAT(slots(1), ElementsAre(0, 1));
    EXPECT_THAT(slots(2), ElementsAre(0));
    worker(2).answer_late(Kind::kServe);
    turns();
    EXPECT_THAT(slots(1), ElementsAre(1));
}

TEST_F(WorkersTest, who_has_no_room_to_stand_in_goes_on_with_its_own) {
    start_listening();
    worker(1).refuses_sockets = "no room";
    worker(0).end();
    turns();
    EXPECT_FALSE(worker(1).killed);
    EXPECT_THAT(slots(1), ElementsAre(1));
    worker(1).refuses_sockets = "";
    pass(std::chrono::milliseconds(2));
    EXPECT_THAT(slots(2), ElementsAre(0));
}

TEST_F(WorkersTest, when_there_is_no_descriptor_to_give_away_nobody_is_killed) {
    settings.workers.count = 3;
    std::vector<CheckedChange> listeners{checked(add_listener(address)), checked(activate(address))};
    for (int more = 0; more < 4; ++more) {  // both ends of the dead one's channel make room
        const SocketAddress other = free_address();
        listeners.push_back(checked(add_listener(other)));
        listeners.push_back(checked(activate(other)));
    }
    start(listeners);
    {
        const FewDescriptors none(0);
        worker(0).end();
        turns();
    }
    for (const size_t id : {1U, 2U}) {
        EXPECT_FALSE(worker(id).killed);
        EXPECT_THAT(slots(id), ElementsAre(id));
    }
    pass(std::chrono::milliseconds(2));
    EXPECT_THAT(slots(3), ElementsAre(0));
}

TEST_F(WorkersTest, who_cannot_have_its_own_sockets_is_killed_and_replaced) {
    start_listening();
    launcher.on_launch = [](PlayedWorker& worker) {
        if (worker.id == 2) worker.refuses_sockets = "no room";
    };
    lose(0);
    EXPECT_TRUE(worker(2).killed);
    EXPECT_FALSE(worker(1).killed);
    pass(Workers::first_pause + std::chrono::milliseconds(2));
    EXPECT_THAT(slots(3), ElementsAre(0));
}

TEST_F(WorkersTest, who_stands_in_gets_the_sockets_of_listeners_that_come_later_too) {
    settings.workers.automatic_restart = false;
    start();
    worker(0).end();
    turns();
    submit(add_listener(address));
    submit(activate(address));
    turns();
    EXPECT_THAT(slots(1), ElementsAre(0, 1));
    submit(deactivate(address));
    turns();
    EXPECT_THAT(slots(1), IsEmpty());
    EXPECT_THAT(outcomes, ElementsAre("OK", "OK", "OK"));
}

TEST_F(WorkersTest, who_stands_in_a_second_time_while_a_listener_is_activated_gets_its_sockets_again) {
    start({checked(add_listener(address))});
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    lose(0);
    worker(1).silent_about = {Kind::kPrepare};
    submit(activate(address));
    turns();
    worker(2).answer_late(Kind::kServe);
    turns();
    worker(2).end();
    turns();
    worker(1).answer_late(Kind::kPrepare);
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_THAT(slots(1), ElementsAre(0, 1));
}

TEST_F(WorkersTest, when_the_stand_in_dies_too_the_next_one_serves_all) {
    settings.workers.count = 3;
    settings.workers.automatic_restart = false;
    start_listening();
    worker(0).end();
    turns();
    worker(slots(1).size() > 1 ? 1 : 2).end();
    turns();
    const size_t last = worker(1).ended.valid() && slots(1).size() == 3 ? 1 : 2;
    EXPECT_THAT(slots(last), ElementsAre(0, 1, 2));
}

TEST_F(WorkersTest, the_first_worker_that_serves_again_takes_what_nobody_serves) {
    start_listening();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    worker(0).end();
    lose(1);
    ASSERT_EQ(launcher.workers.size(), 4U);
    worker(3).answer_late(Kind::kServe);
    turns();
    EXPECT_THAT(slots(3), ElementsAre(0, 1));
    worker(2).answer_late(Kind::kServe);
    turns();
    EXPECT_THAT(slots(3).size(), 1U);
}

TEST_F(WorkersTest, who_dies_again_and_again_is_replaced_after_growing_pauses) {
    settings.workers.count = 1;
    start();
    for (const auto pause : {0, 100, 200, 400, 800}) {
        const size_t before = launcher.workers.size();
        worker(before - 1).end();
        turns();
        if (pause > 0) pass(std::chrono::milliseconds(pause - 2));
        EXPECT_EQ(launcher.workers.size(), before) << pause;
        pass(std::chrono::milliseconds(4));
        EXPECT_EQ(launcher.workers.size(), before + 1) << pause;
    }
}

TEST_F(WorkersTest, a_worker_that_lived_long_is_replaced_at_once_whatever_was_before) {
    settings.workers.count = 1;
    start();
    for (const auto wait : {2, 102, 202}) {
        launcher.workers.back()->end();
        turns();
        pass(std::chrono::milliseconds(wait));
    }
    ASSERT_EQ(launcher.workers.size(), 4U);
    pass(Workers::steady_after);
    worker(3).end();
    turns();
    pass(std::chrono::milliseconds(2));
    EXPECT_EQ(launcher.workers.size(), 5U);
}

TEST_F(WorkersTest, a_first_one_that_refuses_the_configuration_ends_the_start_with_its_reason) {
    launcher.on_launch = [](PlayedWorker& worker) {
        if (worker.id == 1) worker.refuses = "I do not understand";
    };
    start({checked(add_cluster("shop"))});
    EXPECT_TRUE(worker(1).killed);
    ASSERT_FALSE(supervisor->outcome());
    EXPECT_EQ(supervisor->outcome().error().message, "worker 1 was killed: it cannot begin: I do not understand");
    EXPECT_TRUE(supervisor->stopping());
    EXPECT_TRUE(worker(0).orders.back().stop().hard());
    pass(Workers::longest_pause);
    EXPECT_THAT(launcher.workers, SizeIs(2)) << "nobody is replaced";
}

TEST_F(WorkersTest, a_first_one_that_dies_before_it_serves_ends_the_start) {
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    start();
    EXPECT_TRUE(supervisor->outcome());
    worker(0).end();
    turns();
    ASSERT_FALSE(supervisor->outcome());
    EXPECT_EQ(supervisor->outcome().error().message, "worker 0 ended as the test wanted");
}

TEST_F(WorkersTest, a_later_one_that_refuses_the_configuration_is_killed_and_replaced) {
    settings.workers.count = 1;
    start({checked(add_cluster("shop"))});
    launcher.on_launch = [](PlayedWorker& worker) { worker.refuses = "I do not understand"; };
    lose(0);
    EXPECT_TRUE(worker(1).killed);
    EXPECT_TRUE(supervisor->outcome());
    pass(Workers::first_pause + std::chrono::milliseconds(2));
    EXPECT_THAT(launcher.workers, SizeIs(3));
}

TEST_F(WorkersTest, who_does_not_begin_in_time_is_killed) {
    settings.workers.count = 1;
    start();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    lose(0);
    pass(std::chrono::seconds(59));
    EXPECT_FALSE(worker(1).killed);
    pass(std::chrono::seconds(2));
    EXPECT_TRUE(worker(1).killed);
    EXPECT_THAT(logged(), HasSubstr("it does not answer (serve, 60 s)"));
}

TEST_F(WorkersTest, a_soft_stop_lasts_until_every_worker_is_done) {
    start_listening();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    std::string answer;
    supervisor->stop(false, [&](const command::Response& response) { answer = response.message(); });
    turns();
    EXPECT_FALSE(accepts(address)) << "the played workers hold no copies";
    worker(0).answer_late(Kind::kStop);
    pass(std::chrono::hours(1));
    EXPECT_EQ(answer, "");
    EXPECT_FALSE(worker(1).killed);
    worker(1).answer_late(Kind::kStop);
    turns();
    EXPECT_NE(answer, "");
    EXPECT_EQ(launcher.workers.size(), 2U) << "nobody is replaced";
}

TEST_F(WorkersTest, that_stop_softly_let_a_successor_start_when_nobody_has_a_socket_any_more) {
    start_listening();
    bool released = false;
    supervisor->on_released = [&] { released = true; };
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    worker(1).silent_about.insert(Kind::kUnassign);
    supervisor->stop(false);
    turns();
    EXPECT_THAT(slots(0), IsEmpty());
    EXPECT_FALSE(released);
    EXPECT_EQ(::access(settings.command.path.c_str(), F_OK), 0);
    worker(1).answer_late(Kind::kUnassign);
    turns();
    EXPECT_TRUE(released);
    EXPECT_NE(::access(settings.command.path.c_str(), F_OK), 0);

    ListeningSockets successor(1, 16);
    EXPECT_TRUE(successor.open({command::HTTP, address}));
    EXPECT_EQ(supervisor->workers().alive().size(), 2U) << "they still drain";
}

TEST_F(WorkersTest, that_die_while_they_are_to_let_go_have_let_go_when_their_process_is_gone) {
    start_listening();
    bool released = false;
    supervisor->on_released = [&] { released = true; };
    worker(0).silent_about = {Kind::kStop};
    worker(1).silent_about = {Kind::kUnassign, Kind::kStop};
    worker(1).ends_late = true;
    supervisor->stop(false);
    turns();
    worker(1).end();
    turns();
    EXPECT_FALSE(released);
    worker(1).ends_late = false;
    worker(1).end();
    turns();
    EXPECT_TRUE(released);
}

TEST_F(WorkersTest, a_soft_stop_becomes_a_hard_one_at_its_deadline) {
    settings.soft_stop_limit = std::chrono::seconds(60);
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    supervisor->stop(false);
    pass(std::chrono::seconds(59));
    EXPECT_FALSE(worker(0).orders.back().stop().hard());
    pass(std::chrono::seconds(2));
    EXPECT_TRUE(worker(0).orders.back().stop().hard());
}

TEST_F(WorkersTest, whoever_asks_for_a_soft_stop_may_name_its_deadline) {
    settings.soft_stop_limit = std::chrono::seconds(60);
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    supervisor->stop(false, nullptr, Duration::zero());
    pass(std::chrono::hours(1));
    EXPECT_FALSE(worker(0).orders.back().stop().hard()) << "none";
}

TEST_F(WorkersTest, a_soft_stop_can_become_a_hard_one) {
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    bool stopped = false;
    supervisor->stop(false);
    turns();
    supervisor->stop(true, [&](const command::Response&) { stopped = true; });
    turns();
    EXPECT_TRUE(worker(0).orders.back().stop().hard());
    worker(0).answer_late(Kind::kStop);
    EXPECT_FALSE(stopped);
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_TRUE(worker(1).killed) << "who does not even stop hard is killed";
    EXPECT_TRUE(stopped);
}

TEST_F(WorkersTest, a_worker_that_dies_while_stopping_is_not_waited_for) {
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kStop};
    bool stopped = false;
    supervisor->stop(false, [&](const command::Response&) { stopped = true; });
    turns();
    worker(0).end();
    worker(1).end();
    turns();
    EXPECT_TRUE(stopped);
}

TEST_F(WorkersTest, an_activation_that_is_undecided_when_the_stop_comes_is_refused) {
    start_listening();
    submit(deactivate(address));
    turns();
    worker(0).silent_about = {Kind::kPrepare, Kind::kStop};
    submit(activate(address));
    turns();
    supervisor->stop(false);
    turns();
    worker(0).answer_late(Kind::kPrepare);
    turns();
    ASSERT_FALSE(outcomes.empty());
    EXPECT_EQ(outcomes.back(), "it is stopping");
}

TEST_F(WorkersTest, changes_are_refused_while_stopping) {
    start();
    worker(0).silent_about = {Kind::kStop};
    supervisor->stop(false);
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("it is stopping"));
}

}  // namespace
}  // namespace seki::supervisor
