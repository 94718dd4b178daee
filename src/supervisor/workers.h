#pragma once

// All workers. Each slot (0 … count − 1) has one worker at a time; who dies is replaced at once, and who dies again and
// again after a growing pause. The listening sockets of an empty slot are given to a living worker until the new one
// serves, so that nobody who waits in a queue waits for a dead process.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/shared_bytes.h"
#include "command/sealed_frames.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/launcher.h"
#include "supervisor/lifelines.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/orphans.h"
#include "supervisor/source_columns.h"
#include "supervisor/ticket_secret.h"
#include "supervisor/worker_logs.h"
#include "supervisor/worker_process.h"

namespace seki::supervisor {

class Workers final : private WorkerProcess::Owner {
public:
    struct Settings {
        command::ServerConfig server;  // what each worker is told first
        uint32_t count = 1;
        bool automatic_restart = true;
        bool one_processor_each = false;
        bool json_access_log = false;
        bool seccomp = true;  // parts of the sandbox of workers
        bool landlock = true;
        std::string command_socket;  // beside which workers are found whose supervisor has died
        bool orphans_serve = true;   // else they end with their last session
        Duration answer_timeout = std::chrono::seconds(10);
        // Of a supervisor that takes over from another one: ids go on where the other's end (worker.proto).
        uint16_t generation = 0;
        uint32_t first_worker_id = 0;
    };

    // A worker that lived so long was well; its next death is a first one again.
    static constexpr Duration steady_after = std::chrono::seconds(10);
    static constexpr Duration first_pause = std::chrono::milliseconds(100);
    static constexpr Duration longest_pause = std::chrono::seconds(10);

    // All but the settings outlive this.
    Workers(EventLoop& loop, observe::Log& log, Launcher& launcher, ListeningSockets& sockets, Settings settings);
    ~Workers() override;

    // There are workers that know nothing yet: whoever has the configuration syncs them as soon as nothing
    // is undecided.
    std::function<void()> on_launched;
    // The first worker of a slot ended before it served, and so would the next one. Called at most once for each slot.
    std::function<void(const std::string& reason)> on_cannot_begin;
    // Each slot has a worker that serves, for the first time.
    std::function<void()> on_all_serve;
    // What a worker counted that has ended as it was told.
    std::function<void(const command::WorkerMetrics& figures)> on_last_figures;
    // The process of one is gone.
    std::function<void(pid_t pid)> on_ended;
    // Something happened that a worker tells unasked, or to a worker.
    std::function<void(uint32_t worker, const command::Event& event)> on_event;

    Result<> start();
    // With those of a former supervisor, which serve meanwhile.
    Result<> take_over(const handover::Workers& left);
    // With those that have outlived a supervisor, before the start: they serve, beside the new ones, until they are
    // replaced by these. Returns the ids of those that may be.
    std::vector<uint32_t> adopt(std::vector<Orphan> orphans);
    // They are nobody's again, as they were.
    void let_go_of_adopted();
    // For the next one. Why that has to wait, if it does.
    void hand_over(handover::Workers& left) const;
    [[nodiscard]] std::string why_not_handed_over() const;
    // Initial sync: tells unconfigured workers everything, gives them their sockets and lets them serve.
    // `certificates`: where the bytes are of which the snapshot tells the places.
    using Segments = std::vector<SharedBytes::SegmentPtr>;
    void sync(const command::SealedFrames::Memory& snapshot, const Segments& certificates, uint64_t state_version);
    // There is no snapshot to be had.
    void cannot_sync(const std::string& reason);

    // Those that know the configuration and must hear of every change. Of another version are those of a former
    // supervisor, which go on with what they know: they understand no more than the stable part of the schema.
    [[nodiscard]] std::vector<WorkerProcess*> configured() const;
    [[nodiscard]] std::vector<WorkerProcess*> unconfigured() const;
    // Those that have finished loading it, and so have time for questions.
    [[nodiscard]] std::vector<WorkerProcess*> begun() const;
    [[nodiscard]] std::vector<WorkerProcess*> alive() const;
    // The dead whose processes are not gone yet.
    [[nodiscard]] std::vector<WorkerProcess*> ending() const;

    // The part of a listener that concerns this worker: one socket for each slot that it accepts from. What is returned
    // goes with the order that they are named in.
    Result<std::vector<UniqueFd>> name_sockets(const WorkerProcess& worker, const ListenerKey& key,
                                               worker::Prepare& prepare) const;
    // The slots that each worker had, by its id.
    using Slots = std::map<uint32_t, WorkerProcess::Slots>;
    // Confirms a listener. Each worker has its sockets of the slots that it had already and has had ever since, and
    // gets those of the slots that it took over since.
    void confirm(const ListenerKey& key, const Slots& had);
    void unassign(WorkerProcess& worker, const ListenerKey& key, WorkerProcess::OnReport on_report);

    // Replaces a worker that serves: a new one begins at the same listening sockets, and then gets what can move of the
    // old one's connections. What cannot ends with the old one, whose process is gone after that.
    struct Replaced {
        uint32_t successor = 0;
        uint32_t moved = 0;    // connections
        uint32_t staying = 0;  // likewise, for now
    };
    // When all that were at rest have moved; or why nothing has changed.
    using OnReplaced = std::move_only_function<void(Result<Replaced>)>;
    void replace(uint32_t id, OnReplaced on_replaced);
    [[nodiscard]] bool replacing() const noexcept { return !replacing_.empty(); }
    // So many clients of one worker that serves go to another one; how many did.
    using OnShifted = std::move_only_function<void(uint32_t moved)>;
    void shift(uint32_t from, uint32_t to, uint32_t clients, OnShifted on_shifted);
    // Softly, so that another one takes its place; not the last one that serves.
    void retire(uint32_t id);
    [[nodiscard]] bool each_slot_serves() const;
    // Of a former supervisor that had more workers, or that has died: the new ones have, or get, all that it has.
    [[nodiscard]] bool is_surplus(const WorkerProcess& worker) const {
        return worker.adopted || worker.slot() >= slots_.size();
    }
    [[nodiscard]] bool is_serving(uint32_t id) const;

    // Workers that start later begin with this filter of the log; unconfigured ones were not asked when it was decided,
    // and are told.
    void set_log_filter(const std::string& filter);
    // Likewise whether they measure clusters and backends.
    void measure_clusters(bool wanted);
    [[nodiscard]] bool measures_clusters() const noexcept { return measures_clusters_; }
    // Of session tickets.
    void set_ticket_secret(const std::string& secret);
    [[nodiscard]] WorkerLogs& logs() noexcept { return logs_; }

    // Nobody is replaced any more. Softly: each ends when its last session has ended. `on_stopped`: when all processes
    // are gone. May be called again to stop hard after all.
    void stop(bool hard, std::function<void()> on_stopped);
    // Before a soft stop: each accepts who waits in its queues and closes its copies of the sockets of these listeners.
    // `on_released`: when nobody has one any more.
    void release_sockets(const std::vector<ListenerKey>& keys, std::function<void()> on_released);
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }
    // No other supervisor is to find them: another one may begin beside, and these end.
    void hide() const;
    // What each of them is told first.
    [[nodiscard]] const command::ServerConfig& server_settings() const noexcept { return settings_.server; }
    // How fine they measure where nobody asks for more.
    [[nodiscard]] command::MetricDetail metric_detail() const noexcept {
        return settings_.server.has_metrics() ? settings_.server.metrics().detail() : command::DETAIL_CLUSTER;
    }

private:
    struct Slot final : private Timer {
        Slot(Workers& owner, uint32_t number_) : workers(owner), number(number_) {}
        ~Slot() override { workers.loop_.timers().cancel(*this); }
        void launch_at(Monotonic time) { workers.loop_.timers().arm(*this, time); }
        void cancel() { workers.loop_.timers().cancel(*this); }
        void on_timer() override { workers.launch_again(*this); }

        Workers& workers;
        uint32_t number;
        uint32_t early_deaths = 0;
        bool served = false;  // one of its workers has
    };

    // Each worker is to show that its loop turns, also when nobody wants anything of it.
    struct Heartbeat final : private Timer {
        explicit Heartbeat(Workers& owner) : workers(owner) {}
        ~Heartbeat() override { workers.loop_.timers().cancel(*this); }
        void next() { workers.loop_.timers().arm(*this, workers.loop_.now() + workers.settings_.answer_timeout / 2); }
        void on_timer() override;

        Workers& workers;
    };

    void on_worker_dead(WorkerProcess& worker) override;
    void on_worker_ended(WorkerProcess& worker) override;
    void on_worker_event(WorkerProcess& worker, const command::Event& event) override { on_event(worker.id(), event); }

    // Returns the id of the new worker.
    Result<uint32_t> launch(Slot& slot);
    void greet(WorkerProcess& worker, UniqueFd source_table);
    void give_lifeline(const WorkerProcess& worker, worker::Hello& hello, std::vector<UniqueFd>& fds);
    Result<std::unique_ptr<WorkerProcess>> begin_process(const WorkerProcess::Identity& identity);
    Result<> take_over(const handover::Worker& left);
    [[nodiscard]] bool has_worker(uint32_t slot) const;
    std::unique_ptr<WorkerProcess> adopt(Orphan orphan);
    [[nodiscard]] WorkerProcess* heir_for(const WorkerProcess& worker) const;
    void dissolve(WorkerProcess& worker, OnReplaced on_replaced);
    void launch_again(Slot& slot);
    void replace(Slot& slot, bool was_steady);
    struct Replacing {
        uint32_t old;
        uint32_t successor;
        OnReplaced on_replaced;
        size_t awaited = 0;  // who has to turn to the successor before
    };
    [[nodiscard]] WorkerProcess* find(uint32_t id) const;
    [[nodiscard]] bool has_other(const WorkerProcess& worker) const;
    void succeed(Replacing replacing, WorkerProcess& successor);
    void predecessor_turned(const std::shared_ptr<Replacing>& replacing);
    void introduce(WorkerProcess& old, WorkerProcess& successor, WorkerProcess::OnReport on_report);
    void connect(WorkerProcess& from, WorkerProcess& to, const worker::HandOver& what,
                 WorkerProcess::OnReport on_report);
    void moved(Replacing& replacing, const worker::Report* report);
    void drain(WorkerProcess& worker);
    void cannot_succeed(const WorkerProcess& worker);
    static void tell(const std::vector<WorkerProcess*>& workers, worker::Order& prepare);
    void tell(const WorkerProcess& worker, command::EventKind kind);
    void sync(WorkerProcess& worker, const command::SealedFrames::Memory& snapshot, const Segments& certificates,
              uint64_t state_version);
    void let_serve(WorkerProcess& worker);
    void ready(WorkerProcess& worker);
    void check_stopped();
    void released();

    void reassign_slots();
    void take_slot(WorkerProcess& worker, uint32_t slot);
    void assign(WorkerProcess& worker, uint32_t slot, const std::vector<ListenerKey>& keys);
    void cannot_take_slot(WorkerProcess& worker, uint32_t slot, const std::string& reason);
    void release(WorkerProcess& worker, uint32_t slot);
    [[nodiscard]] WorkerProcess* least_burdened() const;
    [[nodiscard]] WorkerProcess* owner_of(uint32_t slot) const;
    [[nodiscard]] static bool serves(const WorkerProcess& worker, uint32_t slot);

    EventLoop& loop_;
    observe::Log& log_;
    Launcher& launcher_;
    ListeningSockets& sockets_;
    Settings settings_;
    std::optional<SourceColumns> source_columns_;  // from start() on
    TicketSecrets ticket_secrets_;
    Heartbeat heartbeat_{*this};
    WorkerLogs logs_;
    Lifelines lifelines_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<std::unique_ptr<WorkerProcess>> workers_;  // the dead too, until their processes are gone
    std::vector<Replacing> replacing_;                     // whose successors do not serve yet
    uint32_t next_id_;
    uint64_t times_taken_ = 0;
    bool measures_clusters_ = true;
    bool stopping_ = false;
    std::function<void()> on_stopped_;
    size_t holders_ = 0;  // who has not released its sockets yet
    std::function<void()> on_released_;
};

}  // namespace seki::supervisor
