#pragma once

// How a worker is found when its supervisor has died: a listening socket of the UNIX family beside the command socket,
// which it got with Hello and leaves alone as long as it has a supervisor. Then it waits there for another one, who has
// to be of the same user or root, and to say so soon that it adopts this worker; one at a time.
//
//     at rest ──(the supervisor is gone)──► waiting ──(somebody connects)──► asking ──(Adopt)──► at rest
//                                              ▲                                │
//                                              └──(silence, an end, nonsense)───┘

#include <sys/socket.h>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "observe/log.h"

namespace seki::worker {

// Whether who is at the other end of a connection may adopt a worker that runs as `own`.
[[nodiscard]] bool may_adopt(const ucred& peer, uid_t own) noexcept;

class Lifeline final : private EventHandler, private Timer {
public:
    class Owner {
    public:
        virtual ~Owner() = default;
        // Somebody has connected, who may.
        virtual void on_adopter(UniqueFd socket) = 0;
        // He has said nothing for too long: drop him and wait again.
        virtual void on_silent_adopter() = 0;
    };
    static constexpr Duration patience = std::chrono::seconds(5);
    // After the lack of a descriptor or of memory.
    static constexpr Duration exhausted_pause = std::chrono::seconds(1);

    // `loop`, `log` and `owner` outlive it.
    Lifeline(EventLoop& loop, observe::Log& log, UniqueFd socket, Owner& owner)
        : loop_(loop), log_(log), socket_(std::move(socket)), owner_(owner) {}
    ~Lifeline() override;

    void wait();
    void adopted();
    [[nodiscard]] bool is_needed() const noexcept { return state_ != State::at_rest; }
    [[nodiscard]] bool is_asking() const noexcept { return state_ == State::asking; }

private:
    enum class State : uint8_t { at_rest, waiting, asking };

    void on_event(uint32_t events) override;
    void on_timer() override;
    void stop_watching();
    void try_later(const std::string& why);

    EventLoop& loop_;
    observe::Log& log_;
    UniqueFd socket_;
    Owner& owner_;
    WatchId watch_;
    State state_ = State::at_rest;
};

}  // namespace seki::worker
