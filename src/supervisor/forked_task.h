#pragma once

// Work that takes long, waits for a disk, or may die of what it reads: done by a copy of this process (launcher.h,
// begin_copy), which has the whole state in its memory as it was at that moment. Here everybody is answered meanwhile,
// and nothing can happen to us. What it makes comes back as frames in sealed memories; a reason why not, as text. What
// a copy that was ended in the middle has left on a disk is swept by another one.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/sealed_frames.h"
#include "event/event_loop.h"
#include "supervisor/launcher.h"

namespace seki::supervisor {

class ForkedTasks;

class ForkedTask final : public DeferredDeletable, private EventHandler, private Timer {
public:
    using Memories = std::vector<command::SealedFrames::Memory>;
    // Within the copy: fills the memories.
    using Work = std::function<Result<>(std::span<command::SealedFrames::Writer> memories)>;
    // Takes away what work that was ended in the middle may have left. It may wait for a disk, too.
    using Sweep = std::function<void()>;
    struct Besides {
        Sweep sweep;            // null: there is nothing to sweep
        std::vector<int> keep;  // descriptors that the copy has as well
    };
    // Once, in a later turn.
    using OnDone = std::move_only_function<void(Result<Memories>)>;

    // Longer than that no file takes; a disk that hangs does.
    static constexpr Duration limit = std::chrono::minutes(5);

    ~ForkedTask() override;

private:
    friend class ForkedTasks;

    ForkedTask(EventLoop& loop, ForkedTasks& owner, std::string what, std::vector<UniqueFd> memories, UniqueFd reason,
               OnDone on_done, Sweep sweep);

    Result<> begin(const Work& work, std::vector<int> keep);
    void on_event(uint32_t events) override;
    void on_timer() override;
    Result<Memories> outcome(const std::string& how_it_ended);
    [[nodiscard]] std::string told_reason() const;
    void tell(Result<Memories> outcome);

    EventLoop& loop_;
    ForkedTasks& owner_;
    std::string what_;
    std::vector<UniqueFd> memories_;
    UniqueFd reason_;
    OnDone on_done_;
    Sweep sweep_;  // null: there is nothing to sweep
    std::unique_ptr<Process> process_;
    WatchId watch_;
};

// Those that are under way.
class ForkedTasks {
public:
    // Each has as much memory as this process, where that changes meanwhile.
    static constexpr size_t max_tasks = 4;

    explicit ForkedTasks(EventLoop& loop) : loop_(loop) {}

    // `what` it is for, for errors: "reading the file".
    Result<> send(std::string what, size_t memories, const ForkedTask::Work& work, ForkedTask::OnDone on_done,
                  ForkedTask::Besides besides = {});
    [[nodiscard]] size_t count() const noexcept { return tasks_.size(); }

private:
    friend class ForkedTask;
    Result<> begin(std::string what, size_t memories, const ForkedTask::Work& work, ForkedTask::OnDone on_done,
                   ForkedTask::Besides besides);
    void sweep(const ForkedTask::Sweep& sweep);
    void remove(const ForkedTask& task);

    EventLoop& loop_;
    std::vector<std::unique_ptr<ForkedTask>> tasks_;
};

}  // namespace seki::supervisor
