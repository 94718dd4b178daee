#pragma once

// The files into which workers write their logs. A worker can open none, so the supervisor does, for each worker anew,
// and sends the descriptors: with hello, and again after a rotation. A file that cannot be opened is tried again every
// second; until then the lines of workers wait.

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "observe/log_target.h"
#include "supervisor/worker_process.h"

namespace seki::supervisor {

class WorkerLogs final : private Timer {
public:
    static constexpr Duration next_attempt = std::chrono::seconds(1);

    // `workers`: who writes logs now.
    WorkerLogs(EventLoop& loop, observe::Log& log, const command::ServerConfig& server,
               std::function<std::vector<WorkerProcess*>()> workers);
    WorkerLogs(const WorkerLogs&) = delete;
    WorkerLogs& operator=(const WorkerLogs&) = delete;
    ~WorkerLogs() override { loop_.timers().cancel(*this); }

    // For one worker: `named` says which, in the order of what is returned.
    std::vector<UniqueFd> open(worker::LogFiles& named);
    // After a rotation: all workers open their logs again.
    void reopen();

private:
    using SetNamed = void (worker::LogFiles::*)(bool);
    struct Wanted {
        observe::LogTarget file;
        SetNamed name;
    };

    void add(const std::string& target, SetNamed name);
    // Why one of them could not be opened; the others are.
    Result<> open(worker::LogFiles& named, std::vector<UniqueFd>& fds) const;
    void send(WorkerProcess& worker);
    void on_timer() override;
    void try_again() { loop_.timers().arm(*this, loop_.now() + next_attempt); }

    EventLoop& loop_;
    observe::Log& log_;
    std::vector<Wanted> wanted_;
    std::function<std::vector<WorkerProcess*>()> workers_;
};

}  // namespace seki::supervisor
