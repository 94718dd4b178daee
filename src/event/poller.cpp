#include "event/poller.h"

#include <time.h>

#include <cerrno>

#include "base/check.h"

namespace seki {

EpollPoller::EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { SEKI_CHECK(epoll_.valid()); }

Result<> EpollPoller::add(int fd, uint32_t events, uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return failure("cannot watch descriptor {}: {}", fd, system_error(errno));
}

void EpollPoller::remove(int fd) { SEKI_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0); }

std::span<const Poller::Event> EpollPoller::wait(Duration timeout) {
    int count = 0;
    if (timeout == Duration::max()) {
        count = epoll_wait(epoll_.get(), raw_, batch, -1);
    } else if (timeout <= Duration::zero()) {
        count = epoll_wait(epoll_.get(), raw_, batch, 0);
    } else {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        const timespec limit{seconds.count(), (timeout - seconds).count()};
        count = epoll_pwait2(epoll_.get(), raw_, batch, &limit, nullptr);
    }
    if (count < 0) {
        SEKI_CHECK(errno == EINTR);
        count = 0;
    }
    for (int i = 0; i < count; ++i) events_[i] = Event{raw_[i].events, raw_[i].data.u64};
    return {events_, static_cast<size_t>(count)};
}

}  // namespace seki
