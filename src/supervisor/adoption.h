#pragma once

// A start that finds workers of a supervisor that has died. Their listening sockets are ours from then on, and they
// serve until each slot has a worker of our own; then these get their connections, one worker after another, and they
// end. Until that is done changes wait, which they would not hear of.
//
// Whoever cannot begin lets go of them, and they are as they were.

#include <vector>

#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/change.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/orphans.h"
#include "supervisor/succession.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Adoption {
public:
    // All outlive this.
    Adoption(EventLoop& loop, observe::Log& log, ListeningSockets& sockets, Workers& workers, Changes& changes)
        : log_(log), sockets_(sockets), workers_(workers), changes_(changes), succession_(loop, log, workers) {}

    // Before anything is bound.
    void begin(std::vector<Orphan> orphans);
    // Everything is bound.
    void bound() { sockets_.drop_adopted(); }
    // Each slot has a worker that serves.
    void replace();
    // False: there is none.
    bool let_go();
    [[nodiscard]] bool under_way() const noexcept { return under_way_; }

private:
    void done(const Succession::Sum& sum);
    void end();

    observe::Log& log_;
    ListeningSockets& sockets_;
    Workers& workers_;
    Changes& changes_;
    Succession succession_;
    std::vector<uint32_t> to_replace_;
    bool under_way_ = false;
};

}  // namespace seki::supervisor
