#include "supervisor/state_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "config/state_file/writer.h"
#include "supervisor/state_loading.h"
#include "supervisor/told.h"

namespace seki::supervisor {
namespace {

using observe::Module;

Result<> save_by_task(ForkedTasks& tasks, std::string what, const config::State& state, const std::string& path,
                      bool without_keys, ForkedTask::OnDone on_done) {
    const config::FileTarget target(path);
    const auto work = [&](auto memories) -> Result<> {
        const auto records = config::write_state(state, target, without_keys);
        if (!records) return std::unexpected(records.error());
        return tell(memories.front(),
                    response_of(command::OK, fmt::format("{} records are saved in {}", *records, path)));
    };
    return tasks.send(std::move(what), 1, work, std::move(on_done),
                      {.sweep = [target] { target.remove_draft(); }, .keep = {}});
}

std::string loaded(uint64_t records, size_t changes, const std::string& path) {
    return fmt::format("{} records of {} are loaded, {} of them changed something", records, path, changes);
}

// Enough to see what it is about.
constexpr size_t max_kept = 100;

ForkedTask::Work loading(const config::State& running, std::string path) {
    return [&running, path = std::move(path)](auto memories) -> Result<> {
        config::State state = running.copy();
        ToldChanges changes(memories[1]);
        auto loading = load_state(path, state, [&](const CheckedChange& change, const std::string& place) -> Result<> {
            const auto undo = state.apply(change);
            if (!undo) return std::unexpected(undo.error());
            return undo->empty() && !change->has_logging() ? Result<>{} : changes.add(*change, place);
        });
        if (!loading) return std::unexpected(loading.error());
        if (auto written = changes.finish(); !written) return written;
        command::Response response = response_of(command::OK, loaded(loading->records, changes.count(), path));
        for (const std::string& name : loading->kept) {
            if (static_cast<size_t>(response.warnings_size()) == max_kept) break;
            response.add_warnings(fmt::format("{} is there already, with other settings, and stays as it is", name));
        }
        return tell(memories[0], response);
    };
}

void fail(StateFiles::Answer& answer, const Failure& why) { answer(response_of(command::FAILURE, why.message)); }

}  // namespace

void StateFiles::save(const command::SaveState& wanted, Answer answer) {
    changes_.when_settled([this, wanted, answer = std::move(answer)]() mutable {
        const uint64_t version = changes_.version();
        auto shared = std::make_shared<Answer>(std::move(answer));
        auto saved = [shared, version](const Result<ForkedTask::Memories>& written) {
            if (!written) return fail(*shared, written.error());
            auto response = told(written->front());
            if (!response) return fail(*shared, response.error());
            response->set_state_version(version);
            (*shared)(*response);
        };
        auto sent = save_by_task(tasks_, "writing the file", state_, wanted.path(), wanted.without_keys(), saved);
        if (!sent) fail(*shared, sent.error());
    });
}

void StateFiles::load(const std::string& path, Answer answer) {
    changes_.when_settled([this, path, answer = std::move(answer)]() mutable {
        auto shared = std::make_shared<Answer>(std::move(answer));
        auto sent = tasks_.send("reading the file", 2, loading(state_, path),
                                [this, shared](Result<ForkedTask::Memories> read) {
                                    if (!read) return fail(*shared, read.error());
                                    make(std::move(*read), std::move(*shared));
                                });
        if (!sent) fail(*shared, sent.error());
    });
}

void StateFiles::make(ForkedTask::Memories memories, Answer answer) {
    auto response = told(memories[0]);
    if (!response) return fail(answer, response.error());
    auto frames = frames_in(memories[1]);
    if (!frames) return fail(answer, frames.error());
    auto next = requests_of(std::make_shared<command::SealedFrames>(std::move(*frames)));
    checkings_.begin(std::move(next), [this, response = std::move(*response), answer = std::move(answer)](
                                          std::expected<Checking::Checked, Changes::Refusal>&& checked) mutable {
        if (!checked) return answer(answer_to_many(std::unexpected(std::move(checked.error())), "", {}));
        Transaction transaction;
        transaction.changes = std::move(checked->changes);
        transaction.restores = true;
        transaction.told_as_one = true;
        changes_.submit(std::move(transaction),
                        [response = std::move(response), answer = std::move(answer),
                         places = std::move(checked->places)](Changes::Outcome outcome) mutable {
                            if (outcome)
                                outcome->warnings.insert(outcome->warnings.begin(), response.warnings().begin(),
                                                         response.warnings().end());
                            answer(answer_to_many(outcome, response.message(), places));
                        });
    });
}

// ---- by itself

void AutomaticSave::note_change() {
    if (!saving_ && !over_ && !armed()) loop_.timers().arm(*this, loop_.now() + delay);
}

void AutomaticSave::begin() {
    loop_.timers().cancel(*this);
    saving_ = true;
    changes_.when_settled([this] {
        const uint64_t version = changes_.version();
        auto sent =
            save_by_task(tasks_, "saving the state", state_, path_, false,
                         [this, version](const Result<ForkedTask::Memories>& outcome) { saved(version, outcome); });
        if (!sent) saved(version, std::unexpected(sent.error()));
    });
}

void AutomaticSave::saved(uint64_t version, const Result<ForkedTask::Memories>& outcome) {
    saving_ = false;
    if (outcome) {
        failures_ = 0;
        saved_version_ = version;
    }
    if (on_finished_) return saved_at_last(outcome);
    if (!outcome) return try_again(outcome.error().message);
    if (changes_.version() != version) note_change();
}

void AutomaticSave::try_again(const std::string& why) {
    const Duration pause = std::min(longest_pause, first_pause * (1U << std::min(failures_++, 16U)));
    log_.error(Module::supervisor, "the state cannot be saved: {}; it is tried again in {} s", why,
               pause / std::chrono::seconds(1));
    loop_.timers().arm(*this, loop_.now() + pause);
}

void AutomaticSave::saved_at_last(const Result<ForkedTask::Memories>& outcome) {
    if (outcome && saved_version_ != changes_.version()) return begin();
    if (!outcome) log_.error(Module::supervisor, "the state cannot be saved: {}", outcome.error().message);
    over_ = true;
    std::exchange(on_finished_, nullptr)();
}

void AutomaticSave::finish(std::function<void()> then) {
    if (over_) return then();
    on_finished_ = std::move(then);
    if (saving_) return;
    if (saved_version_ != changes_.version()) return begin();
    loop_.timers().cancel(*this);
    over_ = true;
    std::exchange(on_finished_, nullptr)();
}

}  // namespace seki::supervisor
