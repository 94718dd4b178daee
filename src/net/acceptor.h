#pragma once

// Accepts from one listening socket. The descriptor is a copy of one that the supervisor keeps, and another worker may
// hold a copy too: it leaves epoll before it is closed, and it is never shut down. Level-triggered, so that a bounded
// batch per event loses nothing. pause() and resume() are how the worker says that it has no room: who waits stays in
// the kernel's queue.

#include <functional>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "net/address.h"

namespace seki::net {

class Acceptor final : private EventHandler, private Timer {
public:
    static constexpr int longest_queue = 65535;
    static constexpr int batch = 32;  // connections taken per event, so that those already here get their turn too
    // After EMFILE, ENFILE or ENOMEM: how long to leave the queue alone. Trying at once would only burn the processor.
    static constexpr Duration exhausted_pause = std::chrono::milliseconds(100);

    using OnAccept = std::function<void(UniqueFd, const SocketAddress& peer)>;
    using OnExhausted = std::function<void(int error)>;
    enum class Room : uint8_t {
        there,
        soon,   // by the end of this turn
        later,  // nobody knows when: ask again after `exhausted_pause`
    };
    using Gate = std::function<Room()>;

    // `on_accept` may pause() this acceptor; it then gets no more of the batch.
    Acceptor(EventLoop& loop, UniqueFd socket, OnAccept on_accept, OnExhausted on_exhausted);
    ~Acceptor() override;

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    // Asked whether there is room, when somebody waits; whoever fills the last place ends the batch.
    void set_gate(Gate gate) { gate_ = std::move(gate); }
    void end_batch() noexcept { batch_ended_ = true; }
    void pause();
    void resume();
    // Takes everybody who waits now, at once: for the last owner of a socket, before it goes. Who comes meanwhile is
    // taken too, up to as many as the longest queue that a kernel allows.
    void drain();

private:
    void on_event(uint32_t events) override;
    void on_timer() override;
    bool accept_one();
    bool has_room();
    void rest();
    void watch();
    void unwatch();

    EventLoop& loop_;
    UniqueFd socket_;
    OnAccept on_accept_;
    OnExhausted on_exhausted_;
    Gate gate_;
    WatchId watch_;
    bool paused_ = true;
    bool batch_ended_ = false;
};

}  // namespace seki::net
