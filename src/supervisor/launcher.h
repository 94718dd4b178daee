#pragma once

// How a worker comes to be: as a child process that runs our own executable in the hidden role "worker". Behind a seam,
// so that tests play the worker themselves.

#include <memory>
#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace seki::supervisor {

// A child as its parent sees it. Destroying it ends the child if that still runs.
class Process {
public:
    virtual ~Process() = default;
    [[nodiscard]] virtual pid_t pid() const = 0;
    // Readable as soon as the process ended.
    [[nodiscard]] virtual int ended_fd() const = 0;
    virtual void signal(int number) = 0;
    // How it ended ("was killed by SIGSEGV"). Once, after ended_fd() became readable.
    virtual std::string reap() = 0;
};

struct Launched {
    std::unique_ptr<Process> process;
    UniqueFd channel;
};

class Launcher {
public:
    virtual ~Launcher() = default;
    virtual Result<Launched> launch(uint32_t worker_id) = 0;
};

class ProcessLauncher final : public Launcher {
public:
    Result<Launched> launch(uint32_t worker_id) override;
};

}  // namespace seki::supervisor
