#pragma once

// A worker that is replaced gives its clients to its successor, over a socket that only the two of them hold
// (worker.proto, Moved), one after another: those that are at rest, between two requests, tunnels, wherever they are in
// what they carry, and requests that have run for a while already. Those in the middle of something else are looked at
// again and again: they are given when they are at rest, or run on.
//
//     at rest, in an exchange ──► given ──► taken: our descriptors go, without a word to the peers
//                                       └─► refused, or the successor is gone or silent: it goes on here
//
// What is given is nobody's to read until the answer comes, and what is taken is read only after we have let go of it:
// there are never two readers.

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <deque>
#include <functional>
#include <memory>
#include <variant>

#include "command/channel.h"
#include "net/session.h"
#include "proxy/client_side.h"
#include "proxy/clients_at_rest.h"
#include "proxy/context.h"
#include "proxy/exchange_move.h"
#include "worker.pb.h"
#include "worker/resting_client.h"

namespace seki::worker {

class Departures final : public DeferredDeletable,
                         public proxy::ClientsAtRest,
                         private command::Channel::Owner,
                         private Runnable,
                         private Timer {
public:
    struct Surroundings {
        EventLoop& loop;
        net::Sessions& sessions;
        proxy::Context& context;
        std::function<net::SessionId(RestingClient client)> go_on;  // here, with who could not be given
    };
    // The successor answers so soon, or it is not worth waiting for.
    static constexpr Duration patience = std::chrono::milliseconds(900);
    static constexpr Duration reminder = std::chrono::milliseconds(100);
    // So long after all were looked at they are again.
    static constexpr Duration pause = proxy::ExchangeMove::worthwhile;

    // `most`: so many are given, and then nobody else; 0: all of them. `on_first`: those have moved that could from the
    // beginning. `on_lost`: the successor takes nobody any more, and why. Both at most once, from turns of the loop.
    Departures(const Surroundings& around, UniqueFd socket, uint32_t most,
               std::function<void(const HandedOver&)> on_first, std::function<void(const std::string& reason)> on_lost);
    ~Departures() override;

    // Nobody is given any more; who is on the way stays here.
    void end(const std::string& reason) {
        on_lost_ = nullptr;
        lose(reason);
    }
    // From here on who is at rest and cannot move is closed. Tunnels go on until they end.
    void drain();
    // Nobody is between the two workers.
    [[nodiscard]] bool settled() const noexcept { return given_.empty() && leaving_.empty(); }

    void at_rest(net::SessionId id) override;
    void in_tunnel(net::SessionId id) override;

private:
    // An exchange is known by its client's session, and stays where it is, frozen.
    using Given = std::variant<RestingClient, net::SessionId>;
    // Given, and not taken yet: the client costs it a wait.
    static constexpr size_t most_given = 64;
    static constexpr uint32_t slice = 256;

    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override { lose(reason); }
    void on_closed(const std::string& reason) override { lose(reason); }
    void run() override;
    void on_written() override;
    void on_timer() override;

    void walk_on();
    // As many as there are to be.
    [[nodiscard]] bool enough() const noexcept {
        return most_ != 0 && moved_ + given_.size() + leaving_.size() >= most_;
    }
    void give(net::SessionId id);
    void give_exchange(net::SessionId id, proxy::ClientSide& client);
    void send(RestingClient client, UniqueFd copy, const std::string& secrets);
    void send(const Moved& moved, std::vector<UniqueFd> fds, Given given);
    void await_answer();
    void say_yours(uint64_t id, Given given);
    void keep(Given given);
    void let_go(Given given);
    void cannot_move(net::Session& session);
    void lose(const std::string& reason);
    void tell_first();

    Surroundings around_;
    command::Channel channel_;
    std::function<void(const HandedOver&)> on_first_;
    std::function<void(const std::string& reason)> on_lost_;
    // All are looked at once more.
    struct NextWalk final : Timer {
        explicit NextWalk(Departures& departures) noexcept : owner(departures) {}
        void on_timer() override { owner.look_again(); }
        Departures& owner;
    };
    void walk_again();
    void look_again();

    std::deque<net::SessionId> resting_;  // or in an exchange
    absl::flat_hash_map<uint64_t, Given> given_;
    // Taken, and not ours any more when that much is written.
    struct Leaving {
        uint64_t said_at;
        Given given;
    };
    std::deque<Leaving> leaving_;
    absl::flat_hash_set<uint64_t> staying_;  // sessions that were refused once
    uint32_t most_;
    uint64_t last_ = 0;
    uint32_t moved_ = 0;
    uint32_t place_ = 0;        // of the sessions, where the walk goes on
    net::SessionId looked_at_;  // it is about to be given, and need not say again that it is at rest
    NextWalk next_walk_{*this};
    bool walking_ = true;
    bool draining_ = false;
    bool reminded_ = false;  // that an answer is due
};

}  // namespace seki::worker
