#pragma once

// Writes out the logs of a process at the end of each turn of its loop, and sees to it that there is a turn as long as
// something waits: a target that was slow or gone gets what it missed also when nothing else happens.

#include <vector>

#include "event/event_loop.h"
#include "event/timer_wheel.h"
#include "observe/log_sink.h"

namespace seki::observe {

class LogFlusher final : private Timer {
public:
    // `loop` outlives it.
    explicit LogFlusher(EventLoop& loop) : loop_(loop) {}
    LogFlusher(const LogFlusher&) = delete;
    LogFlusher& operator=(const LogFlusher&) = delete;
    ~LogFlusher() override { loop_.timers().cancel(*this); }

    // From now on the loop calls it, as long as it turns: after all who asked to be called before, whose lines are
    // written then, too.
    void begin() {
        loop_.at_end_of_turn([this] { flush(); });
    }
    // `sink` outlives all turns of the loop.
    void add(LogSink& sink) { sinks_.push_back(&sink); }
    [[nodiscard]] const std::vector<LogSink*>& sinks() const noexcept { return sinks_; }
    [[nodiscard]] uint64_t lost_lines() const noexcept {
        uint64_t lost = 0;
        for (const LogSink* sink : sinks_) lost += sink->lost_lines();
        return lost;
    }
    // Of the first that cannot be opened again; the others are.
    Result<> reopen() {
        Result<> outcome;
        for (LogSink* sink : sinks_) {
            auto opened = sink->reopen(loop_.wall());
            if (outcome) outcome = std::move(opened);
        }
        return outcome;
    }

private:
    static constexpr Duration shortest_wait = std::chrono::milliseconds(10);

    void on_timer() override {}
    void flush() {
        Duration wait = Duration::max();
        for (LogSink* sink : sinks_) {
            sink->flush(loop_.wall());
            if (sink->pending_bytes() != 0) wait = std::min(wait, std::max(sink->retry_after(), shortest_wait));
        }
        if (wait != Duration::max() && !armed()) loop_.timers().arm(*this, loop_.now() + wait);
    }

    EventLoop& loop_;
    std::vector<LogSink*> sinks_;
};

}  // namespace seki::observe
