#pragma once

// The process that keeps the others alive. It owns the configuration, the command socket, every listening socket and
// the workers' lives, and never parses traffic. This file only wires the parts together and knows how it all ends:
//
//     a stop ──► nobody has a listening socket any more ──► the command socket and the pid file are given up
//            ──► workers drain, until a deadline if there is one ──► all workers are gone
//            ──► whoever asked is answered ──► the last answer is written, or nobody takes it ──► the loop stops
//
// From the moment at which the file of the command socket is gone, another instance may start with the same
// configuration while this one drains.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/state.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/adoption.h"
#include "supervisor/change.h"
#include "supervisor/command_server.h"
#include "supervisor/expiry_watch.h"
#include "supervisor/former_figures.h"
#include "supervisor/handover/upgrade.h"
#include "supervisor/launcher.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/own_figures.h"
#include "supervisor/own_statsd.h"
#include "supervisor/service_manager.h"
#include "supervisor/verbs.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

class Supervisor final : private Timer, private Upgrade::Owner {
public:
    struct Settings {
        Workers::Settings workers;
        uint32_t slots = 1;  // of listening sockets: one for each worker, or more
        CommandServer::Settings command;
        Duration soft_stop_limit{};  // of a soft stop that names none; zero: none
        std::optional<observe::StatsdOutput::Settings> statsd;
        std::string config_path;
        std::string program;          // its name and version
        bool may_begin_anew = false;  // in place of this program; else new settings of the process wait for a start
        config::FileConfig file;      // what it says, but for its changes
    };

    // All but the settings outlive it.
    Supervisor(EventLoop& loop, observe::Log& log, Launcher& launcher, Settings settings);
    ~Supervisor() override;

    // Takes the configuration, which may take long, before anybody can ask for anything. Then opens the command socket,
    // so that a second instance is refused before it touches anything; then binds, and starts the workers.
    // What was saved comes behind the changes of the file. Workers that have outlived a supervisor are adopted in
    // between.
    Result<> start(std::vector<CheckedChange> changes);
    // In its place: goes on where a former supervisor stopped, whose workers serve meanwhile. In a trial nothing is
    // touched.
    Result<> take_over(const Inheritance& left);

    // Called when the names that a successor wants are free; the pid file is not ours to remove.
    std::function<void()> on_released;
    // Another program takes the place of this one in a moment: logs are to be written out.
    std::function<void()> on_about_to_end;

    // `limit` of a soft stop: when it is over, what still runs is stopped hard. None: that of the settings.
    void stop(bool hard, Verbs::Answer answer = nullptr, std::optional<Duration> limit = std::nullopt);
    // Why it ended by itself, if it did.
    [[nodiscard]] const Result<>& outcome() const noexcept { return outcome_; }
    [[nodiscard]] bool stopping() const noexcept { return workers_.stopping(); }
    // After a rotation of logs.
    void reopen_logs_of_workers() { workers_.logs().reopen(); }

    // Null where nobody wants to be told. To be set before the start; outlives this.
    ServiceManager* service_manager = nullptr;

    [[nodiscard]] const config::State& state() const noexcept { return state_; }
    [[nodiscard]] Workers& workers() noexcept { return workers_; }
    [[nodiscard]] Changes& changes() noexcept { return changes_; }
    [[nodiscard]] Verbs& verbs() noexcept { return verbs_; }

private:
    // Of a soft stop.
    struct Deadline final : Timer {
        explicit Deadline(Supervisor& owner) : supervisor(owner) {}
        void on_timer() override;
        Supervisor& supervisor;
    };

    // How long a client may take to read its last answer.
    static constexpr Duration answer_grace = std::chrono::seconds(1);
    // And those who came to workers that others have to do without, for the start has failed.
    static constexpr Duration give_up_grace = std::chrono::seconds(5);

    void on_timer() override { loop_.stop(); }
    void note_committed(const command::Request& change, bool told);
    void note_event(uint32_t worker, const command::Event& event);
    void configure_metrics(command::MetricsConfiguration asked);
    void publish(const std::string& source, const command::Event& event);
    void publish(const std::string& source, command::EventKind kind);
    [[nodiscard]] handover::Handover hand_over() const override;
    [[nodiscard]] std::string why_not_handed_over(size_t askers) const override;
    void hold(bool holds) override;
    void obey(command::Request request, Verbs::Answer answer) override {
        verbs_.obey(std::move(request), std::move(answer));
    }
    std::vector<std::string> about_to_end() override;
    Result<> load(const handover::Frames& state);
    Result<> set_ticket_secret();
    Result<> open_server(const std::function<Result<std::unique_ptr<CommandServer>>(CommandServer::OnRequest)>& open);
    void save_by_itself();
    void tell_ready();
    void note_reload(bool begins);
    Result<> load_saved_state(std::vector<CheckedChange>& activations);
    void give_up(const std::string& reason);
    void begin_soft_stop(Duration limit);
    void end_at_latest(Duration limit);
    void release();
    void let_others_begin();
    void stopped();
    void end();

    EventLoop& loop_;
    observe::Log& log_;
    Launcher& launcher_;
    Settings settings_;
    config::State state_;
    ListeningSockets sockets_;
    Workers workers_;
    Changes changes_;
    Adoption adoption_;
    OwnFigures figures_;
    FormerFigures former_figures_;
    std::optional<OwnStatsd> statsd_;
    ExpiryWatch expiry_;
    ForkedTasks tasks_;
    Checkings checkings_;
    ChangeSets change_sets_;
    StateFiles state_files_;
    Reloader reloader_;
    std::optional<AutomaticSave> automatic_save_;
    StateVerbs state_verbs_;
    Upgrade upgrade_;
    Verbs verbs_;
    std::unique_ptr<CommandServer> server_;
    std::vector<Verbs::Answer> asked_to_stop_;
    Deadline deadline_{*this};
    bool hard_ = false;
    Result<> outcome_;
};

}  // namespace seki::supervisor
