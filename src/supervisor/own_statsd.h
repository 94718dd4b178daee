#pragma once

// The supervisor's own figures on their way to statsd, as observe/statsd.h has those of a worker on theirs.

#include <cstdint>
#include <map>
#include <string>

#include "event/event_loop.h"
#include "event/timer_wheel.h"
#include "observe/statsd_output.h"
#include "supervisor/own_figures.h"

namespace seki::supervisor {

class OwnStatsd final : private Timer {
public:
    // `loop` and `figures` outlive it.
    OwnStatsd(EventLoop& loop, OwnFigures& figures, observe::StatsdOutput::Settings settings);
    OwnStatsd(const OwnStatsd&) = delete;
    OwnStatsd& operator=(const OwnStatsd&) = delete;
    ~OwnStatsd() override;

    // These are told already, by a former supervisor.
    void go_on_from(const std::map<std::string, uint64_t, std::less<>>& counters) { told_ = counters; }
    // False: the kernel did not take all of it. What is left is a part of what is told next.
    bool tell();

private:
    void on_timer() override;
    void keep_debts();

    EventLoop& loop_;
    OwnFigures& figures_;
    observe::StatsdOutput output_;
    std::map<std::string, uint64_t, std::less<>> told_;
};

}  // namespace seki::supervisor
