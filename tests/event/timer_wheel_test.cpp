#include "event/timer_wheel.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "base/random.h"

namespace seki {
namespace {

using namespace std::chrono_literals;

struct Probe final : Timer {
    std::function<void()> action = [] {};
    int fired = 0;
    void on_timer() override {
        ++fired;
        action();
    }
};

struct Wheel : ::testing::Test {
    Monotonic now{Monotonic(1h)};
    TimerWheel wheel{now};
    void advance(Duration by) {
        now += by;
        wheel.advance(now);
    }
};

TEST_F(Wheel, a_timer_fires_at_its_deadline_and_not_a_nanosecond_earlier) {
    for (const Duration after : {Duration(1ms), Duration(255ms), Duration(256ms), Duration(257ms), Duration(30s),
                                 Duration(65536ms), Duration(3h), Duration(40h)}) {
        Probe probe;
        wheel.arm(probe, now + after);
        advance(after - 1ns);
        EXPECT_EQ(probe.fired, 0) << after.count();
        advance(1ns);
        EXPECT_EQ(probe.fired, 1) << after.count();
        EXPECT_FALSE(probe.armed());
    }
}

TEST_F(Wheel, a_deadline_that_moves_later_is_honoured_and_one_that_moves_earlier_too) {
    Probe probe;
    wheel.arm(probe, now + 10s);
    wheel.arm(probe, now + 20s);
    advance(19s);
    EXPECT_EQ(probe.fired, 0);
    wheel.arm(probe, now + 10ms);
    advance(10ms);
    EXPECT_EQ(probe.fired, 1);
}

TEST_F(Wheel, a_cancelled_or_destroyed_timer_does_not_fire) {
    Probe cancelled;
    wheel.arm(cancelled, now + 1s);
    {
        Probe destroyed;
        wheel.arm(destroyed, now + 1s);
    }
    wheel.cancel(cancelled);
    advance(2s);
    EXPECT_EQ(cancelled.fired, 0);
    EXPECT_EQ(wheel.until_next(now), Duration::max());
}

TEST_F(Wheel, a_timer_that_arms_itself_again_for_now_does_not_keep_the_wheel_from_returning) {
    Probe probe;
    probe.action = [&] { wheel.arm(probe, now); };
    wheel.arm(probe, now + 5ms);
    advance(5ms);
    EXPECT_EQ(probe.fired, 1);
    advance(1ms);
    EXPECT_EQ(probe.fired, 2);
}

TEST_F(Wheel, a_handler_may_cancel_and_destroy_timers_of_the_same_tick) {
    std::vector<std::unique_ptr<Probe>> probes;
    for (int i = 0; i < 3; ++i) probes.push_back(std::make_unique<Probe>());
    int fired = 0;
    for (auto& probe : probes) {
        probe->action = [&] {
            ++fired;
            for (auto& other : probes) {
                if (other && other->armed()) other.reset();
            }
        };
        wheel.arm(*probe, now + 5ms);
    }
    advance(5ms);
    EXPECT_EQ(fired, 1);
}

TEST_F(Wheel, random_timers_fire_once_in_time_and_the_loop_never_oversleeps) {
    for (const uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        SCOPED_TRACE(seed);
        Random random(seed);
        std::vector<std::unique_ptr<Probe>> probes;
        std::vector<Monotonic> deadlines(200);
        for (size_t i = 0; i < deadlines.size(); ++i) probes.push_back(std::make_unique<Probe>());
        for (int i = 0; i < 400; ++i) {
            const uint32_t which = random.below(200);
            deadlines[which] = now + 1us * random.below(200'000'000);
            wheel.arm(*probes[which], deadlines[which]);
        }
        while (wheel.until_next(now) != Duration::max()) {
            const Duration late = random.below(4) == 0 ? Duration(1us) * random.below(100'000) : Duration::zero();
            advance(std::max(wheel.until_next(now), Duration(1ns)) + late);
            for (size_t i = 0; i < probes.size(); ++i) {
                const bool early = deadlines[i] > now;
                const bool due = !early && deadlines[i] + 1ms <= now && deadlines[i] != Monotonic();
                ASSERT_FALSE(early && probes[i]->fired != 0);
                ASSERT_FALSE(due && probes[i]->fired != 1);
            }
        }
    }
}

}  // namespace
}  // namespace seki
