// Of Workers: that they may outlive a supervisor, and those that have outlived another one.

#include <algorithm>
#include <utility>

#include "supervisor/workers.h"

namespace seki::supervisor {

using observe::Module;
using State = WorkerProcess::State;

void Workers::give_lifeline(const WorkerProcess& worker, worker::Hello& hello, std::vector<UniqueFd>& fds) {
    auto socket = lifelines_.open(worker.pid());
    if (!socket) {
        return log_.warn(Module::supervisor, "worker {} would end with this supervisor, if that is killed: {}",
                         worker.id(), socket.error().message);
    }
    hello.set_lifeline(true);
    fds.push_back(std::move(*socket));
}

void Workers::hide() const {
    for (const WorkerProcess* worker : alive()) lifelines_.remove(worker->pid());
}

std::vector<uint32_t> Workers::adopt(std::vector<Orphan> orphans) {
    for (const Orphan& orphan : orphans) {
        const auto next = static_cast<uint16_t>(orphan.generation + 1);
        settings_.generation = std::max(settings_.generation, next);
        next_id_ = std::max(next_id_, orphan.id + 1);
    }
    std::vector<uint32_t> serving;
    for (Orphan& orphan : orphans) {
        auto adopted = adopt(std::move(orphan));
        if (adopted == nullptr) continue;
        if (adopted->state() == State::serving) serving.push_back(adopted->id());
        workers_.push_back(std::move(adopted));
    }
    for (const auto& worker : workers_) {
        if (worker->state() != State::stopping) continue;
        // It gives its connections to one of these, nobody knows to which: so they turn before the first one does.
        if (!serving.empty()) worker->heir = serving.front();
        drain(*worker);
    }
    return serving;
}

// Null: it is as it was.
std::unique_ptr<WorkerProcess> Workers::adopt(Orphan orphan) {
    // Of a supervisor that did not find the one that has this number, perhaps.
    const auto has_it = [&orphan](const auto& worker) { return worker->id() == orphan.id; };
    const uint32_t id = std::ranges::any_of(workers_, has_it) ? next_id_++ : orphan.id;
    const WorkerProcess::Identity identity{id, orphan.slot, SourceColumns::elsewhere, settings_.generation};
    WorkerProcess::Owner& owner = *this;
    auto worker =
        std::make_unique<WorkerProcess>(loop_, log_, Launched{std::move(orphan.process), std::move(orphan.channel)},
                                        identity, settings_.answer_timeout, owner);
    if (auto watched = worker->watch_end(); !watched) {
        log_.error(Module::supervisor, "worker {} (pid {}) is not adopted: {}", id, worker->pid(),
                   watched.error().message);
        return nullptr;
    }
    worker->adopt(orphan.draining);
    for (const Orphan::Socket& socket : orphan.sockets) worker->slots.emplace(socket.slot, ++times_taken_);
    log_.info(Module::supervisor, "worker {} (pid {}) is adopted{}", id, worker->pid(),
              orphan.draining ? "; it ends with its last session" : "");
    return worker;
}

void Workers::let_go_of_adopted() {
    for (auto& worker : workers_) {
        if (worker->adopted) loop_.deferred_delete(std::move(worker));
    }
    std::erase(workers_, nullptr);
    reassign_slots();
}

}  // namespace seki::supervisor
