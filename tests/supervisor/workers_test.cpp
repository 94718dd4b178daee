#include "supervisor/workers.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "net/source_counts.h"
#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

constexpr int large = 800;

// Of so many clusters; its snapshot has as many slices as eight of these go into one.
std::vector<CheckedChange> large_configuration() {
    const std::string body(16'000, 'x');
    std::vector<CheckedChange> changes;
    for (int number = 0; number < large; ++number) {
        command::Request cluster = add_cluster(fmt::format("cluster-{}", number));
        cluster.mutable_add_cluster()->set_answer_503(
            fmt::format("HTTP/1.1 503 Service Unavailable\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
        changes.push_back(checked(std::move(cluster)));
    }
    return changes;
}

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct WorkersTest : Scene {
    SocketAddress address = free_address();
    void start_listening() { start({checked(add_listener(address)), checked(activate(address))}); }
    std::vector<uint32_t> slots(size_t id) { return worker(id).slots_of(address.text()); }
    // It dies, and turns go on until the next one was launched.
    void replace(size_t id) {
        const size_t before = launcher.workers.size();
        worker(id).end();
        turns(3);
        clock.advance(std::chrono::milliseconds(2));
        while (launcher.workers.size() == before) turns(1);
    }
    uint32_t column(size_t id) { return worker(id).orders[0].hello().source_column(); }
};

TEST_F(WorkersTest, begin_with_hello_the_configuration_their_sockets_and_serve) {
    start_listening();
    std::vector<Kind> kinds;
    for (const worker::Order& order : worker(1).orders) kinds.push_back(order.kind_case());
    EXPECT_THAT(kinds, ElementsAre(Kind::kHello, Kind::kLoad, Kind::kAssign, Kind::kServe));
    EXPECT_EQ(worker(1).orders[0].hello().worker_id(), 1U);
    EXPECT_EQ(worker(1).orders[0].hello().worker_count(), 2U);
    EXPECT_THAT(slots(0), ElementsAre(0));
    EXPECT_THAT(slots(1), ElementsAre(1));
}

struct LogsTest : WorkersTest {
    std::string path = folder + "/access";
    void start_logging() {
        settings.workers.server.set_access_logs_target("file://" + path);
        start_listening();
    }
    ~LogsTest() override { ::unlink(path.c_str()); }
    // That it writes to.
    ino_t file_of(size_t id) {
        struct stat about{};
        EXPECT_EQ(::fstat(worker(id).log_files.at(0).get(), &about), 0);
        return about.st_ino;
    }
    ino_t file_that_is_there() const {
        struct stat about{};
        EXPECT_EQ(::stat(path.c_str(), &about), 0);
        return about.st_ino;
    }
};

TEST_F(LogsTest, get_the_files_of_their_logs_with_hello_and_again_after_a_rotation) {
    start_logging();
    EXPECT_FALSE(worker(0).orders[0].hello().log_files().log());  // which is stdout
    EXPECT_TRUE(worker(0).orders[0].hello().log_files().access_log());
    EXPECT_EQ(file_of(0), file_that_is_there());
    EXPECT_EQ(file_of(1), file_that_is_there());
    const std::string moved = path + ".1";
    ASSERT_EQ(::rename(path.c_str(), moved.c_str()), 0);
    supervisor->reopen_logs_of_workers();
    turns();
    EXPECT_EQ(worker(0).orders.back().kind_case(), Kind::kLogFiles);
    EXPECT_EQ(file_of(0), file_that_is_there());
    EXPECT_EQ(file_of(1), file_that_is_there());
    ::unlink(moved.c_str());
}

TEST_F(LogsTest, get_a_file_that_cannot_be_opened_when_it_can) {
    ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
    start_logging();
    EXPECT_FALSE(worker(0).orders[0].hello().log_files().access_log());
    EXPECT_THAT(logged(), HasSubstr("Is a directory; workers get it as soon as it can be"));
    pass(WorkerLogs::next_attempt);
    EXPECT_EQ(worker(0).count(Kind::kLogFiles), 0U);
    EXPECT_THAT(logged(), Not(HasSubstr("Is a directory")));
    ASSERT_EQ(::rmdir(path.c_str()), 0);
    pass(WorkerLogs::next_attempt);
    EXPECT_EQ(file_of(0), file_that_is_there());
    pass(WorkerLogs::next_attempt);
    EXPECT_EQ(worker(0).count(Kind::kLogFiles), 1U);
}

TEST_F(LogsTest, open_them_by_themselves_where_they_are_of_a_version_that_did) {
    start_logging();
    supervisor->workers().alive().at(0)->schema_version = 5;
    supervisor->reopen_logs_of_workers();
    turns();
    EXPECT_THAT(worker(0).signals, ElementsAre(SIGHUP));
    EXPECT_EQ(worker(0).count(Kind::kLogFiles), 0U);
    EXPECT_THAT(worker(1).signals, IsEmpty());
    EXPECT_EQ(worker(1).count(Kind::kLogFiles), 1U);
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

TEST_F(WorkersTest, begin_with_one_snapshot_that_is_written_once) {
    start(large_configuration());
    turns(large);
    for (const size_t id : {0U, 1U}) {
        EXPECT_EQ(worker(id).snapshot.changes_size(), large);
        EXPECT_GT(worker(id).slices, 1U);
        EXPECT_EQ(worker(id).count(Kind::kServe), 1U);
    }
    EXPECT_EQ(worker(0).snapshot_inode, worker(1).snapshot_inode);
}

TEST_F(WorkersTest, changes_wait_while_a_snapshot_is_written_and_come_after_it) {
    start(large_configuration());
    turns(large);
    replace(1);
    submit(add_cluster("late"));
    turns(2);
    EXPECT_THAT(outcomes, ElementsAre("pending"));
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 0U);
    EXPECT_EQ(worker(2).count(Kind::kLoad), 0U) << "the snapshot takes longer than two turns";
    turns(large);
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(worker(2).snapshot.changes_size(), large);
    EXPECT_EQ(worker(2).count(Kind::kPrepare), 1U) << "the change came after it";
}

TEST_F(WorkersTest, who_comes_while_the_snapshot_is_written_begins_with_it_too) {
    start(large_configuration());
    turns(large);
    replace(0);
    replace(1);
    turns(large);
    EXPECT_EQ(worker(2).count(Kind::kServe), 1U);
    EXPECT_EQ(worker(3).count(Kind::kServe), 1U);
    EXPECT_EQ(worker(2).snapshot_inode, worker(3).snapshot_inode);
}

TEST_F(WorkersTest, a_stop_while_a_snapshot_is_written_ends_who_waits_for_it) {
    settings.workers.count = 1;
    start(large_configuration());
    turns(large);
    replace(0);
    bool stopped = false;
    supervisor->stop(false, [&](const command::Response&) { stopped = true; });
    submit(add_cluster("late"));
    turns(large);
    EXPECT_TRUE(worker(1).killed);
    EXPECT_TRUE(stopped);
    EXPECT_THAT(outcomes, ElementsAre("it is stopping"));
}

TEST_F(WorkersTest, without_memory_for_the_snapshot_who_waits_for_it_is_killed_and_tried_again) {
    settings.workers.count = 1;
    start({checked(add_cluster("shop"))});
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit none{0, before.rlim_max};
    const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
    lose(0);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, ignored);
    EXPECT_TRUE(worker(1).killed);
    EXPECT_THAT(logged(), HasSubstr("it cannot begin: cannot write memory to share: File too large"));
    pass(Workers::first_pause + std::chrono::milliseconds(2));
    EXPECT_EQ(worker(2).count(Kind::kServe), 1U);
}

TEST_F(WorkersTest, ids_go_on_where_those_of_a_former_supervisor_end) {
    settings.workers.generation = 3;
    settings.workers.first_worker_id = 40;
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kDrain}; };
    start();
    EXPECT_EQ(worker(0).id, 40U);
    EXPECT_EQ(worker(0).orders[0].hello().worker_id(), 40U);
    for (const worker::Order& order : worker(0).orders) EXPECT_EQ(order.id() >> 48U, 3U);
    // What a former supervisor ordered is answered to this one, and is no answer of ours.
    supervisor->stop(false);
    turns();
    worker::Report late;
    late.set_id(worker(0).orders.back().id() & 0xffff'ffff'ffffU);
    late.mutable_done();
    worker(0).say(late);
    worker(0).end();
    turns();
    EXPECT_THAT(logged(), HasSubstr("ERROR MAIN\tworker 40 (pid 1040) ended")) << "it was not expected";
}

TEST_F(WorkersTest, what_a_worker_tells_unasked_is_logged_where_that_is_wanted) {
    ASSERT_TRUE(log.set_filter("debug"));
    start();
    worker::Report report;
    report.set_id(0);
    report.mutable_event()->set_kind(command::BACKEND_DOWN);
    report.mutable_event()->set_cluster_id("shop");
    report.mutable_event()->set_backend_id("shop-1");
    worker(1).say(report);
    turns();
    EXPECT_THAT(logged(), HasSubstr("worker 1: BACKEND_DOWN shop shop-1"));
    EXPECT_FALSE(worker(1).killed);
}

TEST_F(WorkersTest, descriptors_that_nobody_expects_are_closed) {
    start();
    worker::Report report;
    report.set_id(12'345);
    report.mutable_done();
    int pipes[2];
    ASSERT_EQ(::pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
    const UniqueFd reading(pipes[0]);
    std::vector<UniqueFd> fds;
    fds.emplace_back(pipes[1]);
    report.set_descriptors(1);
    worker(1).say(report, std::move(fds));
    turns();
    char byte = 0;
    EXPECT_EQ(::read(reading.get(), &byte, 1), 0) << "nobody has the other end any more";
    EXPECT_FALSE(worker(1).killed);
}

TEST_F(WorkersTest, who_sends_descriptors_that_it_does_not_name_is_killed_when_they_are_too_many) {
    start();
    worker::Report report;
    report.set_id(12'345);
    report.mutable_done();
    for (int times = 0; times < 4; ++times) {
        std::vector<UniqueFd> fds;
        for (size_t n = 0; n < command::Channel::max_fds_per_write; ++n) fds.emplace_back(::dup(log_target.get()));
        worker(1).say(report, std::move(fds));
    }
    turns();
    EXPECT_TRUE(worker(1).killed);
    EXPECT_FALSE(worker(0).killed);
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
    EXPECT_TRUE(worker(0).orders.back().has_stop());
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
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
    std::string answer;
    supervisor->stop(false, [&](const command::Response& response) { answer = response.message(); });
    turns();
    EXPECT_FALSE(accepts(address)) << "the played workers hold no copies";
    worker(0).answer_late(Kind::kDrain);
    pass(std::chrono::hours(1));
    EXPECT_EQ(answer, "");
    EXPECT_FALSE(worker(1).killed);
    worker(1).answer_late(Kind::kDrain);
    turns();
    EXPECT_NE(answer, "");
    EXPECT_EQ(launcher.workers.size(), 2U) << "nobody is replaced";
}

TEST_F(WorkersTest, that_stop_softly_let_a_successor_start_when_nobody_has_a_socket_any_more) {
    start_listening();
    bool released = false;
    supervisor->on_released = [&] { released = true; };
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
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
    worker(0).silent_about = {Kind::kDrain};
    worker(1).silent_about = {Kind::kUnassign, Kind::kDrain};
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
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
    supervisor->stop(false);
    pass(std::chrono::seconds(59));
    EXPECT_TRUE(worker(0).orders.back().has_drain());
    pass(std::chrono::seconds(2));
    EXPECT_TRUE(worker(0).orders.back().has_stop());
}

TEST_F(WorkersTest, whoever_asks_for_a_soft_stop_may_name_its_deadline) {
    settings.soft_stop_limit = std::chrono::seconds(60);
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
    supervisor->stop(false, nullptr, Duration::zero());
    turns();
    pass(std::chrono::hours(1));
    EXPECT_EQ(worker(0).count(Kind::kStop), 0U);
}

TEST_F(WorkersTest, one_whose_loop_does_not_turn_is_replaced_though_nobody_wants_anything_of_it) {
    start();
    worker(0).silent_about = {Kind::kStatus};
    pass(settings.workers.answer_timeout);
    EXPECT_FALSE(worker(0).killed);
    EXPECT_EQ(worker(0).count(Kind::kStatus), 1U) << "it owes an answer already";
    pass(settings.workers.answer_timeout);
    EXPECT_TRUE(worker(0).killed);
    EXPECT_THAT(logged(), HasSubstr("it does not answer (status, "));
    EXPECT_FALSE(worker(1).killed);
}

TEST_F(WorkersTest, who_hangs_on_its_way_out_is_killed) {
    start();
    worker(0).ends_late = true;
    worker(0).silent_about = {Kind::kDrain};
    supervisor->stop(false);
    turns();
    worker(0).answer_late(Kind::kDrain);
    worker(0).end();
    turns();
    pass(settings.workers.answer_timeout - std::chrono::seconds(1));
    EXPECT_FALSE(worker(0).killed);
    pass(std::chrono::seconds(2));
    EXPECT_TRUE(worker(0).killed);
    EXPECT_THAT(logged(), HasSubstr("is killed: it does not end"));
}

TEST_F(WorkersTest, a_soft_stop_can_become_a_hard_one) {
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain, Kind::kStop};
    bool stopped = false;
    supervisor->stop(false);
    turns();
    supervisor->stop(true, [&](const command::Response&) { stopped = true; });
    turns();
    EXPECT_TRUE(worker(0).orders.back().has_stop());
    worker(0).answer_late(Kind::kStop);
    EXPECT_FALSE(stopped);
    pass(settings.workers.answer_timeout + std::chrono::milliseconds(1));
    EXPECT_TRUE(worker(1).killed) << "who does not even stop hard is killed";
    EXPECT_TRUE(stopped);
}

TEST_F(WorkersTest, a_worker_that_dies_while_stopping_is_not_waited_for) {
    start();
    for (const size_t id : {0U, 1U}) worker(id).silent_about = {Kind::kDrain};
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
    worker(0).silent_about = {Kind::kPrepare, Kind::kDrain};
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
    worker(0).silent_about = {Kind::kDrain};
    supervisor->stop(false);
    submit(add_cluster("shop"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("it is stopping"));
}

}  // namespace
}  // namespace seki::supervisor
