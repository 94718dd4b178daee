#include "supervisor/forked_task.h"

#include <algorithm>
#include <cerrno>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"

namespace seki::supervisor {
namespace {

// Everything that is wrong with a configuration file; an answer to a client is one frame.
constexpr size_t max_reason_bytes = 256 * 1024;

void note(int fd, std::string_view reason) {
    reason = reason.substr(0, max_reason_bytes);
    while (!reason.empty()) {
        const ssize_t written = ::write(fd, reason.data(), reason.size());
        if (written <= 0) return;
        reason.remove_prefix(static_cast<size_t>(written));
    }
}

}  // namespace

Result<> ForkedTasks::send(std::string what, size_t memories, const ForkedTask::Work& work, ForkedTask::OnDone on_done,
                           ForkedTask::Besides besides) {
    if (tasks_.size() >= max_tasks) return failure("{} others like this are under way: try again", max_tasks);
    return begin(std::move(what), memories, work, std::move(on_done), std::move(besides));
}

Result<> ForkedTasks::begin(std::string what, size_t memories, const ForkedTask::Work& work, ForkedTask::OnDone on_done,
                            ForkedTask::Besides besides) {
    std::vector<UniqueFd> made;
    for (size_t count = 0; count <= memories; ++count) {
        auto memory = command::SealedFrames::make_memory("seki-task");
        if (!memory) return std::unexpected(memory.error());
        made.push_back(std::move(*memory));
    }
    UniqueFd reason = std::move(made.back());
    made.pop_back();
    std::unique_ptr<ForkedTask> task(new ForkedTask(loop_, *this, std::move(what), std::move(made), std::move(reason),
                                                    std::move(on_done), std::move(besides.sweep)));
    if (auto begun = task->begin(work, std::move(besides.keep)); !begun) return begun;
    tasks_.push_back(std::move(task));
    return {};
}

// In the place of the task that has ended. Here if there can be no copy: what is left may be secret.
void ForkedTasks::sweep(const ForkedTask::Sweep& sweep) {
    const auto work = [&sweep](auto) -> Result<> {
        sweep();
        return {};
    };
    if (!begin("sweeping", 1, work, [](auto) {}, {})) sweep();
}

void ForkedTasks::remove(const ForkedTask& task) {
    const auto found = std::ranges::find(tasks_, &task, &std::unique_ptr<ForkedTask>::get);
    SEKI_CHECK(found != tasks_.end());
    loop_.deferred_delete(std::move(*found));
    tasks_.erase(found);
}

ForkedTask::ForkedTask(EventLoop& loop, ForkedTasks& owner, std::string what, std::vector<UniqueFd> memories,
                       UniqueFd reason, OnDone on_done, Sweep sweep)
    : loop_(loop),
      owner_(owner),
      what_(std::move(what)),
      memories_(std::move(memories)),
      reason_(std::move(reason)),
      on_done_(std::move(on_done)),
      sweep_(std::move(sweep)) {}

// While it works, this process ends, or cannot watch it. A disk at which a copy hangs is left alone.
ForkedTask::~ForkedTask() {
    loop_.timers().cancel(*this);
    if (watch_.valid()) loop_.unwatch(process_->ended_fd(), watch_);
    if (process_ != nullptr && process_->end() && sweep_) sweep_();
}

Result<> ForkedTask::begin(const Work& work, std::vector<int> keep) {
    keep.push_back(reason_.get());
    for (const UniqueFd& memory : memories_) keep.push_back(memory.get());
    auto copy = begin_copy(keep, [&] {
        std::vector<command::SealedFrames::Writer> writers;
        for (UniqueFd& memory : memories_) writers.push_back(command::SealedFrames::Writer::over(std::move(memory)));
        auto done = work(writers);
        for (auto& writer : writers) {
            if (!done) break;
            if (auto sealed = writer.seal(); !sealed) done = std::unexpected(sealed.error());
        }
        if (!done) note(reason_.get(), done.error().message);
    });
    if (!copy) return std::unexpected(copy.error());
    process_ = std::move(*copy);
    const auto watched = loop_.watch(process_->ended_fd(), EPOLLIN, *this, EventLoop::Order::normal);
    if (!watched) return std::unexpected(watched.error());
    watch_ = *watched;
    loop_.timers().arm(*this, loop_.now() + limit);
    return {};
}

void ForkedTask::on_event(uint32_t /*events*/) {
    loop_.unwatch(process_->ended_fd(), std::exchange(watch_, WatchId{}));
    loop_.timers().cancel(*this);
    Result<Memories> came = outcome(process_->reap());
    process_.reset();
    const bool in_the_middle = !came && told_reason().empty();
    if (in_the_middle && sweep_) owner_.sweep(sweep_);
    tell(std::move(came));
    owner_.remove(*this);
}

// It may hang where no signal reaches it: then nobody waits for its end.
void ForkedTask::on_timer() {
    process_->signal(SIGKILL);
    tell(failure("{} took longer than {} s", what_, limit / std::chrono::seconds(1)));
}

void ForkedTask::tell(Result<Memories> outcome) {
    if (on_done_) std::exchange(on_done_, nullptr)(std::move(outcome));
}

// Only what was finished is sealed.
Result<ForkedTask::Memories> ForkedTask::outcome(const std::string& how_it_ended) {
    if (const std::string reason = told_reason(); !reason.empty()) return failure("{}", reason);
    Memories made;
    for (UniqueFd& memory : memories_) {
        struct stat about{};
        if (::fstat(memory.get(), &about) != 0) return failure("cannot look at shared memory: {}", system_error(errno));
        auto& finished = made.emplace_back(std::move(memory), static_cast<uint64_t>(about.st_size));
        auto copy = finished.copy();
        if (!copy) return std::unexpected(copy.error());
        if (!command::SealedFrames::open(std::move(*copy), finished.bytes))
            return failure("{} did not come to an end: the process {}", what_, how_it_ended);
    }
    return made;
}

std::string ForkedTask::told_reason() const {
    std::string reason(max_reason_bytes, '\0');
    const ssize_t size = ::pread(reason_.get(), reason.data(), reason.size(), 0);
    reason.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return reason;
}

}  // namespace seki::supervisor
