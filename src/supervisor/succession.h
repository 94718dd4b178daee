#pragma once

// Replaces workers, one after another: each gives its connections to its successor, and ends. One that cannot be
// replaced is tried again, and after the last attempt ends with its last session.

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Succession final : private Timer {
public:
    static constexpr int most_attempts = 3;
    static constexpr Duration next_attempt = std::chrono::seconds(1);

    struct Sum {
        uint32_t replaced = 0;
        uint32_t moved = 0;    // connections
        uint32_t staying = 0;  // likewise
    };
    struct Settings {
        std::vector<uint32_t> workers;
        // Not one could be replaced so far, and why: whether that is the end of it, and `on_done` is not called.
        std::function<bool(const std::string& why)> gives_up;
        // Also when the server stops meanwhile.
        std::function<void(const Sum& sum)> on_done;
    };

    // All outlive this.
    Succession(EventLoop& loop, observe::Log& log, Workers& workers) : loop_(loop), log_(log), workers_(workers) {}
    ~Succession() override { loop_.timers().cancel(*this); }

    // In a turn to come.
    void begin(Settings settings);

private:
    void on_timer() override { replace_next(); }
    void replace_next();
    void replaced(Result<Workers::Replaced> outcome);
    void cannot_replace(const std::string& reason);

    EventLoop& loop_;
    observe::Log& log_;
    Workers& workers_;
    Settings settings_;
    std::deque<uint32_t> to_replace_;
    int attempts_ = 0;  // to replace the first of them
    Sum sum_;
};

}  // namespace seki::supervisor
