#pragma once

// The files by which workers are found whose supervisor has died: one listening socket for each worker, beside the
// command socket, with the number of its process in the name (`/run/seki/seki.sock.worker-4242`), for our own user
// only. Only the worker holds the socket, so where connecting is refused nobody is left.

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"

namespace seki::supervisor {

class Lifelines {
public:
    // Of the instance with this command socket.
    explicit Lifelines(const std::string& command_socket) : prefix_(command_socket + ".worker-") {}

    // A listening socket for a worker.
    [[nodiscard]] Result<UniqueFd> open(pid_t worker) const;
    // Nobody is to find it any more.
    void remove(pid_t worker) const;

    // Whose files are there.
    [[nodiscard]] std::vector<pid_t> workers() const;
    // A socket that is connected to it; not valid where nobody is left. An error where somebody is there who cannot be
    // reached, or is not of our user. Waits no longer than `patience`.
    [[nodiscard]] Result<UniqueFd> connect(pid_t worker, Duration patience) const;
    // Whether there is a worker, whatever it does. Meant for when no supervisor is: who has one hears of it much later.
    [[nodiscard]] bool any() const;

private:
    [[nodiscard]] std::string path_of(pid_t worker) const { return prefix_ + std::to_string(worker); }

    std::string prefix_;
};

}  // namespace seki::supervisor
