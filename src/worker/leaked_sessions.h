#pragma once

// The net below all timeouts. Between two turns every open session has a deadline; one that has none will never end by
// itself, which is a mistake of ours. Each `interval` all sessions are looked at, some per turn: one without a deadline
// that had none the last time either, and moved no byte since, is logged, counted and closed. A session that waits long
// because it may has its deadline and is left alone. Costs nothing but the walk.

#include <absl/container/flat_hash_map.h>
#include <cstdint>

#include "event/event_loop.h"
#include "net/session.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace seki::worker {

class LeakedSessions final : private Timer, private Runnable {
public:
    static constexpr uint32_t slots_per_turn = 1024;

    LeakedSessions(net::Sessions& sessions, observe::Log& log, observe::Metrics& metrics, Duration interval);

private:
    using BytesById = absl::flat_hash_map<uint64_t, uint64_t>;  // by the packed id of a session

    void on_timer() override;
    void run() override;
    void look_at(net::Session& session);

    net::Sessions& sessions_;
    observe::Log& log_;
    observe::Metrics& metrics_;
    Duration interval_;
    uint32_t next_slot_ = 0;
    BytesById suspects_;  // of the last walk
    BytesById found_;     // of this one
};

}  // namespace seki::worker
