#pragma once

// How a worker comes to be: as a child process that runs our own executable in the hidden role "worker". Behind a seam,
// so that tests play the worker themselves.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace seki::supervisor {

// A process of ours: a child, which ends, if it still runs, when this is destroyed (see end()); or a worker that some
// other process began, which is then let go of.
class Process {
public:
    virtual ~Process() = default;
    [[nodiscard]] virtual pid_t pid() const = 0;
    // Readable as soon as the process ended.
    [[nodiscard]] virtual int ended_fd() const = 0;
    virtual void signal(int number) = 0;
    // What the kernel says that it does: "is stopped", "runs", "waits (do_epoll_wait)".
    [[nodiscard]] virtual std::string condition() const { return {}; }
    // How it ended ("was killed by SIGSEGV"). Once, after ended_fd() became readable.
    virtual std::string reap() = 0;
    // Kills it and waits for its end, a second at most. False: it hangs where no signal reaches it.
    virtual bool end() = 0;
};

struct Launched {
    std::unique_ptr<Process> process;
    UniqueFd channel;
};

class Launcher {
public:
    virtual ~Launcher() = default;
    virtual Result<Launched> launch(uint32_t worker_id) = 0;
    // A child that this process began before it became this program, or a worker of a supervisor that has died.
    virtual Result<std::unique_ptr<Process>> find(pid_t pid) = 0;
};

class ProcessLauncher final : public Launcher {
public:
    Result<Launched> launch(uint32_t worker_id) override;
    Result<std::unique_ptr<Process>> find(pid_t pid) override;
};

// A copy of this process (fork(2)), with its memory as it is now, that does `work` and ends. It has no descriptors but
// the standard streams and `keep`, no signal ends it but SIGKILL, and it runs when others have nothing to do. The
// process must have one thread.
Result<std::unique_ptr<Process>> begin_copy(std::span<const int> keep, const std::function<void()>& work);

}  // namespace seki::supervisor
