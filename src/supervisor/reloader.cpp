#include "supervisor/reloader.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "config/difference.h"
#include "config/rebase.h"
#include "supervisor/change_sets.h"
#include "supervisor/settings_difference.h"
#include "supervisor/told.h"

namespace seki::supervisor {
namespace {

// The answer is one frame.
constexpr size_t max_differences = 2000;
constexpr int max_diagnostics = 100;

// What a forked task finds: an answer, the changes, and all that the file says, for the next time.
enum Memory : size_t { answer_memory, change_memory, file_memory, memories_count };

void put_diagnostics(const std::vector<config::Diagnostic>& diagnostics, command::Response& response) {
    for (const config::Diagnostic& diagnostic : diagnostics) {
        if (response.warnings_size() == max_diagnostics) return;
        response.add_warnings(diagnostic.text());
    }
}

command::Request log_filter(const std::string& level) {
    command::Request filter;
    filter.set_logging(level);
    return filter;
}

void put_setting(const command::Request& change, command::Differences& found) {
    command::Difference& setting = *found.add_vec();
    setting.set_kind(command::CHANGED);
    setting.set_thing("Setting");
    setting.set_name(change.has_logging() ? "log_level" : "disable_cluster_metrics");
}

std::string summary(const command::Differences& found, size_t changes) {
    if (changes == 0) return "nothing is different";
    const size_t things = static_cast<size_t>(found.vec_size()) + found.omitted();
    const bool one = things == 1;
    if (found.dry_run()) return fmt::format("{} thing{} would be different", things, one ? "" : "s");
    return fmt::format("{} thing{} different now", things, one ? " is" : "s are");
}

}  // namespace

Reloader::Reloader(const config::State& state, Changes& changes, ForkedTasks& tasks, Checkings& checkings,
                   std::string path, config::FileConfig started_with)
    : state_(state),
      changes_(changes),
      tasks_(tasks),
      checkings_(checkings),
      path_(std::move(path)),
      started_with_(std::move(started_with)) {}

Result<> Reloader::remember(const std::vector<CheckedChange>& changes) {
    auto memory = command::SealedFrames::Writer::create("seki-file");
    if (!memory) return std::unexpected(memory.error());
    ToldChanges told(*memory);
    for (const CheckedChange& change : changes) {
        if (auto added = told.add(*change, {}); !added) return added;
    }
    if (auto added = told.add(log_filter(started_with_.server.log_level()), {}); !added) return added;
    if (auto finished = told.finish(); !finished) return finished;
    auto sealed = memory->seal();
    if (!sealed) return std::unexpected(sealed.error());
    things_ = std::move(*sealed);
    return {};
}

void Reloader::reload(command::Reload wanted, Answer answer) {
    auto attempt = std::make_shared<Attempt>();
    attempt->wanted = std::move(wanted);
    attempt->answer = std::move(answer);
    waiting_.push_back(std::move(attempt));
    begin_waiting();
}

// One may be over before it has begun to read.
void Reloader::begin_waiting() {
    if (std::exchange(beginning_, true)) return;
    while (!under_way_ && !waiting_.empty()) {
        const AttemptPtr attempt = std::move(waiting_.front());
        waiting_.pop_front();
        under_way_ = true;
        begin(attempt);
    }
    beginning_ = false;
}

void Reloader::begin(const AttemptPtr& attempt) {
    changes_.when_settled([this, attempt] {
        attempt->version = changes_.version();
        if (attempt->wanted.has_expect_version() && attempt->wanted.expect_version() != attempt->version) {
            return fail(attempt, fmt::format("the state has version {} and not {}", attempt->version,
                                             attempt->wanted.expect_version()));
        }
        // Mapped here: a copy of this process has no descriptors.
        auto things = frames_in(things_);
        if (!things) return fail(attempt, things.error().message);
        const auto mapped = std::make_shared<command::SealedFrames>(std::move(*things));
        const auto work = [this, &attempt, mapped](auto memories) { return find(attempt->wanted, mapped, memories); };
        auto sent = tasks_.send(
            "reading the configuration file", memories_count, work,
            [this, attempt](Result<ForkedTask::Memories> memories) { found(attempt, std::move(memories)); });
        if (!sent) fail(attempt, sent.error().message);
    });
}

// Somebody changed the state meanwhile.
void Reloader::begin_again(const AttemptPtr& attempt) {
    attempt->holds = true;
    changes_.hold();
    begin(attempt);
}

// ---- in a copy of this process

Result<> Reloader::Said::take(const CheckedChange& change) {
    if (change->has_logging()) log_level = change->logging();
    if (change->has_configure_metrics()) cluster_metrics = change->configure_metrics();
    if (auto applied = state.apply(change); !applied) return std::unexpected(applied.error());
    return {};
}

// But for what no file says.
Result<config::State> Reloader::exactly(config::State says) const {
    if (state_.ticket_secret().empty()) return says;
    command::Request secret;
    secret.set_set_tls_ticket_secret(state_.ticket_secret());
    const auto checked = config::check(std::move(secret));
    if (!checked) return std::unexpected(checked.error());
    if (auto applied = says.apply(*checked); !applied) return std::unexpected(applied.error());
    return says;
}

std::vector<command::Request> Reloader::settings_between(const Said& before, const Said& says) {
    std::vector<command::Request> changes;
    if (says.log_level != before.log_level) changes.push_back(log_filter(says.log_level));
    if (says.cluster_metrics != before.cluster_metrics)
        changes.emplace_back().set_configure_metrics(says.cluster_metrics);
    return changes;
}

Result<Reloader::Said> Reloader::read_said(std::shared_ptr<command::SealedFrames> things) {
    Said said;
    auto next = requests_of(std::move(things));
    for (;;) {
        auto asked = next();
        if (!asked) return std::unexpected(asked.error());
        if (!*asked) return said;
        auto checked = config::check(std::move((*asked)->request));
        if (!checked) return std::unexpected(checked.error());
        if (auto taken = said.take(*checked); !taken) return std::unexpected(taken.error());
    }
}

Result<> Reloader::find(const command::Reload& wanted, std::shared_ptr<command::SealedFrames> things,
                        std::span<command::SealedFrames::Writer> memories) const {
    const std::string& path = wanted.path().empty() ? path_ : wanted.path();
    auto file = config::load(path);
    if (!file) return failure("the configuration is not valid, nothing was changed:\n{}", config::text(file.error()));
    Said says;
    says.log_level = file->server.log_level();
    ToldChanges of_file(memories[file_memory]);
    for (const CheckedChange& change : file->changes) {
        if (auto taken = says.take(change); !taken) return failure("{}: {}", path, taken.error().message);
        if (auto added = of_file.add(*change, {}); !added) return added;
    }
    if (auto added = of_file.add(log_filter(says.log_level), {}); !added) return added;
    if (auto finished = of_file.finish(); !finished) return finished;
    const auto before = read_said(std::move(things));
    if (!before) return std::unexpected(before.error());
    const std::vector<command::Request> settings = settings_between(*before, says);
    Result<config::State> target =
        wanted.exact() ? exactly(std::move(says.state)) : config::rebase(before->state, says.state, state_);
    if (!target) return failure("{}: {}; nothing was changed", path, target.error().message);

    ToldChanges changes(memories[change_memory]);
    for (const command::Request& change : config::diff(state_, *target)) {
        if (auto added = changes.add(change, {}); !added) return added;
    }
    for (const command::Request& change : settings) {
        if (auto added = changes.add(change, {}); !added) return added;
    }
    if (auto finished = changes.finish(); !finished) return finished;

    command::Response response;
    command::Differences& found = *response.mutable_content()->mutable_differences();
    found = config::differences(state_, *target, max_differences);
    found.set_dry_run(wanted.dry_run());
    for (const command::Request& change : settings) put_setting(change, found);
    for (std::string& setting : after_restart(started_with_, *file)) found.add_after_restart(std::move(setting));
    response.set_status(command::OK);
    response.set_message(summary(found, changes.count()));
    put_diagnostics(file->warnings, response);
    return tell(memories[answer_memory], response);
}

// ---- and here

void Reloader::found(const AttemptPtr& attempt, Result<ForkedTask::Memories> memories) {
    if (!memories) return fail(attempt, memories.error().message);
    auto response = told((*memories)[answer_memory]);
    if (!response) return fail(attempt, response.error().message);
    const auto& settings = response->content().differences().after_restart();
    const bool ours = attempt->wanted.path().empty() || attempt->wanted.path() == path_;
    const bool begins_anew = ours && !attempt->wanted.dry_run() && on_new_settings;
    const bool differ = expects_new_settings_ || std::ranges::any_of(settings, takes_effect_by_upgrade);
    if (begins_anew && differ) return begin_anew(attempt);
    make(attempt, std::move(*response), std::move(*memories));
}

void Reloader::begin_anew(const AttemptPtr& attempt) {
    if (std::exchange(attempt->holds, false)) changes_.release();
    on_new_settings(std::exchange(attempt->answer, nullptr));
    under_way_ = false;
    begin_waiting();
}

void Reloader::make(const AttemptPtr& attempt, command::Response found, ForkedTask::Memories memories) {
    auto frames = frames_in(memories[change_memory]);
    if (!frames) return fail(attempt, frames.error().message);
    auto kept = std::make_shared<ForkedTask::Memories>(std::move(memories));
    checkings_.begin(requests_of(std::make_shared<command::SealedFrames>(std::move(*frames))),
                     [this, attempt, found = std::move(found),
                      kept](std::expected<Checking::Checked, Changes::Refusal> checked) mutable {
                         if (!checked) return fail(attempt, checked.error().message);
                         Transaction transaction;
                         transaction.changes = std::move(checked->changes);
                         submit(attempt, std::move(transaction), std::move(found), kept);
                     });
}

void Reloader::submit(const AttemptPtr& attempt, Transaction transaction, command::Response found,
                      std::shared_ptr<ForkedTask::Memories> memories) {
    transaction.expect_version = attempt->version;
    transaction.dry_run = attempt->wanted.dry_run();
    transaction.told_as_one = true;
    const bool held = std::exchange(attempt->holds, false);
    auto on_outcome = [this, attempt, found = std::move(found), memories, held](Changes::Outcome outcome) mutable {
        if (!outcome && !held && attempt->version != changes_.version()) return begin_again(attempt);
        if (outcome && !attempt->wanted.dry_run()) things_ = std::move((*memories)[file_memory]);
        command::Response response = answer_to_many(outcome, found.message(), {});
        if (outcome) {
            *response.mutable_content() = std::move(*found.mutable_content());
            for (std::string& warning : *found.mutable_warnings()) response.add_warnings(std::move(warning));
        }
        finish(attempt, response);
    };
    if (!held) return changes_.submit(std::move(transaction), std::move(on_outcome));
    changes_.submit_next(std::move(transaction), std::move(on_outcome));
    changes_.release();
}

void Reloader::finish(const AttemptPtr& attempt, const command::Response& response) {
    if (std::exchange(attempt->holds, false)) changes_.release();
    attempt->answer(response);
    under_way_ = false;
    begin_waiting();
}

void Reloader::fail(const AttemptPtr& attempt, std::string why) {
    command::Response response = response_of(command::FAILURE, std::move(why));
    response.set_state_version(changes_.version());
    finish(attempt, response);
}

}  // namespace seki::supervisor
