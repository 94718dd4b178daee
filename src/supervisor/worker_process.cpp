#include "supervisor/worker_process.h"

#include <algorithm>
#include <signal.h>
#include <utility>

#include "base/check.h"

namespace seki::supervisor {
namespace {

using observe::Module;

// "prepare", "serve": what a worker that hangs was asked.
std::string name_of(const worker::Order& order) {
    const auto* field = worker::Order::descriptor()->FindFieldByNumber(order.kind_case());
    return field != nullptr ? field->name() : "nothing";
}

// What a worker may send along with its reports. Those of one report are taken before the next one is read, but the
// first bytes of that one may have come along.
command::Channel::Limits limits_of_reports() {
    auto limits = command::Channel::Limits::between_processes();
    limits.max_waiting_fds = 2 * command::Channel::max_fds_per_write;
    return limits;
}

constexpr unsigned generation_shift = 48;

}  // namespace

WorkerProcess::WorkerProcess(EventLoop& loop, observe::Log& log, Launched launched, Identity identity,
                             Duration answer_timeout, Owner& owner)
    : loop_(loop),
      log_(log),
      process_(std::move(launched.process)),
      channel_(loop, std::move(launched.channel), limits_of_reports(), *this),
      identity_(identity),
      answer_timeout_(answer_timeout),
      owner_(owner),
      launched_at_(loop.now()),
      last_order_(uint64_t{identity.generation} << generation_shift) {}

WorkerProcess::~WorkerProcess() {
    loop_.timers().cancel(*this);
    stop_watching();
}

Result<> WorkerProcess::watch_end() {
    const auto watched = loop_.watch(process_->ended_fd(), EPOLLIN, *this, EventLoop::Order::normal);
    if (!watched) return std::unexpected(watched.error());
    watch_ = *watched;
    return {};
}

void WorkerProcess::enter(State next) {
    SEKI_CHECK(next > state_);
    state_ = next;
}

// ---- from one supervisor to the next

void WorkerProcess::hand_over(handover::Worker& left) const {
    left.set_id(id());
    left.set_slot(slot());
    left.set_source_column(source_column());
    left.set_pid(pid());
    left.set_channel(channel_.fd());
    left.set_unread(channel_.rest().unread);
    left.set_schema_version(schema_version);
    left.set_draining(state_ == State::stopping);
    for (const auto& [slot, time] : slots) left.add_slots(slot);
    if (heir) left.set_heir(*heir);
}

std::string WorkerProcess::why_not_handed_over() const {
    if (state_ == State::starting) return fmt::format("worker {} is starting", id());
    if (!alive()) return fmt::format("worker {} is ending", id());
    for (const auto& [id, pending] : pending_) {
        if (pending.deadline != Monotonic::max())
            return fmt::format("worker {} has not answered yet ({})", identity_.id, pending.what);
    }
    if (channel_.pending_bytes() != 0) return fmt::format("worker {} does not read its orders", id());
    return {};
}

void WorkerProcess::take_over(const handover::Worker& left) {
    channel_.go_on_from({left.unread(), 0, {}});
    schema_version = left.schema_version();
    if (left.has_heir()) heir = left.heir();
    configured = true;
    enter(left.draining() ? State::stopping : State::serving);
}

void WorkerProcess::adopt(bool draining) {
    adopted = true;
    schema_version = 0;
    configured = true;
    enter(draining ? State::stopping : State::serving);
}

// ---- orders

void WorkerProcess::order(worker::Order& order, Patience patience, OnReport on_report, std::vector<UniqueFd> fds) {
    if (!alive()) {
        if (on_report) on_report(nullptr);
        return;
    }
    order.set_id(last_order_ + 1);
    order.set_descriptors(static_cast<uint32_t>(fds.size()));
    expect_answer(name_of(order), patience, std::move(on_report));
    if (auto sent = channel_.send(order, std::move(fds)); !sent) kill(sent.error().message);
}

void WorkerProcess::expect_end() {
    end_expected_ = true;
    expect_answer("its end", Patience::order, nullptr);
}

void WorkerProcess::expect_answer(std::string what, Patience patience, OnReport on_report) {
    const Duration limit = limit_of(patience);
    const Monotonic deadline = limit == Duration::max() ? Monotonic::max() : loop_.now() + limit;
    pending_.try_emplace(++last_order_, deadline, limit, patience, std::move(on_report), std::move(what));
    arm();
}

Duration WorkerProcess::limit_of(Patience patience) const {
    switch (patience) {
        case Patience::question:
        case Patience::order:
            return answer_timeout_;
        case Patience::start:
        case Patience::aside:
            return std::max(answer_timeout_, start_timeout);
        case Patience::endless:
            break;
    }
    return Duration::max();
}

void WorkerProcess::arm() {
    Monotonic earliest = Monotonic::max();
    for (const auto& [id, pending] : pending_) earliest = std::min(earliest, pending.deadline);
    if (earliest != Monotonic::max()) loop_.timers().arm(*this, earliest);
}

void WorkerProcess::on_timer() {
    if (!alive()) return end_remains();
    // Before any question is given up: its death answers them all.
    for (const auto& [id, pending] : pending_) {
        if (pending.patience == Patience::question || pending.deadline > loop_.now()) continue;
        return end_hanging(pending);
    }
    give_up_questions();
}

// It has closed its channel, or was told to end, and its process is there all the same.
void WorkerProcess::end_remains() {
    if (end_expected_) log_.error(Module::supervisor, "worker {} (pid {}) is killed: it does not end", id(), pid());
    process_->signal(SIGKILL);
}

// SIGABRT makes it say what it was at; who is stopped has nothing to say.
void WorkerProcess::end_hanging(const Pending& pending) {
    const std::string condition = process_->condition();
    const std::string why = fmt::format("it does not answer ({}, {} s){}", pending.what,
                                        std::chrono::duration_cast<std::chrono::seconds>(pending.limit).count(),
                                        condition.empty() ? "" : ": it " + condition);
    if (condition.empty() || condition == "is stopped") return kill(why);
    process_->signal(SIGABRT);
    end_with(why);
    loop_.timers().arm(*this, loop_.now() + crash_grace);
}

void WorkerProcess::ask_for_a_sign() {
    if (!alive() || state_ == State::starting) return;
    const auto keeps_it_busy = [](const auto& entry) {
        return entry.second.patience != Patience::aside && entry.second.patience != Patience::endless;
    };
    if (std::ranges::any_of(pending_, keeps_it_busy)) return;
    worker::Order status;
    status.mutable_status();
    order(status, Patience::order);
}

void WorkerProcess::give_up_questions() {
    std::vector<OnReport> given_up;
    for (auto entry = pending_.begin(); entry != pending_.end();) {
        if (entry->second.deadline > loop_.now()) {
            ++entry;
            continue;
        }
        if (entry->second.on_report) given_up.push_back(std::move(entry->second.on_report));
        entry = pending_.erase(entry);
    }
    arm();
    for (OnReport& on_report : given_up) on_report(nullptr);
}

void WorkerProcess::on_frame(std::string_view payload) {
    worker::Report report;
    if (!report.ParsePartialFromArray(payload.data(), static_cast<int>(payload.size()))) {
        return kill("it sent a report that cannot be read");
    }
    channel_.take_fds(report.descriptors());  // nobody expects any, and so they are closed
    answered(report);
}

void WorkerProcess::answered(const worker::Report& report) {
    if (report.has_event()) return owner_.on_worker_event(*this, report.event());
    auto found = pending_.extract(report.id());
    if (found.empty() && report.done().has_figures()) found = pending_drain();
    if (found.empty()) return;  // too late, and nobody waits for it any more
    if (found.mapped().on_report) found.mapped().on_report(&report);
}

// The end of a drain that a former supervisor has ordered.
WorkerProcess::PendingNode WorkerProcess::pending_drain() {
    const auto drain = std::ranges::find_if(pending_, [](const auto& entry) { return entry.second.what == "drain"; });
    return drain == pending_.end() ? PendingNode() : pending_.extract(drain);
}

// ---- the end

void WorkerProcess::on_malformed(const std::string& reason) { kill(reason); }

void WorkerProcess::on_closed(const std::string& /*reason*/) {
    // A process that is ending is told its own cause of death by the kernel, not this one.
    if (!end_expected_) process_->signal(SIGKILL);
    die();
    if (!ended_) loop_.timers().arm(*this, loop_.now() + answer_timeout_);
}

void WorkerProcess::kill(const std::string& why) {
    if (!alive()) return;
    process_->signal(SIGKILL);
    end_with(why);
}

void WorkerProcess::end_with(const std::string& why) {
    log_.error(Module::supervisor, "worker {} (pid {}) is killed: {}", id(), pid(), why);
    why_killed_ = fmt::format("was killed: {}", why);
    die();
}

void WorkerProcess::die() {
    if (!alive()) return;
    state_ = State::dead;
    loop_.timers().cancel(*this);
    channel_.close();
    std::map<uint64_t, Pending> unanswered;
    unanswered.swap(pending_);
    owner_.on_worker_dead(*this);
    for (auto& [id, pending] : unanswered) {
        if (pending.on_report) pending.on_report(nullptr);
    }
    report_end();
}

// The process ended. What it said before is still in the channel, which closes when all of it is read.
void WorkerProcess::on_event(uint32_t /*events*/) {
    stop_watching();
    if (!alive()) loop_.timers().cancel(*this);
    ended_ = true;
    how_ended_ = process_->reap();
    report_end();
}

// Whether the end was expected may be in what the channel still has.
void WorkerProcess::report_end() {
    if (!ended_ || alive()) return;
    if (end_expected_) {
        log_.info(Module::supervisor, "worker {} (pid {}) {}", id(), pid(), how_ended_);
    } else {
        log_.error(Module::supervisor, "worker {} (pid {}) {}", id(), pid(), how_ended_);
    }
    // Who is told may decide the next change at once, which waits for this worker as well.
    while (!when_ended_.empty()) {
        for (auto& then : std::exchange(when_ended_, {})) then();
    }
    owner_.on_worker_ended(*this);
}

void WorkerProcess::stop_watching() {
    if (!watch_.valid()) return;
    loop_.unwatch(process_->ended_fd(), watch_);
    watch_ = WatchId{};
}

}  // namespace seki::supervisor
