#pragma once

// The other end of Departures: a worker that goes on with the connections of the one that it replaces. What was given
// waits here, read by nobody, until the giver has let go of it.

#include <absl/container/flat_hash_map.h>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "command/channel.h"
#include "net/session.h"
#include "worker.pb.h"
#include "worker/resting_client.h"

namespace seki::worker {

class Arrivals final : public DeferredDeletable, private command::Channel::Owner {
public:
    struct Taker {
        // Whether there is a place for it, and for the `waiting` ones before; and what it goes on with then. `secrets`:
        // those of its TLS, empty without.
        std::function<Result<RestingClient>(const IdleClient& client, const std::string& secrets, UniqueFd socket,
                                            size_t waiting)>
            take;
        std::function<void(RestingClient client)> go_on;
        // Likewise of an exchange, which has its place from then on, frozen.
        std::function<Result<net::SessionId>(const MovedExchange& exchange, std::vector<UniqueFd> fds, size_t waiting)>
            take_exchange;
        std::function<void(net::SessionId exchange)> go_on_with;
        std::function<void(net::SessionId exchange)> drop;
        // Nobody comes any more, and why. `dropped` ones were waiting: nobody said that they are ours.
        std::function<void(const Arrivals& arrivals, const std::string& reason, size_t dropped)> on_end;
    };

    Arrivals(EventLoop& loop, UniqueFd socket, Taker taker);
    // Nobody has said that what waits is ours.
    ~Arrivals() override { drop_all(); }
    // Nobody is between the two workers.
    [[nodiscard]] bool settled() const noexcept { return waiting_.empty(); }
    // Nobody comes any more, and who waits does not either; on_end is not called.
    void end();

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override { on_closed(reason); }
    void on_closed(const std::string& reason) override;

    void arrived(Moved moved, std::vector<UniqueFd> fds);
    using Waiting = std::variant<RestingClient, net::SessionId>;
    Result<Waiting> take(Moved& moved, std::vector<UniqueFd> fds);
    Result<Waiting> take(IdleClient& client, std::vector<UniqueFd> fds);
    Result<Waiting> take(const IdleClient& client, const std::string& secrets, std::vector<UniqueFd> fds);
    Result<Waiting> take(MovedExchange& exchange, std::vector<UniqueFd> fds);
    size_t drop_all();
    // Those that have no session yet.
    [[nodiscard]] size_t without_session() const;

    command::Channel channel_;
    Taker taker_;
    absl::flat_hash_map<uint64_t, Waiting> waiting_;
};

}  // namespace seki::worker
