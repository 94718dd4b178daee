#include "event/poller.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/check.h"

namespace seki {

namespace {

// For epoll_wait: rounded up, so that a timer is due when the wait for it is over; -1 is for ever.
int milliseconds_up(Duration timeout) noexcept {
    if (timeout == Duration::max()) return -1;
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    return static_cast<int>(std::clamp<int64_t>(milliseconds, 0, INT_MAX));
}

}  // namespace

// Where the system has no descriptor or no memory for it, nothing can be watched, and each try says so.
EpollPoller::EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

Result<> EpollPoller::add(int fd, uint32_t events, uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (!epoll_.valid()) return failure("cannot watch descriptor {}: there was no epoll instance to be had", fd);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return failure("cannot watch descriptor {}: {}", fd, system_error(errno));
}

void EpollPoller::remove(int fd) { SEKI_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0); }

std::span<const Poller::Event> EpollPoller::wait(Duration timeout) {
    if (!epoll_.valid()) return {};
    int count = epoll_wait(epoll_.get(), raw_, batch, milliseconds_up(timeout));
    if (count < 0) {
        SEKI_CHECK(errno == EINTR);
        count = 0;
    }
    for (int i = 0; i < count; ++i) events_[i] = Event{raw_[i].events, raw_[i].data.u64};
    return {events_, static_cast<size_t>(count)};
}

}  // namespace seki
