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
        // Whether there is a place for it, and for the `waiting` ones before; and what it goes on with then.
        std::function<Result<RestingClient>(const IdleClient& client, UniqueFd socket, size_t waiting)> take;
        std::function<void(RestingClient client)> go_on;
        std::function<void(Arrivals& arrivals)> on_end;  // nobody comes any more
    };

    Arrivals(EventLoop& loop, UniqueFd socket, Taker taker);

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override { on_closed(reason); }
    void on_closed(const std::string& reason) override;

    void arrived(Moved moved);
    Result<> take(Moved& moved, std::vector<UniqueFd> fds);

    command::Channel channel_;
    Taker taker_;
    absl::flat_hash_map<uint64_t, RestingClient> waiting_;
};

}  // namespace seki::worker
