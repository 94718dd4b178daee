#include "worker/lifeline.h"

#include <cerrno>
#include <unistd.h>

namespace seki::worker {

using observe::Module;

bool may_adopt(const ucred& peer, uid_t own) noexcept { return peer.uid == own || peer.uid == 0; }

Lifeline::~Lifeline() {
    loop_.timers().cancel(*this);
    stop_watching();
}

void Lifeline::wait() {
    state_ = State::waiting;
    loop_.timers().cancel(*this);
    if (watch_.valid()) return;
    auto watched = loop_.watch(socket_.get(), EPOLLIN, *this, EventLoop::Order::normal);
    if (!watched) return try_later(watched.error().message);
    watch_ = *watched;
}

void Lifeline::adopted() {
    state_ = State::at_rest;
    loop_.timers().cancel(*this);
}

void Lifeline::on_event(uint32_t /*events*/) {
    UniqueFd adopter(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!adopter.valid()) {
        const bool passing = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
        return passing ? void() : try_later(system_error(errno));
    }
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(adopter.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (!known || !may_adopt(peer, ::geteuid()))
        return log_.warn(Module::worker, "uid {}, pid {} may not adopt this worker", peer.uid, peer.pid);
    stop_watching();
    state_ = State::asking;
    loop_.timers().arm(*this, loop_.now() + patience);
    owner_.on_adopter(std::move(adopter));
}

void Lifeline::on_timer() {
    if (state_ == State::asking) return owner_.on_silent_adopter();
    wait();
}

void Lifeline::try_later(const std::string& why) {
    log_.error(Module::worker, "no supervisor can adopt this worker now: {}; trying again", why);
    stop_watching();
    loop_.timers().arm(*this, loop_.now() + exhausted_pause);
}

void Lifeline::stop_watching() {
    if (watch_.valid()) loop_.unwatch(socket_.get(), watch_);
    watch_ = WatchId{};
}

}  // namespace seki::worker
