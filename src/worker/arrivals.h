#pragma once

// The other end of Departures: a worker that goes on with the connections of the one that it replaces. What was given
// waits here, read by nobody, until the giver has let go of it.

#include <absl/container/flat_hash_map.h>
#include <functional>
#include <memory>

#include "command/channel.h"
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
        // Nobody comes any more, and why. `dropped` ones were waiting: nobody said that they are ours.
        std::function<void(const Arrivals& arrivals, const std::string& reason, size_t dropped)> on_end;
    };

    Arrivals(EventLoop& loop, UniqueFd socket, Taker taker);

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override { on_closed(reason); }
    void on_closed(const std::string& reason) override;

    void arrived(Moved moved);
    Result<> take(Moved& moved, std::vector<UniqueFd> fds);
    Result<RestingClient> take(const IdleClient& client, const std::string& secrets, std::vector<UniqueFd> fds);

    command::Channel channel_;
    Taker taker_;
    absl::flat_hash_map<uint64_t, RestingClient> waiting_;
};

}  // namespace seki::worker
