#pragma once

// Who is at the other end of a connection to the command socket, as the kernel and /proc say.

#include <cstdint>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/ulid.h"

namespace seki::supervisor {

struct Peer {
    // Of a connected socket: its credentials. `id` and `session` are ours.
    static Peer of(int socket, uint64_t id, const Ulid& session, WallTime now);
    // The names that this machine has for them: for who writes them down, since files have to be read.
    void look_up_names();

    // "uid 0, pid 4242"
    [[nodiscard]] std::string text() const;
    // root, system (below 1000), user, or unknown
    [[nodiscard]] const char* role() const noexcept;

    std::optional<ucred> credentials;
    std::string user;     // as /etc/passwd calls the uid; empty where it does not
    std::string command;  // the name of the program; likewise
    uint64_t id = 0;
    Ulid session;
    WallTime connected{};
};

}  // namespace seki::supervisor
