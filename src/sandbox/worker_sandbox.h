#pragma once

// What a worker is left with once it has all that it needs: it parses what strangers send, so whoever makes it run his
// own code is to find that it can do what a worker does, and nothing more. No right of root, no program that would gain
// one, no file, no listening socket, no other process. Two mechanisms of the kernel see to that, and each can be left
// out: the filter of system calls and Landlock.

#include <string>

#include "base/result.h"

namespace seki::sandbox {

struct WorkerSandbox {
    bool seccomp = true;
    bool landlock = true;

    // For ever. What there is now, for the log; an error names the key.
    [[nodiscard]] Result<std::string> enter() const;
};

}  // namespace seki::sandbox
