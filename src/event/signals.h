#pragma once

// Signals as events of the loop (signalfd(2)): they are blocked for the whole process and read in a turn like
// everything else.
//
// What a signal does to a process that has not heard of it is to end it. A server must not go down because a script
// that was written for another one sends it SIGUSR2: those that mean nothing here are either watched, to leave a line,
// or ignored.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "event/event_loop.h"

namespace seki {

// One that came, and from whom.
struct ReceivedSignal {
    int number = 0;
    pid_t sender = 0;  // 0: the kernel, for a terminal, say
    uid_t user = 0;    // the sender's

    [[nodiscard]] std::string name() const;  // "SIGHUP"
    // "SIGHUP by uid 0, pid 4242"
    [[nodiscard]] std::string text() const;
};

class Signals final : private EventHandler {
public:
    using OnSignal = std::function<void(const ReceivedSignal&)>;

    // Blocks the signals and watches them; `on_signal` hears of each in a turn of the loop.
    static Result<std::unique_ptr<Signals>> watch(EventLoop& loop, std::span<const int> numbers, OnSignal on_signal);
    ~Signals() override;

private:
    Signals(EventLoop& loop, UniqueFd fd, OnSignal on_signal);
    void on_event(uint32_t events) override;

    EventLoop& loop_;
    UniqueFd fd_;
    WatchId watch_;
    OnSignal on_signal_;
};

// Those that end a process by default and that others send for reasons which do not concern us. Not those that the
// kernel sends for a fault (SIGSEGV, SIGABRT, …), nor SIGXCPU: a limit of time is meant to end who exceeds it.
[[nodiscard]] std::vector<int> meaningless_signals();

void ignore_signals(std::span<const int> numbers) noexcept;

// A write to a peer that is gone, and one to a file that may not grow, are errors and not deaths.
void ignore_failing_writes() noexcept;

}  // namespace seki
