#include "net/acceptor.h"

#include <cerrno>
#include <sys/socket.h>

#include "base/check.h"

namespace seki::net {

Acceptor::Acceptor(EventLoop& loop, UniqueFd socket, OnAccept on_accept, OnExhausted on_exhausted)
    : loop_(loop),
      socket_(std::move(socket)),
      on_accept_(std::move(on_accept)),
      on_exhausted_(std::move(on_exhausted)) {}

Acceptor::~Acceptor() { unwatch(); }

void Acceptor::pause() {
    paused_ = true;
    loop_.timers().cancel(*this);
    unwatch();
}

void Acceptor::resume() {
    if (!paused_) return;
    paused_ = false;
    watch();
}

void Acceptor::drain() {
    for (int i = 0; i < longest_queue && !paused_; ++i) {
        if (!accept_one()) return;
    }
}

void Acceptor::watch() {
    if (watch_.valid()) return;
    auto watched = loop_.watch(socket_.get(), EPOLLIN, *this, EventLoop::Order::normal);
    if (watched) {
        watch_ = *watched;
        return;
    }
    on_exhausted_(ENOMEM);
    loop_.timers().arm(*this, loop_.now() + exhausted_pause);
}

void Acceptor::unwatch() {
    if (!watch_.valid()) return;
    loop_.unwatch(socket_.get(), watch_);
    watch_ = WatchId{};
}

void Acceptor::on_timer() {
    if (!paused_) watch();
}

void Acceptor::on_event(uint32_t /*events*/) {
    if (!has_room()) return;
    batch_ended_ = false;
    for (int i = 0; i < batch && watch_.valid() && !batch_ended_; ++i) {
        if (!accept_one()) return;
    }
}

bool Acceptor::has_room() {
    const Room room = gate_ ? gate_() : Room::there;
    if (room == Room::later) rest();
    return room == Room::there;
}

void Acceptor::rest() {
    unwatch();
    loop_.timers().arm(*this, loop_.now() + exhausted_pause);
}

// False when there is nothing more to accept for now.
bool Acceptor::accept_one() {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    UniqueFd client(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.valid()) {
        if (const auto peer = SocketAddress::from_kernel(from)) on_accept_(std::move(client), *peer);
        return true;
    }
    switch (errno) {
        case EAGAIN:
            return false;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            on_exhausted_(errno);
            rest();
            return false;
        default:
            // The client was gone before it was accepted, or a network error of that one connection (accept(2)).
            return true;
    }
}

}  // namespace seki::net
