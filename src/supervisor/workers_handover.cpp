// Of Workers: from one supervisor to the next.

#include <algorithm>
#include <utility>

#include "supervisor/handover/message.h"
#include "supervisor/workers.h"

namespace seki::supervisor {

using observe::Module;
using State = WorkerProcess::State;

void Workers::hand_over(handover::Workers& left) const {
    left.set_generation(settings_.generation);
    left.set_next_id(next_id_);
    left.set_worker_count(settings_.count);
    *left.mutable_server() = settings_.server;
    left.set_json_access_log(settings_.json_access_log);
    left.set_source_table(source_columns_->fd());
    ticket_secrets_.hand_over(left);
    for (const WorkerProcess* worker : alive()) worker->hand_over(*left.add_vec());
}

std::string Workers::why_not_handed_over() const {
    if (stopping_) return "the server is stopping";
    for (const auto& worker : workers_) {
        if (std::string why = worker->why_not_handed_over(); !why.empty()) return why;
    }
    return {};
}

Result<> Workers::take_over(const handover::Workers& left) {
    auto table = copy_left(left.source_table());
    if (!table) return std::unexpected(table.error());
    const auto processes = static_cast<uint32_t>(left.vec_size()) + settings_.count;
    auto columns = SourceColumns::open(std::move(*table), processes, settings_.count);
    if (!columns) return std::unexpected(columns.error());
    source_columns_.emplace(std::move(*columns));
    ticket_secrets_.take_over(left);
    next_id_ = left.next_id();
    for (const handover::Worker& worker : left.vec()) {
        if (auto taken = take_over(worker); !taken) return failure("worker {}: {}", worker.id(), taken.error().message);
    }
    // The server has begun: a worker that cannot begin is tried again, and no reason to stop.
    for (const auto& slot : slots_) {
        slot->served = true;
        if (!has_worker(slot->number)) slot->launch_at(loop_.now());
    }
    reassign_slots();
    heartbeat_.next();
    return {};
}

bool Workers::has_worker(uint32_t slot) const {
    return std::ranges::any_of(
        workers_, [slot](const auto& worker) { return worker->slot() == slot && worker->state() < State::stopping; });
}

bool Workers::each_slot_serves() const {
    return std::ranges::all_of(slots_, [this](const auto& slot) { return owner_of(slot->number) != nullptr; });
}

bool Workers::is_serving(uint32_t id) const {
    const WorkerProcess* const worker = find(id);
    return worker != nullptr && worker->state() == State::serving;
}

// Who has become a WorkerProcess is killed when that goes: so each is kept, whatever becomes of the others.
Result<> Workers::take_over(const handover::Worker& left) {
    if (left.slot() >= sockets_.slots()) return failure("its slot {} is none of {}", left.slot(), sockets_.slots());
    const auto column = source_columns_->take(left.source_column());
    if (!column) return failure("its column of sources is not free");
    auto channel = copy_left(left.channel());
    if (!channel) return std::unexpected(channel.error());
    auto process = launcher_.find(left.pid());
    if (!process) return std::unexpected(process.error());
    const WorkerProcess::Identity identity{left.id(), left.slot(), *column, settings_.generation};
    WorkerProcess::Owner& owner = *this;
    workers_.push_back(std::make_unique<WorkerProcess>(loop_, log_, Launched{std::move(*process), std::move(*channel)},
                                                       identity, settings_.answer_timeout, owner));
    WorkerProcess& worker = *workers_.back();
    worker.take_over(left);
    for (const uint32_t slot : left.slots()) worker.slots.emplace(slot, ++times_taken_);
    if (auto watched = worker.watch_end(); !watched) return watched;
    if (worker.state() == State::stopping) drain(worker);
    return {};
}

void Workers::retire(uint32_t id) {
    const auto serving =
        std::ranges::count(workers_, State::serving, [](const auto& worker) { return worker->state(); });
    if (!is_serving(id) || serving == 1) return;
    WorkerProcess* const worker = find(id);
    for (const auto& [slot, time] : WorkerProcess::Slots(worker->slots)) release(*worker, slot);
    drain(*worker);
    reassign_slots();
    if (!is_surplus(*worker)) replace(*slots_[worker->slot()], false);
}

// The one in its place, else the one that has the least to do.
WorkerProcess* Workers::heir_for(const WorkerProcess& worker) const {
    std::vector<WorkerProcess*> others = alive();
    std::erase_if(others, [this](const WorkerProcess* other) {
        return other->state() != State::serving || is_surplus(*other) || !other->speaks();
    });
    const auto heir = std::ranges::min_element(others, {}, [&worker](const WorkerProcess* other) {
        return std::pair(other->slot() != worker.slot(), other->slots.size());
    });
    return heir == others.end() ? nullptr : *heir;
}

void Workers::dissolve(WorkerProcess& worker, OnReplaced on_replaced) {
    WorkerProcess* const heir = heir_for(worker);
    if (heir == nullptr) return on_replaced(failure("no worker serves that could take its connections"));
    log_.info(Module::supervisor, "worker {} goes: its connections are for worker {}", worker.id(), heir->id());
    Replacing replacing{worker.id(), heir->id(), std::move(on_replaced)};
    succeed(std::move(replacing), *heir);
    reassign_slots();
}

}  // namespace seki::supervisor
