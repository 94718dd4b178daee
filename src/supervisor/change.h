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
// Sockets of a listener are bound before its activation is prepared, and go to the workers with it, so that "address in
// use" and a worker without room for them are refusals like any other. They are closed after the last worker has let go
// of them: who was killed before it could has let go when its process is gone.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/request_join.h"
#include "config/placed_certificate.h"
#include "config/state.h"
#include "observe/log.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/snapshot_writer.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

using CheckedChange = config::Checked<command::Request>;

class Changes {
public:
    // What follows from a change that was made, and may not have been meant (config/consequences.h).
    using Warnings = std::vector<std::string>;
    // What happened: nothing, for a reason, or all of it, everywhere.
    using OnOutcome = std::move_only_function<void(Result<Warnings>)>;

    // All outlive this.
    Changes(EventLoop& loop, config::State& state, ListeningSockets& sockets, Workers& workers, observe::Log& log);

    // Called with each change that was decided for, before anybody hears of it.
    std::function<void(const command::Request&)> on_committed;

    void submit(CheckedChange change, OnOutcome on_outcome);
    // Before there are workers: the configuration file.
    Result<> load(const std::vector<CheckedChange>& changes);
    [[nodiscard]] size_t waiting() const noexcept { return queue_.size(); }

private:
    using ChangeId = uint64_t;

    struct Change {
        Change(CheckedChange request_, OnOutcome on_outcome_)
            : request(std::move(request_)), on_outcome(std::move(on_outcome_)) {}
        CheckedChange request;
        OnOutcome on_outcome;
        config::Undo undo;
        Warnings warnings;
        std::optional<ListenerKey> opens;
        std::optional<ListenerKey> closes;
        std::vector<UniqueFd> closing;  // kept until all workers have let go
        Workers::Slots had_slots;       // when it was prepared
        command::RequestJoin<worker::Report> prepared;
        Result<> outcome;  // once it is decided
        size_t answers_missing = 0;
    };

    void begin_next();
    [[nodiscard]] bool must_wait(const Change& change) const;
    bool begin(ChangeId id, Change& change);
    void prepare(ChangeId id, Change& change);
    void decide(ChangeId id);
    void prepare_on(WorkerProcess& worker, ChangeId id, Change& change, worker::Order order,
                    const config::UsedSegments& segments);
    void prepared(ChangeId id, command::MemberId member, const worker::Report* report);
    std::string refusal(Change& change) const;
    void abort(ChangeId id, const std::string& reason);
    void commit(ChangeId id, Change& change);
    void close(Change& change, const ListenerKey& key);
    void tell_everybody(ChangeId id, Change& change, const worker::Order& decision);
    void tell(WorkerProcess& worker, ChangeId id, Change& change, worker::Order decision);
    WorkerProcess::OnReport letting_go(WorkerProcess& worker, ChangeId id, Change& change);
    void answered(ChangeId id);
    void finish(ChangeId id, Result<> outcome);
    void note_consequences(Change& change);

    Result<> apply(Change& change);
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
    std::unique_ptr<SnapshotWriter> writing_;  // nothing changes meanwhile
    ChangeId last_ = 0;
    bool beginning_ = false;
};

}  // namespace seki::supervisor
