#include "supervisor/change.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "config/consequences.h"
#include "config/convert.h"
#include "config/subject.h"

namespace seki::supervisor {
namespace {

using command::Request;
using observe::Module;
using Patience = WorkerProcess::Patience;

constexpr const char* stopping_reason = "it is stopping";

Patience patience_with(const WorkerProcess& worker) {
    return worker.state() == WorkerProcess::State::starting ? Patience::start : Patience::order;
}

// "AddBackend shop shop-1 10.0.0.1:80"
void describe(const Transaction& asked, Changes::Refusal& refusal) {
    if (!refusal.change) return;
    const Request& change = *asked.changes.at(*refusal.change);
    const std::string subject = config::subject(change);
    refusal.what = config::verb_name(change) + (subject.empty() ? "" : " ") + subject;
}

// By its number among those that were asked for.
std::optional<size_t> refused_change(const Applied::Part& part, const worker::Refused& refused) {
    const bool named = refused.has_change() && refused.change() < part.changes.size();
    return named ? std::optional(part.changes[refused.change()]) : std::nullopt;
}

uint64_t first_version(const EventLoop& loop) {
    return static_cast<uint64_t>(std::chrono::floor<std::chrono::milliseconds>(loop.wall().time_since_epoch()).count());
}

}  // namespace

Changes::Changes(EventLoop& loop, config::State& state, ListeningSockets& sockets, Workers& workers, observe::Log& log)
    : loop_(loop), state_(state), sockets_(sockets), workers_(workers), log_(log), version_(first_version(loop)) {
    workers_.on_launched = [this] { sync_unconfigured(); };
}

Result<> Changes::load(const std::vector<CheckedChange>& changes) {
    for (const CheckedChange& change : changes) {
        if (auto applied = state_.apply(change); !applied) return std::unexpected(applied.error());
        if (const auto key = activates(*change); key && !sockets_.is_open(*key)) {
            if (auto opened = sockets_.open(*key, change->activate_listener().interface()); !opened) return opened;
            sockets_.confirm(*key);
        }
        if (on_committed) on_committed(*change, false);
    }
    return {};
}

Changes::ChangeId Changes::enter(Transaction transaction, OnOutcome on_outcome) {
    const ChangeId id = ++last_;
    changes_.try_emplace(id, std::move(transaction), std::move(on_outcome), Applied(state_, sockets_));
    return id;
}

void Changes::submit(Transaction transaction, OnOutcome on_outcome) {
    queue_.push_back(enter(std::move(transaction), std::move(on_outcome)));
    begin_next();
}

void Changes::submit(CheckedChange change, OnOutcome on_outcome) {
    Transaction transaction;
    transaction.changes.push_back(std::move(change));
    submit(std::move(transaction), std::move(on_outcome));
}

void Changes::submit_next(Transaction transaction, OnOutcome on_outcome) {
    queue_.push_front(enter(std::move(transaction), std::move(on_outcome)));
    begin_next();
}

void Changes::refuse_waiting(const std::string& why) {
    for (const ChangeId id : std::exchange(queue_, {})) finish(id, std::unexpected(Refusal{.message = why}));
}

void Changes::release() {
    SEKI_CHECK(holds_ > 0);
    --holds_;
    begin_next();
}

// ---- one after another

void Changes::begin_next() {
    if (beginning_) return;
    beginning_ = true;
    while (!undecided_ && holds_ == 0 && writing_ == nullptr && !queue_.empty() &&
           !must_wait(changes_.at(queue_.front()))) {
        undecided_ = queue_.front();
        queue_.pop_front();
        go_on(*undecided_);
    }
    beginning_ = false;
}

// For the sockets of a listener that went: while a worker has not let go of them, the address would be in use, by us.
bool Changes::must_wait(const Change& change) const {
    std::vector<ListenerKey> closing;
    for (const auto& [id, other] : changes_) {
        if (!other.closing.empty()) std::ranges::copy(other.closes, std::back_inserter(closing));
    }
    if (closing.empty()) return false;
    return std::ranges::any_of(change.asked.changes, [&closing](const CheckedChange& asked) {
        const auto opens = activates(*asked);
        return opens && std::ranges::any_of(closing, [&opens](const ListenerKey& closed) {
                   return closed.address.port() == opens->address.port() &&
                          config::share_ports(closed.type, opens->type);
               });
    });
}

void Changes::run() {
    SEKI_CHECK(undecided_.has_value());
    go_on(*undecided_);
}

// A slice in this turn and the rest in the next ones, until it is prepared or refused.
void Changes::go_on(ChangeId id) {
    Change& change = changes_.at(id);
    if (workers_.stopping()) return refuse(id, {.message = stopping_reason});
    const auto& expected = change.asked.expect_version;
    if (expected && *expected != version_) {
        return refuse(id, {.message = fmt::format("the state has version {} and not {}", version_, *expected)});
    }
    if (change.next < change.asked.changes.size()) {
        if (!apply_slice(id, change)) return;
        if (change.next < change.asked.changes.size()) return loop_.schedule(*this);
        size_t failed = 0;
        if (auto opened = change.applied.open(!change.asked.dry_run, failed); !opened)
            return refuse(id, {.message = opened.error().message, .change = failed});
    }
    if (!judge_slice(change)) return loop_.schedule(*this);
    if (!change.applied.empty()) return prepare(id, change);
    finish(id, Made{std::move(change.warnings), version_});
    settle();
}

// False when it ended here.
bool Changes::apply_slice(ChangeId id, Change& change) {
    const size_t end = std::min(change.next + slice_changes, change.asked.changes.size());
    for (; change.next < end; ++change.next) {
        const CheckedChange& asked = change.asked.changes[change.next];
        Result<> applied = change.asked.restores ? Result<>() : can_be_served(state_, *asked);
        if (applied) applied = change.applied.apply(asked, change.next);
        if (!applied) {
            refuse(id, {.message = applied.error().message, .change = change.next});
            return false;
        }
    }
    return true;
}

// Also of a change that left everything as it was: who sends it again has not seen them. False when there are more.
bool Changes::judge_slice(Change& change) {
    const auto now = std::chrono::floor<std::chrono::seconds>(loop_.wall().time_since_epoch());
    const size_t judged = std::min(change.asked.changes.size(), max_judged);
    const size_t end = std::min(change.judged + slice_changes, judged);
    for (; change.judged < end; ++change.judged) {
        for (config::Consequence& found :
             config::consequences(state_, *change.asked.changes[change.judged], now.count())) {
            const bool known = std::ranges::find(change.warnings, found.text) != change.warnings.end();
            if (!known && change.warnings.size() < max_warnings) change.warnings.push_back(std::move(found.text));
        }
    }
    return change.judged == judged;
}

// Before any worker knew of it.
void Changes::refuse(ChangeId id, Refusal refusal) {
    Change& change = changes_.at(id);
    change.applied.take_back();
    for (const ListenerKey& key : change.applied.opens()) sockets_.take_out(key);
    finish(id, std::unexpected(std::move(refusal)));
    settle();
}

// The state is as it was decided; whoever waited for that has it to himself for a moment.
void Changes::settle() {
    undecided_.reset();
    const bool began = std::exchange(beginning_, true);
    for (auto& then : std::exchange(when_settled_, {})) then();
    beginning_ = began;
    sync_unconfigured();
    begin_next();
}

void Changes::when_settled(std::move_only_function<void()> then) {
    if (!undecided_) return then();
    when_settled_.push_back(std::move(then));
}

// ---- prepare

void Changes::prepare(ChangeId id, Change& change) {
    const std::vector<WorkerProcess*> workers = workers_.configured();
    for (const WorkerProcess* worker : workers) change.prepared.expect(worker->id());
    if (workers.empty()) return decide(id);
    for (WorkerProcess* worker : workers) prepare_part(*worker, id, change, 0);
}

// A worker that cannot be given its descriptors is like one that refuses them.
void Changes::prepare_part(WorkerProcess& worker, ChangeId id, Change& change, size_t number) {
    const Applied::Part& part = change.applied.parts()[number];
    worker::Order order;
    *order.mutable_prepare() = part.order;
    Result<std::vector<UniqueFd>> fds;
    if (number + 1 == change.applied.parts().size()) fds = name_sockets(worker, change, order);
    if (fds) {
        part.segments.name_in(*order.mutable_prepare());
        if (auto copied = part.segments.copy_to(*fds); !copied) fds = std::unexpected(copied.error());
    }
    if (!fds) {
        worker::Report refused;
        refused.mutable_refused()->set_reason(fds.error().message);
        return part_prepared(worker, id, number, &refused);
    }
    const auto on_report = [this, id, &worker, number](const worker::Report* report) {
        part_prepared(worker, id, number, report);
    };
    worker.order(order, patience_with(worker), on_report, std::move(*fds));
}

// The next part goes out when this one is prepared: so each has the time of an order, and no more than one of them
// waits for a worker. None does for what somebody has refused.
void Changes::part_prepared(WorkerProcess& worker, ChangeId id, size_t number, const worker::Report* report) {
    Change& change = changes_.at(id);
    if (report != nullptr && report->has_refused()) change.refused.emplace(worker.id(), number);
    const bool more = report != nullptr && report->has_prepared() && number + 1 < change.applied.parts().size();
    if (more && change.refused.empty() && !workers_.stopping()) return prepare_part(worker, id, change, number + 1);
    prepared(id, worker.id(), report);
}

Result<std::vector<UniqueFd>> Changes::name_sockets(WorkerProcess& worker, Change& change, worker::Order& order) {
    std::vector<UniqueFd> all;
    if (!change.applied.opens().empty()) change.had_slots[worker.id()] = worker.slots;
    for (const ListenerKey& key : change.applied.opens()) {
        auto sockets = workers_.name_sockets(worker, key, *order.mutable_prepare());
        if (!sockets) return sockets;
        std::ranges::move(*sockets, std::back_inserter(all));
    }
    return all;
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

// None: everybody who lives is prepared.
std::optional<Changes::Refusal> Changes::refusal(Change& change) const {
    Refusal refusal;
    size_t answers = 0;
    change.prepared.for_each_answer([&](command::MemberId member, const worker::Report& report) {
        ++answers;
        if (report.has_prepared()) return;
        const std::string reason = report.has_refused() ? report.refused().reason() : "no answer to prepare";
        refusal.message += fmt::format("{}{}: {}", refusal.message.empty() ? "" : ", ", member, reason);
        const auto part = change.refused.find(member);
        if (part == change.refused.end() || refusal.change) return;
        refusal.change = refused_change(change.applied.parts()[part->second], report.refused());
    });
    if (!refusal.message.empty()) return refusal;
    if (answers == 0 && !change.prepared.lost().empty()) return Refusal{.message = "no worker survived preparing it"};
    return {};
}

void Changes::decide(ChangeId id) {
    SEKI_CHECK(undecided_ == id);
    Change& change = changes_.at(id);
    // What it opened was closed by the stop.
    auto refused = workers_.stopping() ? Refusal{.message = stopping_reason} : refusal(change);
    if (refused) {
        abort(id, std::unexpected(std::move(*refused)));
    } else if (change.asked.dry_run) {
        abort(id, Made{std::move(change.warnings), version_});
    } else {
        commit(id, change);
    }
    settle();
}

// ---- what was decided

void Changes::abort(ChangeId id, Outcome outcome) {
    Change& change = changes_.at(id);
    change.outcome = std::move(outcome);
    change.applied.take_back();
    for (const ListenerKey& key : change.applied.opens()) close(change, key);
    worker::Order order;
    order.mutable_abort();  // sockets that came with prepare go with it
    tell_everybody(id, change, order);
    answered(id);
}

void Changes::commit(ChangeId id, Change& change) {
    ++version_;
    if (on_committed) {
        for (const CheckedChange& made : change.asked.changes) on_committed(*made, !change.asked.told_as_one);
    }
    if (on_new_version) on_new_version();
    for (const ListenerKey& key : change.applied.closes()) close(change, key);
    if (workers_.configured().empty()) change.warnings.emplace_back("no worker serves now");
    change.outcome = Made{std::move(change.warnings), version_};
    worker::Order order;
    order.mutable_commit()->set_state_version(version_);
    tell_everybody(id, change, order);
    for (const ListenerKey& key : change.applied.opens()) workers_.confirm(key, change.had_slots);
    answered(id);
}

void Changes::close(Change& change, const ListenerKey& key) {
    std::ranges::move(sockets_.take_out(key), std::back_inserter(change.closing));
    change.closes.push_back(key);
}

void Changes::tell_everybody(ChangeId id, Change& change, const worker::Order& decision) {
    change.answers_missing = 1;  // of whoever decided, so that nothing is over before everybody was told
    if (!change.closes.empty()) {
        for (WorkerProcess* worker : workers_.ending()) {
            ++change.answers_missing;
            worker->when_ended([this, id] { answered(id); });
        }
    }
    for (WorkerProcess* worker : workers_.configured()) tell(*worker, id, change, decision);
}

// A worker accepts from a listener only while it knows that listener.
void Changes::tell(WorkerProcess& worker, ChangeId id, Change& change, worker::Order decision) {
    if (decision.has_commit()) {
        for (const ListenerKey& key : change.closes) workers_.unassign(worker, key, letting_go(worker, id, change));
    }
    worker.order(decision, patience_with(worker), letting_go(worker, id, change));
}

WorkerProcess::OnReport Changes::letting_go(WorkerProcess& worker, ChangeId id, Change& change) {
    ++change.answers_missing;
    return [this, id, &worker, closes = !change.closes.empty()](const worker::Report* report) {
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

void Changes::finish(ChangeId id, Outcome outcome) {
    auto node = changes_.extract(id);
    Change& change = node.mapped();
    change.closing.clear();  // whoever hears of it may want the address
    // Whoever asked is told of a refusal, and the log by who heard the request (CommandServer).
    if (outcome) {
        for (const CheckedChange& made : change.asked.changes)
            log_.debug(Module::supervisor, "{} is in force", config::verb_name(*made));
    } else {
        describe(change.asked, outcome.error());
        outcome.error().version = version_;
    }
    if (change.on_outcome) change.on_outcome(std::move(outcome));
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
            workers_.sync(*snapshot, state_.certificate_memory().segments(), version_);
        } else {
            workers_.cannot_sync(snapshot.error().message);
        }
    }
    begin_next();
}

}  // namespace seki::supervisor
