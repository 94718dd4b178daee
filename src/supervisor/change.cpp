#include "supervisor/change.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "config/consequences.h"
#include "config/convert.h"
#include "config/placed_certificate.h"
#include "config/strict_verb.h"

namespace seki::supervisor {
namespace {

using command::Request;
using observe::Module;
using Patience = WorkerProcess::Patience;

constexpr const char* stopping_reason = "it is stopping";

Patience patience_with(const WorkerProcess& worker) {
    return worker.state() == WorkerProcess::State::starting ? Patience::start : Patience::order;
}

template <typename Kind, typename Named>
Request whole(const config::State& state, const Named& named) {
    const auto* found = state.table<Kind>().find(Kind::key(named));
    SEKI_CHECK(found != nullptr);
    Request request;
    *Kind::add(request) = *found;
    return request;
}

// What workers are told of a change that the state has taken. They know nothing of updates: they get the listener or
// frontend as it is now and put it in the place of the one they have. Likewise a backend, which may have had a state
// before.
Request order_of(const config::State& state, const Request& change) {
    switch (change.request_type_case()) {
        case Request::kUpdateHttpListener:
            return whole<config::HttpListeners>(state, change.update_http_listener());
        case Request::kUpdateHttpsListener:
            return whole<config::HttpsListeners>(state, change.update_https_listener());
        case Request::kUpdateTcpListener:
            return whole<config::TcpListeners>(state, change.update_tcp_listener());
        case Request::kUpdateHttpFrontend:
            return whole<config::HttpFrontends>(state, change.update_http_frontend());
        case Request::kUpdateHttpsFrontend:
            return whole<config::HttpsFrontends>(state, change.update_https_frontend());
        case Request::kAddBackend:
            return whole<config::Backends>(state, change.add_backend());
        default:
            return change;
    }
}

// Its bytes are in the memory that workers share.
void order_addition(const config::State& state, const config::CertificateKey& key, worker::Prepare& order,
                    config::UsedSegments& segments) {
    const auto* certificate = state.table<config::Certificates>().find(key);
    SEKI_CHECK(certificate != nullptr);
    config::place_certificate(key, *certificate, *order.add_changes(), order);
    segments.add(*certificate);
}

// Workers know nothing of exchanges either: they get the new certificate, and lose the old one, in one step.
void order_exchange(const config::State& state, const command::ReplaceCertificate& replaced, worker::Prepare& order,
                    config::UsedSegments& segments) {
    const config::CertificateKey key = config::Certificates::key(config::addition_of(replaced));
    order_addition(state, key, order, segments);
    if (key.fingerprint == config::parse_fingerprint(replaced.old_fingerprint())) return;
    command::RemoveCertificate& removed = *order.add_changes()->mutable_remove_certificate();
    *removed.mutable_address() = replaced.address();
    removed.set_fingerprint(replaced.old_fingerprint());
}

template <typename Kind>
Result<> must_listen(const config::State& state, const char* kind, const command::SocketAddress& wire) {
    const SocketAddress address = config::checked_address(wire);
    if (state.table<Kind>().find(address) != nullptr) return {};
    return failure("there is no {} listener on {}", kind, address.text());
}

// What a worker that serves would refuse. There may be none that does.
Result<> can_be_served(const config::State& state, const Request& change) {
    switch (change.request_type_case()) {
        case Request::kAddHttpFrontend:
            return must_listen<config::HttpListeners>(state, "HTTP", change.add_http_frontend().address());
        case Request::kUpdateHttpFrontend:
            return must_listen<config::HttpListeners>(state, "HTTP", change.update_http_frontend().address());
        case Request::kAddHttpsFrontend:
            return must_listen<config::HttpsListeners>(state, "HTTPS", change.add_https_frontend().address());
        case Request::kUpdateHttpsFrontend:
            return must_listen<config::HttpsListeners>(state, "HTTPS", change.update_https_frontend().address());
        case Request::kAddTcpFrontend:
            return must_listen<config::TcpListeners>(state, "TCP", change.add_tcp_frontend().address());
        default:
            return {};
    }
}

}  // namespace

Changes::Changes(EventLoop& loop, config::State& state, ListeningSockets& sockets, Workers& workers, observe::Log& log)
    : loop_(loop), state_(state), sockets_(sockets), workers_(workers), log_(log) {
    workers_.on_launched = [this] { sync_unconfigured(); };
}

Result<> Changes::load(const std::vector<CheckedChange>& changes) {
    for (const CheckedChange& request : changes) {
        Change change(request, nullptr);
        if (auto applied = apply(change); !applied) return applied;
        if (change.opens) sockets_.confirm(*change.opens);
        if (on_committed) on_committed(*request);
    }
    return {};
}

void Changes::submit(CheckedChange request, OnOutcome on_outcome) {
    const ChangeId id = ++last_;
    changes_.try_emplace(id, std::move(request), std::move(on_outcome));
    queue_.push_back(id);
    begin_next();
}

// ---- one after another

void Changes::begin_next() {
    if (beginning_) return;
    beginning_ = true;
    while (!undecided_ && writing_ == nullptr && !queue_.empty() && !must_wait(changes_.at(queue_.front()))) {
        const ChangeId id = queue_.front();
        queue_.pop_front();
        if (begin(id, changes_.at(id))) prepare(id, changes_.at(id));
    }
    beginning_ = false;
}

// For the sockets of a listener that went: while a worker has not let go of them, the address would be in use, by us.
bool Changes::must_wait(const Change& change) const {
    if (change.request->request_type_case() != Request::kActivateListener) return false;
    const ListenerKey opens = config::checked_listener_key(change.request->activate_listener());
    return std::ranges::any_of(changes_, [&opens](const auto& entry) {
        const Change& other = entry.second;
        return !other.closing.empty() && other.closes->address.port() == opens.address.port() &&
               config::share_ports(other.closes->type, opens.type);
    });
}

// False when it ended here.
bool Changes::begin(ChangeId id, Change& change) {
    if (workers_.stopping()) {
        finish(id, failure("{}", stopping_reason));
        return false;
    }
    auto applied = can_be_served(state_, *change.request);
    if (applied) applied = apply(change);
    if (!applied) {
        finish(id, std::move(applied));
        return false;
    }
    note_consequences(change);
    // Two are in no table.
    const bool in_state = !change.request->has_logging() && !change.request->has_configure_metrics();
    const bool changes_nothing = change.undo.empty() && in_state;
    if (changes_nothing) finish(id, {});
    return !changes_nothing;
}

Result<> Changes::apply(Change& change) {
    auto undo = state_.apply(change.request);
    if (!undo) return std::unexpected(undo.error());
    change.undo = std::move(*undo);
    if (change.undo.empty()) return {};
    switch (change.request->request_type_case()) {
        case Request::kActivateListener:
            change.opens = config::checked_listener_key(change.request->activate_listener());
            break;
        case Request::kDeactivateListener:
            change.closes = config::checked_listener_key(change.request->deactivate_listener());
            break;
        case Request::kRemoveListener:
            change.closes = config::checked_listener_key(change.request->remove_listener());
            break;
        default:
            break;
    }
    if (change.closes && !sockets_.is_open(*change.closes)) change.closes.reset();
    if (!change.opens) return {};
    auto opened = sockets_.open(*change.opens);
    if (!opened) state_.undo(std::move(change.undo));
    return opened;
}

// Also of a change that left everything as it was: who sends it again has not seen them.
void Changes::note_consequences(Change& change) {
    const auto now = std::chrono::floor<std::chrono::seconds>(loop_.wall().time_since_epoch());
    for (config::Consequence& consequence : config::consequences(state_, *change.request, now.count())) {
        change.warnings.push_back(std::move(consequence.text));
    }
}

// ---- prepare

void Changes::prepare(ChangeId id, Change& change) {
    undecided_ = id;
    const std::vector<WorkerProcess*> workers = workers_.configured();
    for (const WorkerProcess* worker : workers) change.prepared.expect(worker->id());
    if (workers.empty()) return decide(id);
    worker::Order order;
    worker::Prepare& prepare = *order.mutable_prepare();
    config::UsedSegments segments;
    if (change.request->has_replace_certificate()) {
        order_exchange(state_, change.request->replace_certificate(), prepare, segments);
    } else if (change.request->has_add_certificate()) {
        order_addition(state_, config::Certificates::key(change.request->add_certificate()), prepare, segments);
    } else {
        Request& told = *prepare.add_changes();
        told = order_of(state_, *change.request);
        config::use_strict_verb(told);
    }
    segments.name_in(prepare);
    for (WorkerProcess* worker : workers) prepare_on(*worker, id, change, order, segments);
}

// A worker that cannot be given its descriptors is like one that refuses them.
void Changes::prepare_on(WorkerProcess& worker, ChangeId id, Change& change, worker::Order order,
                         const config::UsedSegments& segments) {
    Result<std::vector<UniqueFd>> fds;
    if (change.opens) {
        change.had_slots[worker.id()] = worker.slots;
        fds = workers_.name_sockets(worker, *change.opens, *order.mutable_prepare());
    }
    if (fds) {
        if (auto copied = segments.copy_to(*fds); !copied) fds = std::unexpected(copied.error());
    }
    if (!fds) {
        worker::Report refused;
        refused.mutable_refused()->set_reason(fds.error().message);
        return prepared(id, worker.id(), &refused);
    }
    const auto on_report = [this, id, member = worker.id()](const worker::Report* report) {
        prepared(id, member, report);
    };
    worker.order(order, patience_with(worker), on_report, std::move(*fds));
}

// Null: it is lost.
void Changes::prepared(ChangeId id, command::MemberId member, const worker::Report* report) {
    auto& answers = changes_.at(id).prepared;
    if (report != nullptr) {
        answers.answer(member, *report);
    } else {
        answers.lose(member);
    }
    if (answers.complete()) decide(id);
}

// Empty: everybody who lives is prepared.
std::string Changes::refusal(Change& change) const {
    std::string reasons;
    size_t answers = 0;
    change.prepared.for_each_answer([&](command::MemberId member, const worker::Report& report) {
        ++answers;
        if (report.has_prepared()) return;
        const std::string& reason = report.has_refused() ? report.refused().reason() : "no answer to prepare";
        reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : ", ", member, reason);
    });
    if (reasons.empty() && answers == 0 && !change.prepared.lost().empty()) return "no worker survived preparing it";
    return reasons;
}

void Changes::decide(ChangeId id) {
    SEKI_CHECK(undecided_ == id);
    Change& change = changes_.at(id);
    // What it opened was closed by the stop.
    const std::string refused = workers_.stopping() ? stopping_reason : refusal(change);
    if (refused.empty()) {
        commit(id, change);
    } else {
        abort(id, refused);
    }
    undecided_.reset();
    sync_unconfigured();
    begin_next();
}

// ---- what was decided

void Changes::abort(ChangeId id, const std::string& reason) {
    Change& change = changes_.at(id);
    change.outcome = failure("{}", reason);
    state_.undo(std::move(change.undo));
    change.closes.reset();
    if (change.opens) close(change, *change.opens);
    worker::Order order;
    order.mutable_abort();  // sockets that came with prepare go with it
    tell_everybody(id, change, order);
    answered(id);
}

void Changes::commit(ChangeId id, Change& change) {
    if (on_committed) on_committed(*change.request);
    if (change.closes) close(change, *change.closes);
    if (workers_.configured().empty()) change.warnings.emplace_back("no worker serves now");
    worker::Order order;
    order.mutable_commit();
    tell_everybody(id, change, order);
    if (change.opens) workers_.confirm(*change.opens, change.had_slots);
    answered(id);
}

void Changes::close(Change& change, const ListenerKey& key) {
    change.closing = sockets_.take_out(key);
    change.closes = key;
}

void Changes::tell_everybody(ChangeId id, Change& change, const worker::Order& decision) {
    change.answers_missing = 1;  // of whoever decided, so that nothing is over before everybody was told
    if (change.closes) {
        for (WorkerProcess* worker : workers_.ending()) {
            ++change.answers_missing;
            worker->when_ended([this, id] { answered(id); });
        }
    }
    for (WorkerProcess* worker : workers_.configured()) tell(*worker, id, change, decision);
}

// A worker accepts from a listener only while it knows that listener.
void Changes::tell(WorkerProcess& worker, ChangeId id, Change& change, worker::Order decision) {
    if (decision.has_commit() && change.closes) {
        workers_.unassign(worker, *change.closes, letting_go(worker, id, change));
    }
    worker.order(decision, patience_with(worker), letting_go(worker, id, change));
}

WorkerProcess::OnReport Changes::letting_go(WorkerProcess& worker, ChangeId id, Change& change) {
    ++change.answers_missing;
    return [this, id, &worker, closes = change.closes.has_value()](const worker::Report* report) {
        if (report != nullptr || !closes) return answered(id);
        worker.when_ended([this, id] { answered(id); });
    };
}

void Changes::answered(ChangeId id) {
    Change& change = changes_.at(id);
    if (--change.answers_missing > 0) return;
    finish(id, std::move(change.outcome));
    begin_next();
}

void Changes::finish(ChangeId id, Result<> outcome) {
    auto node = changes_.extract(id);
    Change& change = node.mapped();
    change.closing.clear();  // whoever hears of it may want the address
    // Whoever asked is told of a refusal, and the log by who heard the request (CommandServer).
    if (outcome) log_.debug(Module::supervisor, "{} is in force", config::verb_name(*change.request));
    if (!change.on_outcome) return;
    if (outcome) return change.on_outcome(std::move(change.warnings));
    change.on_outcome(std::unexpected(outcome.error()));
}

// ---- workers that begin

// They all begin with the same snapshot, those as well that come while it is being written.
void Changes::sync_unconfigured() {
    if (undecided_ || writing_ != nullptr || workers_.stopping() || workers_.unconfigured().empty()) return;
    writing_ = std::make_unique<SnapshotWriter>(
        loop_, state_, [this](Result<command::SealedFrames::Memory> written) { sync(std::move(written)); });
}

void Changes::sync(Result<command::SealedFrames::Memory> snapshot) {
    loop_.deferred_delete(std::move(writing_));
    if (!workers_.stopping()) {
        if (snapshot) {
            workers_.sync(*snapshot, state_.certificate_memory().segments());
        } else {
            workers_.cannot_sync(snapshot.error().message);
        }
    }
    begin_next();
}

}  // namespace seki::supervisor
