#include "event/signals.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace seki {

std::string ReceivedSignal::name() const {
    const char* abbreviation = sigabbrev_np(number);
    if (abbreviation != nullptr) return fmt::format("SIG{}", abbreviation);
    return number >= SIGRTMIN ? fmt::format("SIGRTMIN+{}", number - SIGRTMIN) : fmt::format("signal {}", number);
}

std::string ReceivedSignal::text() const {
    return sender == 0 ? name() : fmt::format("{} by uid {}, pid {}", name(), user, sender);
}

Result<std::unique_ptr<Signals>> Signals::watch(EventLoop& loop, std::span<const int> numbers, OnSignal on_signal) {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers) sigaddset(&set, number);
    SEKI_CHECK(sigprocmask(SIG_BLOCK, &set, nullptr) == 0);
    UniqueFd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd.valid()) return failure("signalfd: {}", system_error(errno));
    std::unique_ptr<Signals> signals(new Signals(loop, std::move(fd), std::move(on_signal)));
    auto watched = loop.watch(signals->fd_.get(), EPOLLIN, *signals, EventLoop::Order::normal);
    if (!watched) return std::unexpected(watched.error());
    signals->watch_ = *watched;
    return signals;
}

Signals::Signals(EventLoop& loop, UniqueFd fd, OnSignal on_signal)
    : loop_(loop), fd_(std::move(fd)), on_signal_(std::move(on_signal)) {}

Signals::~Signals() {
    if (watch_.valid()) loop_.unwatch(fd_.get(), watch_);
}

void Signals::on_event(uint32_t /*events*/) {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
        on_signal_({static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid), info.ssi_uid});
    }
}

std::vector<int> meaningless_signals() {
    std::vector<int> numbers{SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT};
    // The C library keeps some for itself, so the first one is no constant.
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) numbers.push_back(number);
    return numbers;
}

void ignore_signals(std::span<const int> numbers) noexcept {
    for (const int number : numbers) ::signal(number, SIG_IGN);
}

void ignore_failing_writes() noexcept {
    const int numbers[] = {SIGPIPE, SIGXFSZ};
    ignore_signals(numbers);
}

}  // namespace seki
