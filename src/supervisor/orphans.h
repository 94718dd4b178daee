#pragma once

// Workers whose supervisor has died, and that serve on. A supervisor that starts asks each what it is and for copies of
// its listening sockets, and is its supervisor from then on; who goes away again leaves it as it was. This is done at
// one go, before anything is bound, and waits for answers.
//
// What an orphan says is checked, like all that comes from outside: who answers wrongly, or not in time, is left alone.

#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "config/listener_key.h"
#include "observe/log.h"
#include "supervisor/launcher.h"
#include "supervisor/lifelines.h"
#include "worker.pb.h"

namespace seki::supervisor {

struct Orphan {
    struct Socket {
        config::ListenerKey key;
        uint32_t slot;
        std::string interface;  // that it is bound to
        UniqueFd fd;
    };

    uint32_t id = 0;
    uint32_t slot = 0;
    uint16_t generation = 0;  // of its last supervisor
    bool draining = false;
    std::vector<Socket> sockets;
    std::unique_ptr<Process> process;
    UniqueFd channel;
};

// Adds what one answer says, which is one for each `most_sockets_each`; `fds` came with it. False: there are more
// sockets to ask for.
Result<bool> take_answer(Orphan& orphan, const worker::Adopted& answer, std::vector<UniqueFd> fds);

// All that there are and that answer within `patience`, together. Files that nobody serves any more are removed. There
// must be no other supervisor.
std::vector<Orphan> find_orphans(const Lifelines& lifelines, Launcher& launcher, observe::Log& log, Duration patience);

}  // namespace seki::supervisor
