#include "supervisor/workers.h"

#include <algorithm>
#include <iterator>
#include <signal.h>
#include <utility>

#include "base/check.h"
#include "config/convert.h"
#include "supervisor/processors.h"

namespace seki::supervisor {
namespace {

using observe::Module;
using Patience = WorkerProcess::Patience;
using State = WorkerProcess::State;

void name_socket(worker::ListeningSocket& socket, const ListenerKey& key, uint32_t slot) {
    socket.set_type(key.type);
    *socket.mutable_address() = config::to_wire(key.address);
    socket.set_slot(slot);
}

Duration pause_after(uint32_t early_deaths) {
    if (early_deaths < 2) return Duration::zero();
    const uint32_t doublings = std::min<uint32_t>(early_deaths - 2, 16);
    return std::min(Workers::longest_pause, Workers::first_pause * (1U << doublings));
}

std::string cannot_begin(const std::string& reason) { return fmt::format("it cannot begin: {}", reason); }

// What comes with the order to load a snapshot.
Result<std::vector<UniqueFd>> copies_for(const command::SealedFrames::Memory& snapshot,
                                         const Workers::Segments& certificates) {
    std::vector<UniqueFd> fds;
    auto memory = snapshot.copy();
    if (!memory) return std::unexpected(memory.error());
    fds.push_back(std::move(*memory));
    for (const auto& segment : certificates) {
        auto copied = segment->copy_fd();
        if (!copied) return std::unexpected(copied.error());
        fds.push_back(std::move(*copied));
    }
    return fds;
}

// What a worker is told when it begins was accepted by others: one that cannot take it cannot serve.
WorkerProcess::OnReport refusal_kills(WorkerProcess& worker) {
    return [&worker](const worker::Report* report) {
        if (report != nullptr && report->has_refused()) {
            worker.kill(cannot_begin(report->refused().reason()));
        }
    };
}

}  // namespace

Workers::Workers(EventLoop& loop, observe::Log& log, Launcher& launcher, ListeningSockets& sockets, Settings settings)
    : loop_(loop),
      log_(log),
      launcher_(launcher),
      sockets_(sockets),
      settings_(std::move(settings)),
      logs_(loop, log, settings_.server, [this] { return alive(); }),
      lifelines_(settings_.command_socket),
      next_id_(settings_.first_worker_id) {
    SEKI_CHECK(settings_.count <= sockets.slots());
    for (uint32_t slot = 0; slot < settings_.count; ++slot) slots_.push_back(std::make_unique<Slot>(*this, slot));
}

// Those that nobody has waited for end here.
Workers::~Workers() {
    for (const auto& worker : workers_) {
        if (!worker->adopted) lifelines_.remove(worker->pid());
    }
}

// ---- life and death

Result<> Workers::start() {
    auto columns = SourceColumns::create(settings_.count);
    if (!columns) return std::unexpected(columns.error());
    source_columns_.emplace(std::move(*columns));
    if (auto ready = ticket_secrets_.begin(settings_.server.tls_ticket_secret_file()); !ready) return ready;
    for (const auto& slot : slots_) {
        if (auto launched = launch(*slot); !launched) return std::unexpected(launched.error());
    }
    heartbeat_.next();
    on_launched();
    return {};
}

void Workers::Heartbeat::on_timer() {
    for (WorkerProcess* worker : workers.alive()) worker->ask_for_a_sign();
    next();
}

Result<uint32_t> Workers::launch(Slot& slot) {
    auto memory = source_columns_->memory();
    if (!memory) return std::unexpected(memory.error());
    const auto column = source_columns_->take();
    if (!column) return failure("no worker can start: {} others have not ended yet", workers_.size());
    auto begun = begin_process({next_id_++, slot.number, *column, settings_.generation});
    if (!begun) {
        source_columns_->give_back(*column);
        return std::unexpected(begun.error());
    }
    workers_.push_back(std::move(*begun));
    WorkerProcess& worker = *workers_.back();
    const uint32_t id = worker.id();
    log_.info(Module::supervisor, "worker {} started (pid {})", id, worker.pid());
    if (settings_.one_processor_each) {
        if (auto bound = bind_to_processor(worker.pid(), slot.number); !bound)
            log_.warn(Module::supervisor, "worker {} runs on any processor: {}", id, bound.error().message);
    }
    greet(worker, std::move(*memory));
    return id;
}

void Workers::greet(WorkerProcess& worker, UniqueFd source_table) {
    worker::Order order;
    worker::Hello& hello = *order.mutable_hello();
    hello.set_version(worker::VERSION);
    hello.set_worker_id(worker.id());
    hello.set_slot(worker.slot());
    hello.set_worker_count(settings_.count);
    *hello.mutable_config() = settings_.server;
    // The state knows them, and may have lifted them.
    hello.mutable_config()->clear_max_connections_per_ip();
    hello.mutable_config()->clear_max_connections_per_subnet();
    hello.mutable_config()->clear_max_connection_attempts();
    hello.set_source_column(worker.source_column());
    ticket_secrets_.tell(hello);
    if (!measures_clusters_) hello.set_no_clusters(true);
    if (settings_.json_access_log) hello.set_json_access_log(true);
    if (!settings_.seccomp) hello.set_no_seccomp(true);
    if (!settings_.landlock) hello.set_no_landlock(true);
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(source_table));
    std::ranges::move(logs_.open(*hello.mutable_log_files()), std::back_inserter(fds));
    if (settings_.orphans_serve) give_lifeline(worker, hello, fds);
    // Only a hello that fails is answered.
    worker.order(order, Patience::endless, refusal_kills(worker), std::move(fds));
}

// Where this fails, there is no process any more.
Result<std::unique_ptr<WorkerProcess>> Workers::begin_process(const WorkerProcess::Identity& identity) {
    auto launched = launcher_.launch(identity.id);
    if (!launched) return std::unexpected(launched.error());
    WorkerProcess::Owner& owner = *this;
    auto worker =
        std::make_unique<WorkerProcess>(loop_, log_, std::move(*launched), identity, settings_.answer_timeout, owner);
    if (auto watched = worker->watch_end(); !watched) return std::unexpected(watched.error());
    return worker;
}

void Workers::launch_again(Slot& slot) {
    if (stopping_) return;
    const auto launched = launch(slot);
    if (launched) return on_launched();
    log_.error(Module::supervisor, "{}", launched.error().message);
    replace(slot, false);
}

void Workers::on_worker_dead(WorkerProcess& worker) {
    worker.slots.clear();
    if (stopping_) return;
    reassign_slots();
    if (!worker.end_expected()) tell(worker, command::WORKER_KILLED);
    if (is_surplus(worker)) return;
    Slot& slot = *slots_[worker.slot()];
    if (!slot.served || !settings_.automatic_restart || has_other(worker)) return;
    replace(slot, loop_.now() - worker.launched_at() >= steady_after);
}

// Never launches within the death of another: that is a timer of no time at all.
void Workers::replace(Slot& slot, bool was_steady) {
    slot.early_deaths = was_steady ? 1 : slot.early_deaths + 1;
    const Duration pause = pause_after(slot.early_deaths);
    if (pause > Duration::zero()) {
        log_.warn(Module::supervisor, "slot {}: its workers die early; the next one starts in {} ms", slot.number,
                  pause / std::chrono::milliseconds(1));
    }
    slot.launch_at(loop_.now() + pause);
}

void Workers::on_worker_ended(WorkerProcess& worker) {
    const auto found = std::ranges::find(workers_, &worker, &std::unique_ptr<WorkerProcess>::get);
    SEKI_CHECK(found != workers_.end());
    source_columns_->give_back(worker.source_column());
    if (on_ended) on_ended(worker.pid());
    lifelines_.remove(worker.pid());
    cannot_succeed(worker);
    loop_.deferred_delete(std::move(*found));
    workers_.erase(found);
    // What the configuration or the machine does to the first one it would do to each that follows.
    if (!stopping_ && !is_surplus(worker) && !slots_[worker.slot()]->served) {
        on_cannot_begin(fmt::format("worker {} {}", worker.id(), worker.why_ended()));
    }
    check_stopped();
}

std::vector<WorkerProcess*> Workers::alive() const {
    std::vector<WorkerProcess*> living;
    for (const auto& worker : workers_) {
        if (worker->alive()) living.push_back(worker.get());
    }
    return living;
}

std::vector<WorkerProcess*> Workers::ending() const {
    std::vector<WorkerProcess*> dead;
    for (const auto& worker : workers_) {
        if (!worker->alive()) dead.push_back(worker.get());
    }
    return dead;
}

std::vector<WorkerProcess*> Workers::configured() const {
    std::vector<WorkerProcess*> members = alive();
    std::erase_if(members, [](const WorkerProcess* worker) { return !worker->configured || !worker->speaks(); });
    return members;
}

std::vector<WorkerProcess*> Workers::begun() const {
    std::vector<WorkerProcess*> members = alive();
    std::erase_if(members,
                  [](const WorkerProcess* worker) { return worker->state() == State::starting || !worker->speaks(); });
    return members;
}

std::vector<WorkerProcess*> Workers::unconfigured() const {
    std::vector<WorkerProcess*> others = alive();
    std::erase_if(others, [](const WorkerProcess* worker) { return worker->configured; });
    return others;
}

void Workers::stop(bool hard, std::function<void()> on_stopped) {
    stopping_ = true;
    on_stopped_ = std::move(on_stopped);
    for (const auto& slot : slots_) slot->cancel();
    for (WorkerProcess* worker : alive()) {
        if (!worker->configured) {
            worker->kill("it had not begun yet");
            continue;
        }
        if (!hard) {
            drain(*worker);
            continue;
        }
        if (worker->state() < State::stopping) worker->enter(State::stopping);
        worker::Order order;
        order.mutable_stop();
        worker->order(order, Patience::order, [worker](const worker::Report* report) {
            if (report != nullptr) worker->expect_end();
        });
    }
    for (const auto& worker : workers_) {
        if (hard && !worker->alive()) worker->signal(SIGKILL);
    }
    check_stopped();
}

void Workers::release_sockets(const std::vector<ListenerKey>& keys, std::function<void()> on_released) {
    on_released_ = std::move(on_released);
    holders_ = 1;  // the caller, until all are asked
    for (WorkerProcess* worker : ending()) {
        ++holders_;
        worker->when_ended([this] { released(); });
    }
    worker::Order order;
    for (WorkerProcess* worker : alive()) {
        if (!worker->configured) continue;
        ++holders_;
        order.mutable_unassign()->clear_sockets();
        for (const auto& [slot, time] : std::exchange(worker->slots, {})) {
            for (const ListenerKey& key : keys) {
                name_socket(*order.mutable_unassign()->add_sockets(), key, slot);
            }
        }
        worker->order(order, Patience::start, [this, worker](const worker::Report* report) {
            if (report != nullptr) return released();
            worker->when_ended([this] { released(); });
        });
    }
    released();
}

void Workers::released() {
    if (--holders_ == 0 && on_released_) std::exchange(on_released_, nullptr)();
}

void Workers::check_stopped() {
    if (stopping_ && workers_.empty() && on_stopped_) std::exchange(on_stopped_, nullptr)();
}

// ---- configuration

void Workers::sync(const command::SealedFrames::Memory& snapshot, const Segments& certificates,
                   uint64_t state_version) {
    SEKI_CHECK(!stopping_);
    for (WorkerProcess* worker : unconfigured()) sync(*worker, snapshot, certificates, state_version);
}

void Workers::sync(WorkerProcess& worker, const command::SealedFrames::Memory& snapshot, const Segments& certificates,
                   uint64_t state_version) {
    worker::Order order;
    order.mutable_load()->set_bytes(snapshot.bytes);
    order.mutable_load()->set_state_version(state_version);
    auto fds = copies_for(snapshot, certificates);
    if (!fds) return worker.kill(cannot_begin(fds.error().message));
    for (const auto& segment : certificates) order.mutable_load()->add_segments()->set_number(segment->number);
    worker.configured = true;
    worker.order(order, Patience::start, refusal_kills(worker), std::move(*fds));
    let_serve(worker);
}

void Workers::cannot_sync(const std::string& reason) {
    for (WorkerProcess* worker : unconfigured()) worker->kill(cannot_begin(reason));
}

// What was decided without them.
void Workers::tell(const std::vector<WorkerProcess*>& workers, worker::Order& prepare) {
    worker::Order commit;
    commit.mutable_commit();
    for (WorkerProcess* worker : workers) {
        worker->order(prepare, Patience::start, refusal_kills(*worker));
        worker->order(commit, Patience::start);
    }
}

void Workers::set_log_filter(const std::string& filter) {
    settings_.server.set_log_level(filter);
    worker::Order prepare;
    prepare.mutable_prepare()->add_changes()->set_logging(filter);
    tell(unconfigured(), prepare);
}

// Those that are there hear of it as of any change.
void Workers::set_ticket_secret(const std::string& secret) { ticket_secrets_.set(secret, loop_.wall()); }

void Workers::measure_clusters(bool wanted) {
    measures_clusters_ = wanted;
    worker::Order prepare;
    prepare.mutable_prepare()->add_changes()->set_configure_metrics(wanted ? command::ENABLED : command::DISABLED);
    tell(unconfigured(), prepare);
}

void Workers::let_serve(WorkerProcess& worker) {
    take_slot(worker, worker.slot());
    worker::Order serve;
    serve.mutable_serve();
    worker.order(serve, Patience::start, [this, &worker](const worker::Report* report) {
        if (report != nullptr) ready(worker);
    });
}

void Workers::ready(WorkerProcess& worker) {
    if (worker.state() != State::starting) return;  // it was told to stop meanwhile
    worker.enter(State::serving);
    const bool again = std::exchange(slots_[worker.slot()]->served, true);
    log_.info(Module::supervisor, "worker {} serves", worker.id());
    const auto replaces = std::ranges::find(replacing_, worker.id(), &Replacing::successor);
    if (replaces != replacing_.end()) {
        Replacing replacing = std::move(*replaces);
        replacing_.erase(replaces);
        succeed(std::move(replacing), worker);
    } else if (again) {
        tell(worker, command::WORKER_RELAUNCHED);
    }
    reassign_slots();
    const bool all = std::ranges::all_of(slots_, [](const auto& slot) { return slot->served; });
    if (!again && all && on_all_serve) on_all_serve();
}

void Workers::tell(const WorkerProcess& worker, command::EventKind kind) {
    command::Event event;
    event.set_kind(kind);
    if (on_event) on_event(worker.id(), event);
}

// ---- listening sockets

bool Workers::serves(const WorkerProcess& worker, uint32_t slot) {
    return worker.state() == State::serving && worker.slots.contains(slot);
}

WorkerProcess* Workers::owner_of(uint32_t slot) const {
    for (WorkerProcess* worker : alive()) {
        if (worker->slot() == slot && serves(*worker, slot)) return worker;
    }
    return nullptr;
}

WorkerProcess* Workers::least_burdened() const {
    std::vector<WorkerProcess*> serving = alive();
    std::erase_if(serving,
                  [](const WorkerProcess* worker) { return worker->state() != State::serving || !worker->speaks(); });
    const auto least = std::ranges::min_element(serving, {}, [](const WorkerProcess* w) { return w->slots.size(); });
    return least == serving.end() ? nullptr : *least;
}

// Every slot is served by its own worker or else by exactly one other. Called when somebody came or went.
void Workers::reassign_slots() {
    for (uint32_t slot = 0; slot < sockets_.slots(); ++slot) {
        const WorkerProcess* owner = owner_of(slot);
        bool served = owner != nullptr;
        for (WorkerProcess* worker : alive()) {
            if (worker->slot() == slot || !serves(*worker, slot)) continue;
            if (owner != nullptr) release(*worker, slot);
            served = true;
        }
        if (served) continue;
        if (WorkerProcess* stand_in = least_burdened()) take_slot(*stand_in, slot);
    }
}

void Workers::take_slot(WorkerProcess& worker, uint32_t slot) {
    worker.slots.emplace(slot, ++times_taken_);
    assign(worker, slot, sockets_.confirmed_keys());
}

void Workers::confirm(const ListenerKey& key, const Slots& had) {
    std::vector<std::pair<WorkerProcess*, uint32_t>> missing;
    for (WorkerProcess* worker : configured()) {
        const auto before = had.find(worker->id());
        for (const auto& held : worker->slots) {
            const bool has_it = before != had.end() && std::ranges::find(before->second, held) != before->second.end();
            if (!has_it) missing.emplace_back(worker, held.first);
        }
    }
    // Who takes over a slot from here on gets the sockets of this listener with all others.
    sockets_.confirm(key);
    for (const auto& [worker, slot] : missing) assign(*worker, slot, {key});
}

void Workers::assign(WorkerProcess& worker, uint32_t slot, const std::vector<ListenerKey>& keys) {
    worker::Order order;
    std::vector<UniqueFd> fds;
    const auto on_report = [this, &worker, slot](const worker::Report* report) {
        if (report != nullptr && report->has_refused()) cannot_take_slot(worker, slot, report->refused().reason());
    };
    const auto send = [&] {
        if (!fds.empty()) worker.order(order, Patience::start, on_report, std::exchange(fds, {}));
        order.Clear();
    };
    for (const ListenerKey& key : keys) {
        auto copy = sockets_.copy(key, slot);
        if (!copy) return cannot_take_slot(worker, slot, copy.error().message);
        name_socket(*order.mutable_assign()->add_sockets(), key, slot);
        fds.push_back(std::move(*copy));
        if (fds.size() == command::Channel::max_fds_per_write) send();
    }
    send();
}

// Who serves others has to go on serving them, and the next one to stand in would fare no better: who waits in these
// queues waits for the successor. A worker that begins and cannot have its own sockets is of no use.
void Workers::cannot_take_slot(WorkerProcess& worker, uint32_t slot, const std::string& reason) {
    if (!worker.slots.contains(slot)) return;
    if (worker.slot() == slot) return worker.kill(cannot_begin(reason));
    log_.error(Module::supervisor, "slot {}: worker {} cannot stand in: {}", slot, worker.id(), reason);
    release(worker, slot);
}

void Workers::release(WorkerProcess& worker, uint32_t slot) {
    worker.slots.erase(slot);
    worker::Order order;
    for (const ListenerKey& key : sockets_.keys()) name_socket(*order.mutable_unassign()->add_sockets(), key, slot);
    if (order.has_unassign()) worker.order(order, Patience::order);
}

Result<std::vector<UniqueFd>> Workers::name_sockets(const WorkerProcess& worker, const ListenerKey& key,
                                                    worker::Prepare& prepare) const {
    std::vector<UniqueFd> fds;
    for (const auto& [slot, time] : worker.slots) {
        auto copy = sockets_.copy(key, slot);
        if (!copy) return std::unexpected(copy.error());
        name_socket(*prepare.add_sockets(), key, slot);
        fds.push_back(std::move(*copy));
    }
    return fds;
}

void Workers::unassign(WorkerProcess& worker, const ListenerKey& key, WorkerProcess::OnReport on_report) {
    worker::Order order;
    order.mutable_unassign();
    for (const auto& [slot, time] : worker.slots) name_socket(*order.mutable_unassign()->add_sockets(), key, slot);
    worker.order(order, Patience::order, std::move(on_report));
}

}  // namespace seki::supervisor
