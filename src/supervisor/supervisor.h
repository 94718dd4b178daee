#pragma once

// The process that keeps the others alive. It owns the configuration, the command socket, every listening socket and
// the workers' lives, and never parses traffic. This file only wires the parts together and knows how it all ends:
//
//     a stop ──► our copies of the listening sockets are closed, workers drain ──► all workers are gone
//            ──► whoever asked is answered ──► the last answer is written, or nobody takes it ──► the loop stops

#include <memory>
#include <string>
#include <vector>

#include "config/state.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/change.h"
#include "supervisor/command_server.h"
#include "supervisor/launcher.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/verbs.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Supervisor final : private Timer {
public:
    struct Settings {
        Workers::Settings workers;
        CommandServer::Settings command;
    };

    // All but the settings outlive it.
    Supervisor(EventLoop& loop, observe::Log& log, Launcher& launcher, Settings settings);
    ~Supervisor() override;

    // Opens the command socket first, so that a second instance is refused before it touches anything; then takes the
    // configuration, binds, and starts the workers.
    Result<> start(const std::vector<CheckedChange>& changes);

    void stop(bool hard, Verbs::Answer answer = nullptr);
    // Why it ended by itself, if it did.
    [[nodiscard]] const Result<>& outcome() const noexcept { return outcome_; }
    [[nodiscard]] bool stopping() const noexcept { return workers_.stopping(); }
    void signal_workers(int number) { workers_.signal_all(number); }

    [[nodiscard]] const config::State& state() const noexcept { return state_; }
    [[nodiscard]] Workers& workers() noexcept { return workers_; }
    [[nodiscard]] Changes& changes() noexcept { return changes_; }

private:
    // How long a client may take to read its last answer.
    static constexpr Duration last_words = std::chrono::seconds(1);

    void on_timer() override { loop_.stop(); }
    void note_committed(const command::Request& change);
    void give_up(const std::string& reason);
    void stopped();

    EventLoop& loop_;
    observe::Log& log_;
    Settings settings_;
    config::State state_;
    ListeningSockets sockets_;
    Workers workers_;
    Changes changes_;
    Verbs verbs_;
    std::unique_ptr<CommandServer> server_;
    std::vector<Verbs::Answer> asked_to_stop_;
    bool hard_ = false;
    Result<> outcome_;
};

}  // namespace seki::supervisor
