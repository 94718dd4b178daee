#pragma once

// The state as a file: written and read by forked tasks (forked_task.h), so that nobody waits for a disk, and loaded as
// one transaction. With a file of its own the state is saved by itself: soon after a change, many changes at once, and
// again after a pause where that failed.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/change.h"
#include "supervisor/change_sets.h"
#include "supervisor/checking.h"
#include "supervisor/command_server.h"
#include "supervisor/forked_task.h"

namespace seki::supervisor {

class StateFiles {
public:
    using Answer = CommandServer::Answer;

    // All outlive this.
    StateFiles(const config::State& state, Changes& changes, ForkedTasks& tasks, Checkings& checkings)
        : state_(state), changes_(changes), tasks_(tasks), checkings_(checkings) {}

    void save(const command::SaveState& wanted, Answer answer);
    void load(const std::string& path, Answer answer);

private:
    void make(ForkedTask::Memories memories, Answer answer);

    const config::State& state_;
    Changes& changes_;
    ForkedTasks& tasks_;
    Checkings& checkings_;
};

class AutomaticSave final : private Timer {
public:
    static constexpr Duration delay = std::chrono::milliseconds(500);
    static constexpr Duration first_pause = std::chrono::seconds(1);
    static constexpr Duration longest_pause = std::chrono::minutes(1);

    // All outlive this.
    AutomaticSave(EventLoop& loop, observe::Log& log, const config::State& state, Changes& changes, ForkedTasks& tasks,
                  std::string path)
        : loop_(loop), log_(log), state_(state), changes_(changes), tasks_(tasks), path_(std::move(path)) {}
    ~AutomaticSave() override { loop_.timers().cancel(*this); }

    // The state has another version.
    void note_change();
    // Calls `then` when the state is saved as it is now, or that has failed once more. From then on the file is left
    // alone: it is another instance's. Who asks again meanwhile takes the place of who asked first.
    void finish(std::function<void()> then);

private:
    void on_timer() override { begin(); }
    void begin();
    void saved(uint64_t version, const Result<ForkedTask::Memories>& outcome);
    void saved_at_last(const Result<ForkedTask::Memories>& outcome);
    void try_again(const std::string& why);

    EventLoop& loop_;
    observe::Log& log_;
    const config::State& state_;
    Changes& changes_;
    ForkedTasks& tasks_;
    std::string path_;
    std::optional<uint64_t> saved_version_;
    bool saving_ = false;
    bool over_ = false;
    uint32_t failures_ = 0;
    std::function<void()> on_finished_;
};

}  // namespace seki::supervisor
