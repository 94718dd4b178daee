#pragma once

// Every listening socket of every active listener. They live here as long as their listener is active, whatever becomes
// of workers, and workers get copies. Each listener has one socket for each slot (0 … slots − 1), all bound to the same
// address with SO_REUSEPORT, so that the kernel spreads new connections over the slots.
//
// A listener is confirmed when the change that opened it stands. Until then its sockets go to workers with that change
// only: who happens to take over a slot meanwhile must not accept for a listener that may still be refused.
//
// A listening socket is never shut down, for copies of it may be with others, and whoever waits in its queue is lost
// only when the last copy is closed.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "config/listener_key.h"
#include "handover.pb.h"
#include "net/address.h"

namespace seki::supervisor {

using config::ListenerKey;

class ListeningSockets {
public:
    struct Refusal {
        std::string message;
        bool in_use = false;
    };
    // Whether the address could be bound by nobody but us. Nobody notices.
    static std::expected<void, Refusal> probe(const SocketAddress& address, const std::string& interface = {});

    ListeningSockets(uint32_t slots, uint32_t backlog) : slots_(slots), backlog_(backlog) {}

    // Binds and listens. An address that anybody else listens on is an error that says so. `interface`: who comes by
    // another one is not for us; empty: by whichever.
    Result<> open(const ListenerKey& key, const std::string& interface = {});
    // Listens with copies of the sockets of another listener, which is about to be closed, at the same address.
    Result<> take_over(const ListenerKey& key, const ListenerKey& from);
    void confirm(const ListenerKey& key);
    // Of one that is open.
    [[nodiscard]] const std::string& interface_of(const ListenerKey& key) const { return sockets_.at(key).interface; }
    [[nodiscard]] bool is_open(const ListenerKey& key) const { return sockets_.contains(key); }
    // From now on it is not open; what is returned keeps the sockets alive until all workers have let go of them.
    std::vector<UniqueFd> take_out(const ListenerKey& key);
    // Our copies; workers that still have one accept who waits in the queues, then close it.
    void close_all() { sockets_.clear(); }

    // For the next supervisor, and from the former one, which may have had fewer slots. All are confirmed. In a trial
    // no socket is opened: who connects to it would be lost with it.
    void hand_over(handover::Handover& left) const;
    Result<> take_over(const handover::Handover& left, bool trial);

    // From workers that have outlived a supervisor, and still accept from it: what is opened at its address listens
    // with it from then on, and with others for the slots that have none. There may be more slots than were asked for
    // then.
    void adopt(const SocketAddress& address, uint32_t slot, UniqueFd socket, const std::string& interface);
    // Nobody opens those that are left.
    void drop_adopted() { adopted_.clear(); }

    // A descriptor to give away; an error when there is none left.
    [[nodiscard]] Result<UniqueFd> copy(const ListenerKey& key, uint32_t slot) const;

    [[nodiscard]] uint32_t slots() const noexcept { return slots_; }
    [[nodiscard]] std::vector<ListenerKey> keys() const;
    [[nodiscard]] std::vector<ListenerKey> confirmed_keys() const;

private:
    struct Listener {
        std::vector<UniqueFd> sockets;  // by slot
        std::string interface;
        bool confirmed = false;
    };

    struct Adopted {
        std::map<uint32_t, UniqueFd> sockets;  // by slot
        std::string interface;
    };
    [[nodiscard]] bool meets_adopted(const SocketAddress& address) const;
    std::map<uint32_t, UniqueFd> take_adopted(const SocketAddress& address, const std::string& interface);
    Result<UniqueFd> use_adopted(UniqueFd socket, const ListenerKey& key) const;

    uint32_t slots_;
    uint32_t backlog_;
    std::map<ListenerKey, Listener> sockets_;
    std::map<SocketAddress, Adopted> adopted_;
};

}  // namespace seki::supervisor
