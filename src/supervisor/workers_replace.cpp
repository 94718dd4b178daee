// Of Workers: one takes the place of another, and gets its connections.

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "supervisor/workers.h"

namespace seki::supervisor {

using observe::Module;
using Patience = WorkerProcess::Patience;
using State = WorkerProcess::State;

WorkerProcess* Workers::find(uint32_t id) const {
    const auto found = std::ranges::find_if(workers_, [id](const auto& worker) { return worker->id() == id; });
    return found != workers_.end() && (*found)->alive() ? found->get() : nullptr;
}

// Of the same slot, that begins or serves.
bool Workers::has_other(const WorkerProcess& worker) const {
    return std::ranges::any_of(workers_, [&worker](const auto& other) {
        return other.get() != &worker && other->state() < State::stopping && other->slot() == worker.slot();
    });
}

void Workers::replace(uint32_t id, OnReplaced on_replaced) {
    const WorkerProcess* const old = find(id);
    if (stopping_) return on_replaced(failure("the server is stopping"));
    if (old == nullptr || old->state() != State::serving) {
        return on_replaced(failure("there is no worker {} that serves", id));
    }
    if (is_surplus(*old)) return dissolve(*find(id), std::move(on_replaced));
    if (has_other(*old)) return on_replaced(failure("worker {} is being replaced already", id));
    auto successor = launch(*slots_[old->slot()]);
    if (!successor) return on_replaced(std::unexpected(successor.error()));
    log_.info(Module::supervisor, "worker {} is to be replaced by worker {}", id, *successor);
    replacing_.push_back({id, *successor, std::move(on_replaced)});
    on_launched();
}

// It serves, at the sockets of the old one. Who waits in their queues is accepted by whoever is first. Those that still
// give their connections to the old one are told first that it is the successor's turn: it would refuse them.
void Workers::succeed(Replacing replacing, WorkerProcess& successor) {
    tell(successor, command::WORKER_UPGRADED);
    const auto shared = std::make_shared<Replacing>(std::move(replacing));
    shared->awaited = 1;
    for (WorkerProcess* worker : alive()) {
        if (worker->state() != State::stopping || worker->heir != shared->old) continue;
        ++shared->awaited;
        introduce(*worker, successor, [this, shared](const worker::Report*) { predecessor_turned(shared); });
    }
    predecessor_turned(shared);
}

void Workers::predecessor_turned(const std::shared_ptr<Replacing>& replacing) {
    if (--replacing->awaited != 0) return;
    WorkerProcess* const old = find(replacing->old);
    WorkerProcess* const successor = find(replacing->successor);
    if (old == nullptr) return replacing->on_replaced(Replaced{.successor = replacing->successor});
    if (stopping_) return replacing->on_replaced(failure("the server is stopping"));
    if (successor == nullptr) {
        return replacing->on_replaced(failure("its successor, worker {}, has ended", replacing->successor));
    }
    for (const auto& [slot, time] : WorkerProcess::Slots(old->slots)) release(*old, slot);
    old->enter(State::stopping);
    introduce(*old, *successor, [this, replacing](const worker::Report* report) { moved(*replacing, report); });
    drain(*old);
    reassign_slots();
}

// `on_report`: the first have moved, or none can: then what the old one has ends with it.
void Workers::introduce(WorkerProcess& old, WorkerProcess& successor, WorkerProcess::OnReport on_report) {
    old.heir = successor.id();
    connect(old, successor, {}, std::move(on_report));
}

void Workers::shift(uint32_t from, uint32_t to, uint32_t clients, OnShifted on_shifted) {
    const auto serves = [](const WorkerProcess* worker) {
        return worker != nullptr && worker->state() == State::serving && worker->speaks();
    };
    WorkerProcess* const giver = find(from);
    WorkerProcess* const taker = find(to);
    if (!serves(giver) || !serves(taker)) return on_shifted(0);
    worker::HandOver what;
    what.set_most(clients);
    connect(*giver, *taker, what, [on_shifted = std::move(on_shifted)](const worker::Report* report) mutable {
        on_shifted(report != nullptr ? report->handed_over().moved() : 0);
    });
}

// One gets the end of a socket at which it gives, the other one that at which it takes.
void Workers::connect(WorkerProcess& from, WorkerProcess& to, const worker::HandOver& what,
                      WorkerProcess::OnReport on_report) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        log_.error(Module::supervisor, "no connection moves from worker {} to worker {}: {}", from.id(), to.id(),
                   system_error(errno));
        return on_report(nullptr);
    }
    UniqueFd of_giver(ends[0]);
    UniqueFd of_taker(ends[1]);
    const auto with = [](UniqueFd end) {
        std::vector<UniqueFd> fds;
        fds.push_back(std::move(end));
        return fds;
    };
    worker::Order take_over;
    take_over.mutable_take_over();
    to.order(take_over, Patience::order, nullptr, with(std::move(of_taker)));
    worker::Order hand_over;
    *hand_over.mutable_hand_over() = what;
    from.order(hand_over, Patience::aside, std::move(on_report), with(std::move(of_giver)));
}

void Workers::moved(Replacing& replacing, const worker::Report* report) {
    Replaced done{.successor = replacing.successor};
    if (report != nullptr && report->has_refused()) {
        log_.warn(Module::supervisor, "no connection moves from worker {}: {}", replacing.old,
                  report->refused().reason());
    } else if (report != nullptr) {
        done.moved = report->handed_over().moved();
        done.staying = report->handed_over().staying();
    }
    log_.info(Module::supervisor, "worker {} is replaced by worker {}: {} connections moved, {} still in the old one",
              replacing.old, done.successor, done.moved, done.staying);
    replacing.on_replaced(done);
}

void Workers::drain(WorkerProcess& worker) {
    if (worker.state() < State::stopping) worker.enter(State::stopping);
    worker::Order order;
    order.mutable_drain();
    worker.order(order, Patience::endless, [this, &worker](const worker::Report* report) {
        if (report == nullptr) return;
        if (on_last_figures) on_last_figures(report->done().figures());
        worker.expect_end();
    });
}

void Workers::cannot_succeed(const WorkerProcess& worker) {
    const auto found = std::ranges::find(replacing_, worker.id(), &Replacing::successor);
    if (found == replacing_.end()) return;
    Replacing replacing = std::move(*found);
    replacing_.erase(found);
    replacing.on_replaced(failure("its successor, worker {}, {}", worker.id(), worker.why_ended()));
}

}  // namespace seki::supervisor
