#include "supervisor/handover/upgrade.h"

#include <utility>

#include "base/check.h"
#include "base/counted.h"
#include "config/snapshot.h"
#include "supervisor/handover/message.h"
#include "supervisor/told.h"

namespace seki::supervisor {
namespace {

using observe::Module;

constexpr Duration look_again = std::chrono::milliseconds(5);

// In a copy of this process.
Result<> write_state(const config::State& state, command::SealedFrames::Writer& memory) {
    ToldChanges told(memory);
    config::Snapshot walk(state);
    for (command::Request change; walk.next(change); change.Clear()) {
        if (auto added = told.add(change, {}); !added) return added;
    }
    return told.finish();
}

// Likewise.
Result<> let_it_try(const config::State& state, handover::Handover left, const Executable& next,
                    const Executable& former) {
    auto writer = command::SealedFrames::Writer::create("seki-state");
    if (!writer) return std::unexpected(writer.error());
    if (auto written = write_state(state, *writer); !written) return written;
    auto memory = writer->seal();
    if (!memory) return std::unexpected(memory.error());
    name_frames(*memory, *left.mutable_state());
    auto note = write_handover(left);
    if (!note) return std::unexpected(note.error());
    const auto call = Inheritance::call_with({.memory = *note, .former = former, .trial = true}, left);
    return next.try_out(call, Inheritance::promise);
}

}  // namespace

void Upgrade::enter(State next) {
    const bool forward = next == State::idle || next > state_now_;
    const bool back = next == State::waiting && (state_now_ == State::writing || state_now_ == State::taking_over);
    SEKI_CHECK(forward || back);
    state_now_ = next;
}

// ---- in the program that ends

void Upgrade::begin(Answer answer) {
    if (state_now_ != State::idle) return answer(response_of(command::FAILURE, "an upgrade is under way"));
    begin(Executable::installed(), std::move(answer));
}

void Upgrade::begin_anew(Answer answer) {
    // Whatever executable it is, it reads the file.
    const bool joins = state_now_ == State::trying_out || state_now_ == State::waiting;
    if (joins) return askers_.push_back({std::move(answer)});
    if (state_now_ != State::idle) return answer(response_of(command::FAILURE, "an upgrade is under way"));
    begin(Executable::running(), std::move(answer));
}

void Upgrade::begin(Result<Executable> next, Answer answer) {
    askers_.push_back({std::move(answer)});
    if (workers_.stopping()) return refuse("the server is stopping");
    if (!next) return refuse(fmt::format("the executable cannot be opened: {}", next.error().message));
    next_ = std::move(*next);
    enter(State::trying_out);
    try_out();
}

void Upgrade::try_out() {
    auto former = Executable::running();
    if (!former) return refuse(former.error().message);
    const handover::Handover left = owner_.hand_over();
    std::vector<int> keep = descriptors_of(left);
    keep.push_back(next_->fd());
    keep.push_back(former->fd());
    auto sent = tasks_.send(
        "trying out the new executable", 1, [&](auto) { return let_it_try(state_, left, *next_, *former); },
        [this](const Result<ForkedTask::Memories>& outcome) {
            if (!outcome)
                return refuse(fmt::format("the new executable cannot take over: {}", outcome.error().message));
            waits_until_ = loop_.now() + longest_wait;
            wait();
        },
        {.sweep = nullptr, .keep = std::move(keep)});
    if (!sent) refuse(sent.error().message);
}

void Upgrade::wait() {
    enter(State::waiting);
    owner_.hold(true);
    loop_.timers().arm(*this, loop_.now());
}

void Upgrade::on_timer() {
    if (state_now_ == State::taking_over) return wait_for_all();
    const std::string why = tasks_.count() != 0 ? "a file is read or written" : why_not_now();
    if (why.empty()) return write();
    if (loop_.now() >= waits_until_ || workers_.stopping()) return refuse(why);
    loop_.timers().arm(*this, loop_.now() + look_again);
}

std::string Upgrade::why_not_now() const { return owner_.why_not_handed_over(askers_.size()); }

void Upgrade::write() {
    enter(State::writing);
    auto sent = tasks_.send(
        "writing the state down", 1, [this](auto memories) { return write_state(state_, memories[0]); },
        [this](Result<ForkedTask::Memories> memories) { end_program(std::move(memories)); });
    if (!sent) refuse(sent.error().message);
}

// The task is over, but ends with this turn only.
void Upgrade::end_program(Result<ForkedTask::Memories> state) {
    if (!state) return refuse(state.error().message);
    if (tasks_.count() > 1 || !why_not_now().empty()) return wait();
    auto former = Executable::running();
    if (!former) return refuse(former.error().message);
    handover::Handover left = owner_.hand_over();
    name_frames(state->front(), *left.mutable_state());
    const auto note = write_handover(left);
    if (!note) return refuse(note.error().message);
    auto call = Inheritance::call_with({.memory = *note, .former = *former, .refused = refused_}, left);
    for (std::string& variable : owner_.about_to_end()) call.variables.push_back(std::move(variable));
    refuse(fmt::format("the executable cannot be run: {}", next_->become(call).message));
}

void Upgrade::refuse(const std::string& why) {
    const bool held = state_now_ >= State::waiting;
    enter(State::idle);
    next_.reset();
    if (held) owner_.hold(false);
    const std::string first = std::exchange(refused_, {});
    if (!first.empty()) {
        log_.error(Module::supervisor, "the former executable cannot go on: {}", why);
        changes_.release();
    }
    answer(command::FAILURE, fmt::format("not upgraded: {}", first.empty() ? why : first));
}

void Upgrade::answer(command::ResponseStatus status, const std::string& message) {
    if (status == command::OK) {
        log_.info(Module::supervisor, "{}", message);
    } else {
        log_.error(Module::supervisor, "{}", message);
    }
    for (Asker& asker : std::exchange(askers_, {})) {
        if (status == command::OK && asker.wants) {
            owner_.obey(std::move(*asker.wants), std::move(asker.answer));
        } else {
            asker.answer(response_of(status, message));
        }
    }
}

// ---- in the program that takes over

void Upgrade::ask_later(command::Request request, Answer answer) {
    Asker& asker = askers_.emplace_back(std::move(answer));
    if (!request.has_upgrade_main()) asker.wants = std::move(request);
}

void Upgrade::go_on(const Inheritance& left) {
    went_on_ = true;
    from_ = left.left().version();
    if (!left.refused().empty()) {
        enter(State::idle);
        return answer(command::FAILURE, fmt::format("not upgraded: {}", left.refused()));
    }
    auto former = left.former().copy();
    if (former) former_ = std::move(*former);
    // Those that have a place first: the others go to them.
    std::vector<uint32_t> to_replace;
    for (const bool surplus : {false, true}) {
        for (const WorkerProcess* worker : workers_.alive()) {
            const bool serves = worker->state() == WorkerProcess::State::serving;
            if (serves && workers_.is_surplus(*worker) == surplus) to_replace.push_back(worker->id());
        }
    }
    changes_.hold();
    const auto on_done = [this](const Succession::Sum& sum) {
        sum_ = sum;
        waits_until_ = loop_.now() + longest_wait;
        wait_for_all();
    };
    succession_.begin({std::move(to_replace), [this](const std::string& why) { return give_back(why); }, on_done});
}

// Where there are more workers than before, the new ones are begun beside.
void Upgrade::wait_for_all() {
    if (workers_.stopping() || workers_.each_slot_serves() || loop_.now() >= waits_until_) return done();
    loop_.timers().arm(*this, loop_.now() + look_again);
}

// False: there is no former executable any more.
bool Upgrade::give_back(const std::string& why) {
    if (!former_) return false;
    log_.error(Module::supervisor, "{}; the former executable goes on", why);
    refused_ = why;
    changes_.refuse_waiting("an upgrade is not possible: try again");
    next_ = std::move(*former_);
    former_.reset();
    waits_until_ = loop_.now() + longest_wait;
    wait();
    return true;
}

void Upgrade::done() {
    enter(State::idle);
    former_.reset();
    changes_.release();
    const std::string what =
        fmt::format("version {} in place of {}; {} replaced, {} connections moved, {} still in the old ones",
                    SEKI_VERSION, from_, counted(sum_.replaced, "worker"), sum_.moved, sum_.staying);
    if (workers_.stopping())
        return answer(command::FAILURE, "Upgrade not finished, for the server is stopping: " + what);
    if (!workers_.each_slot_serves())
        return answer(command::FAILURE,
                      fmt::format("Upgrade not finished: {}; a worker cannot begin, see the log", what));
    answer(command::OK, "Upgrade successful: " + what);
}

}  // namespace seki::supervisor
