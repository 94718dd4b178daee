#pragma once

// Signals as events of the loop (signalfd(2)): they are blocked for the whole process and read in a turn like
// everything else.

#include <functional>
#include <initializer_list>

#include "base/result.h"
#include "event/event_loop.h"

namespace seki {

class Signals final : private EventHandler {
public:
    // Blocks the signals and watches them; `on_signal` gets the number of each, in a turn of the loop.
    static Result<std::unique_ptr<Signals>> watch(EventLoop& loop, std::initializer_list<int> numbers,
                                                  std::function<void(int)> on_signal);
    ~Signals() override;

private:
    Signals(EventLoop& loop, UniqueFd fd, std::function<void(int)> on_signal);
    void on_event(uint32_t events) override;

    EventLoop& loop_;
    UniqueFd fd_;
    WatchId watch_;
    std::function<void(int)> on_signal_;
};

// Writes to a peer that is gone are errors, not deaths.
void ignore_broken_pipes();

}  // namespace seki
