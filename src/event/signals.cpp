#include "event/signals.h"

#include <cerrno>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace seki {

Result<std::unique_ptr<Signals>> Signals::watch(EventLoop& loop, std::initializer_list<int> numbers,
                                                std::function<void(int)> on_signal) {
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

Signals::Signals(EventLoop& loop, UniqueFd fd, std::function<void(int)> on_signal)
    : loop_(loop), fd_(std::move(fd)), on_signal_(std::move(on_signal)) {}

Signals::~Signals() {
    if (watch_.valid()) loop_.unwatch(fd_.get(), watch_);
}

void Signals::on_event(uint32_t /*events*/) {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
}

void ignore_broken_pipes() { signal(SIGPIPE, SIG_IGN); }

}  // namespace seki
