#pragma once

// One change after another, each on all workers or on none:
//
//     waiting ──► state.apply, bind ──► prepare on every worker ──► all prepared ──► commit ──► all done ──► OK
//                     │                       │
//                     └─ refused ─────────────┴─ one refused ──► abort, undo ──► FAILURE
//
// Prepare may take its time; until the last worker has answered nothing is decided and the next change waits. Once it
// is decided the next one begins at once, while the commit of this one is still on its way: the orders of a worker are
// obeyed in sequence. A worker that dies or hangs meanwhile is replaced by one that begins with the decided
// configuration, so the change does not depend on it; a change that no worker survives is refused, for the next one
// would not survive it either.
//
// A refused change ends like one that is in force: when every worker has said that it is rid of it.
//
// Many changes that are asked for as one (a Transaction) are made like one: all of them or none. They are applied to
// the state a slice in each turn, so that others are answered meanwhile, and workers prepare them in parts, the next
// one when the one before is prepared.
//
// Sockets of a listener are bound before its activation is prepared, and go to the workers with it, so that "address in
// use" and a worker without room for them are refusals like any other. They are closed after the last worker has let go
// of them: who was killed before it could has let go when its process is gone.

#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/request_join.h"
#include "config/state.h"
#include "observe/log.h"
#include "supervisor/applied.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/snapshot_writer.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

// What is asked for as one.
struct Transaction {
    std::vector<CheckedChange> changes;
    std::optional<uint64_t> expect_version;  // refused when the state has another one
    bool dry_run = false;                    // all but the commit: what was prepared is dropped
    bool restores = false;                   // what was saved: frontends may wait for a listener, as they did there
    bool told_as_one = false;                // whoever listens to changes hears of all together, from who asked
};

class Changes final : private Runnable {
public:
    // What follows from a change that was made, and may not have been meant (config/consequences.h).
    using Warnings = std::vector<std::string>;
    struct Made {
        Warnings warnings;
        uint64_t version = 0;  // of the state, with them
    };
    // Nothing was.
    struct Refusal {
        std::string message;
        std::optional<size_t> change{};  // which one it is about, from 0 on
        std::string what{};              // that one is
        uint64_t version = 0;
    };
    using Outcome = std::expected<Made, Refusal>;
    // What happened: nothing, for a reason, or all of it, everywhere.
    using OnOutcome = std::move_only_function<void(Outcome)>;

    // All outlive this.
    Changes(EventLoop& loop, config::State& state, ListeningSockets& sockets, Workers& workers, observe::Log& log);

    // Called with each change that was decided for, before anybody hears of it. `told`: those who listen to changes are
    // to hear of it.
    std::function<void(const command::Request&, bool told)> on_committed;
    // Called when the state has another version, once for each.
    std::function<void()> on_new_version;

    void submit(Transaction transaction, OnOutcome on_outcome);
    void submit(CheckedChange change, OnOutcome on_outcome);
    // Before there are workers: the configuration file.
    Result<> load(const std::vector<CheckedChange>& changes);
    [[nodiscard]] size_t waiting() const noexcept { return queue_.size(); }

    // Grows with each transaction that was made, and from one start to the next: it begins with the milliseconds since
    // 1970, of which more pass than changes are made.
    [[nodiscard]] uint64_t version() const noexcept { return version_; }

    // The state was made by a former supervisor, of whom it had this version.
    void take_over(uint64_t version) noexcept { version_ = version; }
    // Whether every change that was asked for is made, or refused, everywhere.
    [[nodiscard]] bool settled() const noexcept { return changes_.empty() && writing_ == nullptr; }

    // Calls `then` when the state is one that was decided for: now, or before the next change begins.
    void when_settled(std::move_only_function<void()> then);
    // No change begins until release(); what is submitted with submit_next() is the first one then. Each hold has one
    // release.
    void hold() noexcept { ++holds_; }
    void release();
    void submit_next(Transaction transaction, OnOutcome on_outcome);
    // Those that wait for a release.
    void refuse_waiting(const std::string& why);

private:
    using ChangeId = uint64_t;

    struct Change {
        Change(Transaction asked_, OnOutcome on_outcome_, Applied applied_)
            : asked(std::move(asked_)),
              on_outcome(std::move(on_outcome_)),
              applied(std::move(applied_)),
              outcome(Made{}) {}
        Transaction asked;
        OnOutcome on_outcome;
        Applied applied;
        size_t next = 0;    // to be applied
        size_t judged = 0;  // consequences are noted of so many
        Warnings warnings;
        std::vector<ListenerKey> closes;  // let go of by workers since it is decided
        std::vector<UniqueFd> closing;    // kept until all of them have
        Workers::Slots had_slots;         // when it was prepared
        command::RequestJoin<worker::Report> prepared;
        std::map<command::MemberId, size_t> refused;  // which part, by whom
        Outcome outcome;                              // once it is decided
        size_t answers_missing = 0;
    };

    // One or two milliseconds.
    static constexpr size_t slice_changes = 256;
    // Consequences are told of the first changes of many, and only so many: the answer is one frame.
    static constexpr size_t max_judged = 1000;
    static constexpr size_t max_warnings = 100;

    ChangeId enter(Transaction transaction, OnOutcome on_outcome);
    void begin_next();
    [[nodiscard]] bool must_wait(const Change& change) const;
    void run() override;
    void go_on(ChangeId id);
    bool apply_slice(ChangeId id, Change& change);
    bool judge_slice(Change& change);
    void refuse(ChangeId id, Refusal refusal);
    void settle();

    void prepare(ChangeId id, Change& change);
    void prepare_part(WorkerProcess& worker, ChangeId id, Change& change, size_t number);
    void part_prepared(WorkerProcess& worker, ChangeId id, size_t number, const worker::Report* report);
    Result<std::vector<UniqueFd>> name_sockets(WorkerProcess& worker, Change& change, worker::Order& order);
    void prepared(ChangeId id, command::MemberId member, const worker::Report* report);
    std::optional<Refusal> refusal(Change& change) const;
    void decide(ChangeId id);
    void abort(ChangeId id, Outcome outcome);
    void commit(ChangeId id, Change& change);
    void close(Change& change, const ListenerKey& key);
    void tell_everybody(ChangeId id, Change& change, const worker::Order& decision);
    void tell(WorkerProcess& worker, ChangeId id, Change& change, worker::Order decision);
    WorkerProcess::OnReport letting_go(WorkerProcess& worker, ChangeId id, Change& change);
    void answered(ChangeId id);
    void finish(ChangeId id, Outcome outcome);

    void sync_unconfigured();
    void sync(Result<command::SealedFrames::Memory> snapshot);

    EventLoop& loop_;
    config::State& state_;
    ListeningSockets& sockets_;
    Workers& workers_;
    observe::Log& log_;

    std::deque<ChangeId> queue_;
    std::map<ChangeId, Change> changes_;  // waiting, being prepared, being committed
    std::optional<ChangeId> undecided_;
    std::vector<std::move_only_function<void()>> when_settled_;
    std::unique_ptr<SnapshotWriter> writing_;  // nothing changes meanwhile
    uint64_t version_;
    ChangeId last_ = 0;
    size_t holds_ = 0;
    bool beginning_ = false;
};

}  // namespace seki::supervisor
