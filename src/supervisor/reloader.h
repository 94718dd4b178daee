#pragma once

// Reads the configuration file again and makes the difference between what it said last and what it says now, on top of
// what there is (config/rebase.h), as one transaction. The file is read, and the difference found, by a forked task
// (forked_task.h): we go on answering, and live on whatever the file is. Should the state have changed meanwhile, it is
// done once more, and further changes wait for it. One reload at a time: who asks meanwhile waits, and is answered by
// what the file says then.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/toml/file.h"
#include "event/event_loop.h"
#include "supervisor/change.h"
#include "supervisor/checking.h"
#include "supervisor/command_server.h"
#include "supervisor/forked_task.h"

namespace seki::supervisor {

class Reloader {
public:
    using Answer = CommandServer::Answer;

    // All outlive this. `path`: the file that we were started with, and `started_with` what it said then.
    Reloader(const config::State& state, Changes& changes, ForkedTasks& tasks, Checkings& checkings, std::string path,
             config::FileConfig started_with);

    // Once, with the changes of that file.
    Result<> remember(const std::vector<CheckedChange>& changes);

    // Likewise, of a former supervisor, whose command socket is still there; and for the next one.
    void remember(command::SealedFrames::Memory things, const std::string& command_socket) {
        things_ = std::move(things);
        started_with_.command_socket = command_socket;
    }
    [[nodiscard]] const command::SealedFrames::Memory& remembered() const noexcept { return things_; }

    // The file has other settings of the process, and another program is to begin with them, which is asked the same
    // again. Null: they wait for the next start.
    std::function<void(Answer answer)> on_new_settings;

    // Those of the file were refused: the next reload tries them again.
    void expect_new_settings() noexcept { expects_new_settings_ = true; }

    void reload(command::Reload wanted, Answer answer);

private:
    // One that is under way.
    struct Attempt {
        command::Reload wanted;
        Answer answer;
        uint64_t version = 0;  // of the state that the difference was found for
        bool holds = false;    // nothing changes meanwhile
    };
    using AttemptPtr = std::shared_ptr<Attempt>;
    // What a file says that becomes changes.
    struct Said {
        config::State state;
        // In no table: each is a change of its own, and taken when the file says something new of it.
        std::string log_level;
        command::MetricsConfiguration cluster_metrics = command::ENABLED;

        Result<> take(const CheckedChange& change);
    };

    void begin_waiting();
    void begin(const AttemptPtr& attempt);
    void begin_again(const AttemptPtr& attempt);
    Result<> find(const command::Reload& wanted, std::shared_ptr<command::SealedFrames> things,
                  std::span<command::SealedFrames::Writer> memories) const;
    static Result<Said> read_said(std::shared_ptr<command::SealedFrames> things);
    [[nodiscard]] Result<config::State> exactly(config::State says) const;
    static std::vector<command::Request> settings_between(const Said& before, const Said& says);
    void found(const AttemptPtr& attempt, Result<ForkedTask::Memories> memories);
    void begin_anew(const AttemptPtr& attempt);
    void make(const AttemptPtr& attempt, command::Response found, ForkedTask::Memories memories);
    void submit(const AttemptPtr& attempt, Transaction transaction, command::Response found,
                std::shared_ptr<ForkedTask::Memories> memories);
    void finish(const AttemptPtr& attempt, const command::Response& response);
    void fail(const AttemptPtr& attempt, std::string why);

    const config::State& state_;
    Changes& changes_;
    ForkedTasks& tasks_;
    Checkings& checkings_;
    std::string path_;
    config::FileConfig started_with_;
    bool expects_new_settings_ = false;
    command::SealedFrames::Memory things_;  // that the file said last
    std::deque<AttemptPtr> waiting_;
    bool under_way_ = false;
    bool beginning_ = false;
};

}  // namespace seki::supervisor
