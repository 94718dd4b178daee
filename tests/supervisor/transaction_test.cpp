// Many changes at once, and what is done by forked tasks: saving and loading; reloads are in reload_test.cpp.

#include <fstream>
#include <gmock/gmock.h>
#include <sstream>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "config/file_text.h"
#include "config/state_file/writer.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

struct TransactionTest : Scene {
    std::string outcome;
    Changes::Refusal refusal;
    uint64_t version = 0;

    void submit_all(std::vector<command::Request> requests, bool dry_run = false, std::optional<uint64_t> expected = {},
                    bool restores = false) {
        Transaction transaction;
        for (command::Request& request : requests) transaction.changes.push_back(checked(std::move(request)));
        transaction.dry_run = dry_run;
        transaction.expect_version = expected;
        transaction.restores = restores;
        outcome = "pending";
        supervisor->changes().submit(std::move(transaction), [this](Changes::Outcome came) {
            outcome = came ? "OK" : came.error().message;
            version = came ? came->version : came.error().version;
            if (!came) refusal = came.error();
            if (came) warnings = came->warnings;
        });
        turns();
    }

    std::vector<command::Request> clusters(size_t count) {
        std::vector<command::Request> requests;
        for (size_t i = 0; i < count; ++i) requests.push_back(add_cluster(fmt::format("c{}", i)));
        return requests;
    }
};

TEST_F(TransactionTest, all_changes_are_prepared_and_committed_as_one) {
    start();
    const uint64_t before = supervisor->changes().version();
    submit_all({add_cluster("one"), add_cluster("two")});
    EXPECT_EQ(outcome, "OK");
    EXPECT_EQ(version, before + 1);
    for (size_t id : {0U, 1U}) {
        EXPECT_EQ(worker(id).count(Kind::kPrepare), 1U);
        EXPECT_EQ(worker(id).count(Kind::kCommit), 1U);
    }
    EXPECT_TRUE(has_cluster("one") && has_cluster("two"));
}

TEST_F(TransactionTest, what_is_refused_names_the_change_and_leaves_nothing) {
    start();
    command::Request removal;
    removal.set_remove_cluster("nobody");
    submit_all({add_cluster("one"), removal});
    EXPECT_THAT(outcome, HasSubstr("Did not find Cluster"));
    EXPECT_EQ(refusal.change, 1U);
    EXPECT_EQ(refusal.what, "RemoveCluster nobody");
    EXPECT_FALSE(has_cluster("one"));
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 0U);
}

TEST_F(TransactionTest, many_changes_are_prepared_in_parts_of_which_the_last_decides) {
    start();
    submit_all(clusters(600));
    turns(100);
    EXPECT_EQ(outcome, "OK");
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 3U);
    EXPECT_EQ(worker(0).count(Kind::kCommit), 1U);
    EXPECT_FALSE(worker(0).orders[worker(0).orders.size() - 4].prepare().continued());
    EXPECT_TRUE(worker(0).orders[worker(0).orders.size() - 2].prepare().continued());
}

TEST_F(TransactionTest, a_part_is_sent_when_the_one_before_is_prepared_and_has_the_time_of_an_order) {
    start();
    worker(0).silent_about = {Kind::kPrepare};
    submit_all(clusters(600));
    for (size_t part = 1; part <= 3; ++part) {
        pass(settings.workers.answer_timeout * 9 / 10);
        EXPECT_EQ(worker(0).count(Kind::kPrepare), part);
        EXPECT_EQ(outcome, "pending");
        worker(0).answer_late(Kind::kPrepare);
        turns();
    }
    turns(100);
    EXPECT_EQ(outcome, "OK");
    EXPECT_FALSE(worker(0).killed);
}

TEST_F(TransactionTest, a_part_in_the_middle_that_is_refused_refuses_all_and_is_the_last_that_is_sent) {
    start();
    worker(1).refuses = "as the test wants";
    worker(1).prepares_before = 1;
    submit_all(clusters(2000));
    turns(200);
    EXPECT_EQ(outcome, "1: as the test wants");
    EXPECT_EQ(worker(1).count(Kind::kPrepare), 2U);
    EXPECT_LT(worker(0).count(Kind::kPrepare), 8U);
    EXPECT_FALSE(has_cluster("c0"));
    for (size_t id : {0U, 1U}) {
        EXPECT_EQ(worker(id).count(Kind::kAbort), 1U);
        EXPECT_EQ(worker(id).count(Kind::kCommit), 0U);
    }
}

TEST_F(TransactionTest, a_worker_that_refuses_one_part_refuses_all) {
    start();
    worker(1).refuses = "as the test wants";
    submit_all(clusters(600));
    turns(100);
    EXPECT_EQ(outcome, "1: as the test wants");
    EXPECT_FALSE(has_cluster("c0"));
    EXPECT_EQ(worker(0).count(Kind::kAbort), 1U);
}

TEST_F(TransactionTest, a_dry_run_is_prepared_and_dropped) {
    start();
    const uint64_t before = supervisor->changes().version();
    const SocketAddress address = free_address();
    submit_all({add_cluster("one"), add_listener(address), activate(address)}, true);
    EXPECT_EQ(outcome, "OK");
    EXPECT_EQ(version, before);
    EXPECT_FALSE(has_cluster("one"));
    EXPECT_FALSE(accepts(address));
    EXPECT_EQ(worker(0).count(Kind::kAbort), 1U);
    EXPECT_EQ(worker(0).count(Kind::kCommit), 0U);
}

TEST_F(TransactionTest, another_version_than_expected_is_a_refusal) {
    start();
    const uint64_t before = supervisor->changes().version();
    submit_all({add_cluster("one")}, false, before);
    EXPECT_EQ(outcome, "OK");
    submit_all({add_cluster("two")}, false, before);
    EXPECT_EQ(outcome, fmt::format("the state has version {} and not {}", before + 1, before));
    EXPECT_EQ(version, before + 1);
    EXPECT_FALSE(has_cluster("two"));
}

TEST_F(TransactionTest, what_changes_nothing_leaves_the_version) {
    start();
    submit_all({add_cluster("one")});
    const uint64_t before = supervisor->changes().version();
    submit_all({add_cluster("one")});
    EXPECT_EQ(outcome, "OK");
    EXPECT_EQ(supervisor->changes().version(), before);
}

TEST_F(TransactionTest, a_listener_that_is_replaced_keeps_its_sockets) {
    start();
    const SocketAddress address = free_address();
    submit_all({add_listener(address), activate(address)});
    ASSERT_EQ(outcome, "OK");
    submit_all({remove_listener(address), add_listener(address), activate(address)});
    EXPECT_EQ(outcome, "OK");
    EXPECT_TRUE(accepts(address));
    EXPECT_EQ(worker(0).count(Kind::kUnassign), 0U);
}

TEST_F(TransactionTest, an_address_goes_from_one_kind_of_listener_to_another) {
    start();
    const SocketAddress address = free_address();
    submit_all({add_listener(address), activate(address)});
    ASSERT_EQ(outcome, "OK");
    command::Request tcp;
    *tcp.mutable_add_tcp_listener()->mutable_address() = config::to_wire(address);
    command::Request active = activate(address);
    active.mutable_activate_listener()->set_proxy(command::TCP);
    submit_all({remove_listener(address), tcp, active});
    EXPECT_EQ(outcome, "OK");
    EXPECT_TRUE(accepts(address));
    EXPECT_EQ(worker(0).slots_of(address.text()).size(), 1U);
}

TEST_F(TransactionTest, a_frontend_may_wait_for_its_listener_only_in_what_is_restored) {
    start();
    command::Request frontend;
    *frontend.mutable_add_tcp_frontend()->mutable_address() = config::to_wire(free_address());
    frontend.mutable_add_tcp_frontend()->set_cluster_id("one");
    submit_all({add_cluster("one"), frontend});
    EXPECT_THAT(outcome, HasSubstr("there is no TCP listener on "));
    EXPECT_EQ(refusal.change, 1U);
    submit_all({add_cluster("one"), frontend}, false, {}, true);
    EXPECT_EQ(outcome, "OK");
    EXPECT_THAT(warnings, Contains(HasSubstr("there is no listener on ")));
}

TEST_F(TransactionTest, others_wait_while_somebody_holds_the_state) {
    start();
    supervisor->changes().hold();
    submit(add_cluster("one"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    supervisor->changes().release();
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

struct SavedStateTest : Scene {
    std::string path = folder + "/state.json";
    ~SavedStateTest() override { ::unlink(path.c_str()); }

    void save_by_itself() {
        settings.file.saved_state = path;
        settings.file.automatic_state_save = true;
    }
    std::string text() { return config::read_file_text(path).value_or("nothing"); }
};

TEST_F(SavedStateTest, what_was_saved_is_there_at_the_start) {
    config::State state;
    ASSERT_TRUE(state.apply(checked(add_cluster("saved"))));
    ASSERT_TRUE(config::write_state(state, config::FileTarget(path), false));
    settings.file.saved_state = path;
    start({checked(add_cluster("written"))});
    EXPECT_TRUE(has_cluster("saved") && has_cluster("written"));
}

TEST_F(SavedStateTest, a_file_that_is_wrong_is_no_start) {
    std::ofstream(path) << "nonsense";
    settings.file.saved_state = path;
    supervisor = std::make_unique<Supervisor>(loop, log, launcher, settings);
    const auto started = supervisor->start({});
    ASSERT_FALSE(started);
    EXPECT_THAT(started.error().message, HasSubstr("record 1 (byte 0)"));
}

TEST_F(SavedStateTest, it_is_saved_soon_after_a_change) {
    save_by_itself();
    start();
    submit(add_cluster("fresh"));
    turns();
    EXPECT_EQ(text(), "nothing");
    until([&] { return text().find("fresh") != std::string::npos; });
}

TEST_F(SavedStateTest, what_fails_is_told_and_tried_again) {
    save_by_itself();
    settings.file.saved_state = folder + "/none/state.json";
    start();
    std::string lines;
    until([&] { return (lines += logged()).find("cannot be saved") != std::string::npos; });
    ASSERT_EQ(::mkdir((folder + "/none").c_str(), 0700), 0);
    until([&] { return ::access(settings.file.saved_state->c_str(), F_OK) == 0; });
    ::unlink(settings.file.saved_state->c_str());
    ::rmdir((folder + "/none").c_str());
}

// Or it would begin without what was answered with OK a moment before.
TEST_F(SavedStateTest, it_is_saved_before_another_instance_may_begin_and_left_alone_from_then_on) {
    save_by_itself();
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
    submit(add_cluster("fresh"));
    turns();
    EXPECT_EQ(text(), "nothing");
    bool released = false;
    supervisor->on_released = [&] {
        if (std::exchange(released, true)) return;  // it comes again when all has ended
        EXPECT_THAT(text(), HasSubstr("fresh"));
    };
    supervisor->stop(false);
    until([&] { return released; });
    std::ofstream(path) << "of another instance";
    for (const size_t id : {0U, 1U}) worker(id).answer_late(Kind::kDrain);
    pass(AutomaticSave::longest_pause);
    turns();
    EXPECT_EQ(text(), "of another instance");
}

TEST_F(SavedStateTest, one_that_cannot_be_saved_at_last_keeps_nobody_waiting) {
    save_by_itself();
    settings.file.saved_state = folder + "/none/state.json";
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
    bool released = false;
    supervisor->on_released = [&] { released = true; };
    supervisor->stop(false);
    until([&] { return released; });
    EXPECT_THAT(logged(), HasSubstr("the state cannot be saved: "));
    ASSERT_EQ(::mkdir((folder + "/none").c_str(), 0700), 0);
    pass(AutomaticSave::longest_pause);
    for (const size_t id : {0U, 1U}) worker(id).answer_late(Kind::kDrain);
    turns();
    EXPECT_NE(::access(settings.file.saved_state->c_str(), F_OK), 0) << "another instance may have it";
    ::rmdir((folder + "/none").c_str());
}

TEST_F(SavedStateTest, a_task_that_dies_is_a_reason) {
    ForkedTasks tasks(loop);
    std::string outcome;
    const auto sent = tasks.send(
        "trying it", 1,
        [](auto) -> Result<> {
            ::raise(SIGKILL);
            return {};
        },
        [&](const Result<ForkedTask::Memories>& came) { outcome = came ? "done" : came.error().message; });
    ASSERT_TRUE(sent);
    until([&] { return !outcome.empty(); });
    EXPECT_EQ(outcome, "trying it did not come to an end: the process was killed by SIGKILL (signal 9)");
}

TEST_F(SavedStateTest, what_a_task_leaves_that_is_ended_in_the_middle_is_swept) {
    const auto leave = [this](auto) -> Result<> {
        std::ofstream(path) << "half of it";
        ::raise(SIGKILL);
        return {};
    };
    const auto refuse = [this](auto) -> Result<> {
        std::ofstream(path) << "of somebody else";
        return failure("as the test wants");
    };
    const auto sweep = [this] { ::unlink(path.c_str()); };
    ForkedTasks tasks(loop);
    size_t ended = 0;
    const auto count = [&](const auto&) { ++ended; };
    ASSERT_TRUE(tasks.send("trying it", 1, leave, count, {.sweep = sweep, .keep = {}}));
    until([&] { return ended == 1 && text() == "nothing"; });
    ASSERT_TRUE(tasks.send("trying it", 1, refuse, count, {.sweep = sweep, .keep = {}}));
    until([&] { return ended == 2; });
    turns();
    EXPECT_EQ(text(), "of somebody else");
}

TEST_F(SavedStateTest, what_a_task_leaves_is_swept_when_this_process_ends_in_its_middle_or_cannot_watch_it) {
    const auto leave = [this](auto) -> Result<> {
        std::ofstream(path) << "half of it";
        ::pause();
        return {};
    };
    const auto sweep = [this] { ::unlink(path.c_str()); };
    std::optional<ForkedTasks> tasks(loop);
    poller.exhausted = true;
    poller.before_refusal = [&] { until([&] { return text() == "half of it"; }); };
    EXPECT_FALSE(tasks->send("trying it", 1, leave, [](const auto&) {}, {.sweep = sweep, .keep = {}}));
    EXPECT_EQ(text(), "nothing");
    poller.exhausted = false;
    ASSERT_TRUE(tasks->send("trying it", 1, leave, [](const auto&) {}, {.sweep = sweep, .keep = {}}));
    until([&] { return text() == "half of it"; });
    tasks.reset();
    EXPECT_EQ(text(), "nothing");
}

// As one does that hangs where no signal reaches it: its end is not ours to see.
TEST(Launcher, nobody_waits_without_end_for_a_copy_that_cannot_be_reaped) {
    auto copy = begin_copy({}, [] { ::pause(); });
    ASSERT_TRUE(copy);
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t tracer = ::fork();
    if (tracer == 0) {
        const char traced = ::ptrace(PTRACE_SEIZE, (*copy)->pid(), nullptr, nullptr) == 0 ? 'y' : 'n';
        static_cast<void>(::write(ready[1], &traced, 1));
        for (;;) ::pause();
    }
    char traced = 'n';
    EXPECT_EQ(::read(ready[0], &traced, 1), 1);
    copy->reset();
    EXPECT_EQ(::kill(tracer, 0), 0);
    ::kill(tracer, SIGKILL);
    ::waitpid(tracer, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    if (traced == 'n') GTEST_SKIP() << "no process may trace another one here";
}

TEST_F(SavedStateTest, a_task_that_takes_too_long_is_ended) {
    ForkedTasks tasks(loop);
    std::string outcome;
    const auto sent = tasks.send(
        "trying it", 1,
        [](auto) -> Result<> {
            ::pause();
            return {};
        },
        [&](const Result<ForkedTask::Memories>& came) { outcome = came ? "done" : came.error().message; });
    ASSERT_TRUE(sent);
    pass(ForkedTask::limit + std::chrono::seconds(1));
    EXPECT_EQ(outcome, "trying it took longer than 300 s");
    until([&] { return loop.turns() > 0; });
}

}  // namespace
}  // namespace seki::supervisor
