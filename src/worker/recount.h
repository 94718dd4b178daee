#pragma once

// A limit of connections is often set when too many are there already. While there is none nothing is counted; so when
// one is set, a walk over all sessions counts who is there for the clusters that it is for: idle clients, running
// requests and tunnels alike. Some sessions per turn; who asks again before the walk has come to him counts from then
// on.

#include <absl/container/flat_hash_map.h>
#include <cstdint>

#include "event/event_loop.h"
#include "net/session.h"
#include "proxy/cluster.h"
#include "proxy/context.h"

namespace seki::worker {

class Recount final : private Runnable {
public:
    static constexpr uint32_t slots_per_turn = 1024;

    explicit Recount(proxy::Context& context) : context_(context) {}

    // The cluster is under another limit than before, or comes under it with others; all of them, then begin().
    void include(const proxy::ClusterPtr& cluster) { clusters_.insert_or_assign(cluster->key(), cluster); }
    // From the first session on, the first of them at once.
    void begin();

private:
    void run() override;
    void look_at(net::Session& session);

    proxy::Context& context_;
    absl::flat_hash_map<uint64_t, proxy::ClusterPtr> clusters_;
    uint32_t next_slot_ = 0;
};

}  // namespace seki::worker
