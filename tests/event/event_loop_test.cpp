#include "event/event_loop.h"

#include <array>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <signal.h>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "base/few_descriptors.h"
#include "event/signals.h"

namespace seki {
namespace {

struct Handler final : EventHandler {
    std::function<void(uint32_t)> action;
    void on_event(uint32_t events) override { action(events); }
};

struct Task final : Runnable {
    std::function<void()> action;
    void run() override { action(); }
};

struct Loop : ::testing::Test {
    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    std::string order;
};

TEST_F(Loop, handlers_that_asked_to_be_first_get_their_events_before_the_others) {
    UniqueFd late(eventfd(1, 0));
    UniqueFd early(eventfd(1, 0));
    Handler late_handler;
    late_handler.action = [&](uint32_t) { order += "b"; };
    Handler early_handler;
    early_handler.action = [&](uint32_t) { order += "a"; };
    const auto late_watch = loop.watch(late.get(), EPOLLIN | EPOLLET, late_handler, EventLoop::Order::normal);
    const auto early_watch = loop.watch(early.get(), EPOLLIN | EPOLLET, early_handler, EventLoop::Order::first);
    loop.turn();
    EXPECT_EQ(order, "ab");
    loop.unwatch(late.get(), *late_watch);
    loop.unwatch(early.get(), *early_watch);
}

TEST_F(Loop, an_event_for_a_watch_that_went_in_the_same_turn_is_ignored) {
    UniqueFd one(eventfd(1, 0));
    UniqueFd two(eventfd(1, 0));
    Handler first;
    Handler second;
    Result<WatchId> first_watch;
    Result<WatchId> second_watch;
    int calls = 0;
    first.action = [&](uint32_t) {
        ++calls;
        loop.unwatch(two.get(), *second_watch);
    };
    second.action = [&](uint32_t) {
        ++calls;
        loop.unwatch(one.get(), *first_watch);
    };
    first_watch = loop.watch(one.get(), EPOLLIN, first, EventLoop::Order::normal);
    second_watch = loop.watch(two.get(), EPOLLIN, second, EventLoop::Order::normal);
    loop.turn();
    EXPECT_EQ(calls, 1);
}

TEST_F(Loop, who_is_scheduled_while_the_ready_list_runs_waits_for_the_next_turn) {
    Task task;
    int runs = 0;
    task.action = [&] {
        ++runs;
        loop.schedule(task);
    };
    loop.schedule(task);
    loop.schedule(task);
    loop.turn();
    EXPECT_EQ(runs, 1);
    loop.turn();
    EXPECT_EQ(runs, 2);
}

TEST_F(Loop, a_runnable_that_goes_leaves_the_ready_list) {
    Task stays;
    stays.action = [&] { order += "s"; };
    {
        Task goes;
        loop.schedule(goes);
    }
    loop.schedule(stays);
    {
        Task goes;
        loop.schedule(goes);
    }
    Task last;
    last.action = [&] { order += "l"; };
    loop.schedule(last);
    loop.turn();
    EXPECT_EQ(order, "sl");
}

TEST_F(Loop, deferred_deletes_run_at_the_end_of_the_turn_after_the_hooks) {
    struct Deferred final : DeferredDeletable {
        explicit Deferred(std::string& order_) : order(order_) {}
        ~Deferred() override { order += "burial "; }
        std::string& order;
    };
    Task task;
    task.action = [&] {
        loop.deferred_delete(std::make_unique<Deferred>(order));
        order += "death ";
    };
    loop.at_end_of_turn([&] { order += "hook "; });
    loop.schedule(task);
    loop.turn();
    EXPECT_EQ(order, "death hook burial ");
}

TEST(EpollPoller, that_the_system_has_no_descriptor_for_refuses_to_watch) {
    const UniqueFd something(eventfd(1, EFD_CLOEXEC));
    const FewDescriptors none(0);
    EpollPoller poller;
    EXPECT_FALSE(poller.add(something.get(), EPOLLIN, 1));
    EXPECT_TRUE(poller.wait(Duration::zero()).empty());
}

TEST_F(Loop, signals_arrive_as_events) {
    std::string seen;
    auto signals = Signals::watch(loop, std::array{SIGUSR1, SIGRTMIN + 2},
                                  [&](const ReceivedSignal& signal) { seen += signal.text() + "\n"; });
    ASSERT_TRUE(signals.has_value());
    raise(SIGUSR1);
    raise(SIGRTMIN + 2);
    loop.turn();
    const std::string by = fmt::format(" by uid {}, pid {}\n", getuid(), getpid());
    EXPECT_EQ(seen, "SIGUSR1" + by + "SIGRTMIN+2" + by);
}

}  // namespace
}  // namespace seki
