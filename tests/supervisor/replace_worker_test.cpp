// A worker takes the place of another that serves.

#include "supervisor/scene.h"

namespace seki::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ReplaceWorkerTest : Scene {
    const SocketAddress address = free_address();
    std::vector<std::string> told;

    void begin() { start({checked(add_listener(address)), checked(activate(address))}); }
    void replace(uint32_t id) {
        supervisor->workers().replace(id, [this](const Result<Workers::Replaced>& outcome) {
            told.push_back(outcome ? fmt::format("worker {}", outcome->successor) : outcome.error().message);
        });
        turns();
    }
    std::vector<uint32_t> slots(size_t id) { return worker(id).slots_of(address.text()); }
};

TEST_F(ReplaceWorkerTest, the_successor_serves_before_the_old_one_lets_go_and_ends) {
    begin();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    replace(0);
    ASSERT_EQ(launcher.workers.size(), 3U);
    EXPECT_THAT(slots(0), ElementsAre(0)) << "the successor does not serve yet";
    EXPECT_EQ(worker(0).count(Kind::kHandOver), 0U);
    worker(2).answer_late(Kind::kServe);
    turns();
    EXPECT_THAT(slots(0), IsEmpty());
    EXPECT_THAT(slots(2), ElementsAre(0));
    EXPECT_EQ(worker(2).count(Kind::kTakeOver), 1U);
    EXPECT_EQ(worker(0).count(Kind::kHandOver), 1U);
    EXPECT_EQ(worker(0).count(Kind::kDrain), 1U);
    EXPECT_THAT(told, ElementsAre("worker 2"));
    EXPECT_FALSE(worker(0).killed);
    pass(std::chrono::seconds(20));
    EXPECT_EQ(launcher.workers.size(), 3U) << "nobody replaces who was replaced";
    launcher.on_launch = [](PlayedWorker&) {};
    replace(2);
    EXPECT_EQ(told.back(), "worker 3");
}

TEST_F(ReplaceWorkerTest, a_successor_that_dies_before_it_serves_leaves_all_as_it_was) {
    begin();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    replace(0);
    worker(2).end();
    turns();
    EXPECT_THAT(told, ElementsAre(HasSubstr("its successor, worker 2, ended as the test wanted")));
    EXPECT_THAT(slots(0), ElementsAre(0));
    EXPECT_EQ(worker(0).count(Kind::kHandOver), 0U);
    pass(std::chrono::seconds(20));
    EXPECT_EQ(launcher.workers.size(), 3U) << "the old one serves";
    submit(add_cluster("later"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
}

TEST_F(ReplaceWorkerTest, an_old_one_that_hangs_while_its_connections_move_is_killed_like_any_other) {
    begin();
    worker(0).silent_about = {Kind::kHandOver, Kind::kDrain};
    replace(0);
    pass(settings.workers.answer_timeout);
    pass(settings.workers.answer_timeout);
    EXPECT_FALSE(worker(0).killed) << "it answers other orders";
    EXPECT_THAT(told, IsEmpty());
    worker(0).silent_about.insert(Kind::kStatus);
    pass(settings.workers.answer_timeout);
    pass(settings.workers.answer_timeout);
    EXPECT_TRUE(worker(0).killed);
    EXPECT_THAT(told, ElementsAre("worker 2"));
}

TEST_F(ReplaceWorkerTest, an_old_one_that_dies_meanwhile_has_nothing_to_give) {
    begin();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    replace(0);
    worker(0).end();
    turns();
    worker(2).answer_late(Kind::kServe);
    turns();
    EXPECT_THAT(told, ElementsAre("worker 2"));
    EXPECT_THAT(slots(2), ElementsAre(0));
    EXPECT_EQ(launcher.workers.size(), 3U);
}

TEST_F(ReplaceWorkerTest, an_old_one_that_ends_late_hears_of_changes_and_is_not_replaced_when_it_dies) {
    begin();
    worker(0).silent_about = {Kind::kDrain, Kind::kHandOver};
    replace(0);
    EXPECT_THAT(told, IsEmpty());
    submit(add_cluster("later"));
    turns();
    EXPECT_THAT(outcomes, ElementsAre("OK"));
    EXPECT_EQ(worker(0).count(Kind::kPrepare), 1U);
    worker(0).end();
    pass(std::chrono::seconds(20));
    EXPECT_THAT(told, ElementsAre("worker 2"));
    EXPECT_EQ(launcher.workers.size(), 3U);
}

TEST_F(ReplaceWorkerTest, a_successor_that_dies_later_is_replaced_like_any_worker) {
    begin();
    worker(0).silent_about = {Kind::kDrain};
    replace(0);
    lose(2);
    EXPECT_EQ(launcher.workers.size(), 4U);
    EXPECT_THAT(slots(3), ElementsAre(0));
}

TEST_F(ReplaceWorkerTest, who_does_not_serve_or_is_being_replaced_cannot_be) {
    begin();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    replace(7);
    replace(0);
    replace(0);
    replace(2);
    EXPECT_THAT(told, ElementsAre("there is no worker 7 that serves", "worker 0 is being replaced already",
                                  "there is no worker 2 that serves"));
}

TEST_F(ReplaceWorkerTest, a_stop_meanwhile_ends_all) {
    begin();
    launcher.on_launch = [](PlayedWorker& worker) { worker.silent_about = {Kind::kServe}; };
    replace(0);
    supervisor->stop(false);
    turns();
    EXPECT_THAT(told, ElementsAre(HasSubstr("its successor, worker 2")));
    replace(1);
    EXPECT_EQ(told.back(), "the server is stopping");
}

}  // namespace
}  // namespace seki::supervisor
