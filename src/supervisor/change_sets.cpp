#include "supervisor/change_sets.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/counted.h"
#include "command/schema.h"

namespace seki::supervisor {

command::Response answer_to_made(const Changes::Made& made, std::string message) {
    command::Response response = response_of(command::OK, std::move(message));
    response.set_state_version(made.version);
    for (const std::string& warning : made.warnings) {
        *response.mutable_message() += "\nwarning: " + warning;
        response.add_warnings(warning);
    }
    return response;
}

command::Response answer_to_many(const Changes::Outcome& outcome, const std::string& made,
                                 const std::vector<std::string>& places) {
    if (outcome) return answer_to_made(*outcome, made);
    const Changes::Refusal& refusal = outcome.error();
    command::Response response = response_of(command::FAILURE, refusal.message);
    response.set_state_version(refusal.version);
    if (!refusal.change) return response;
    const size_t number = *refusal.change;
    const bool named = number < places.size() && !places[number].empty();
    const std::string place = named ? places[number] : fmt::format("change {}", number + 1);
    response.set_message(fmt::format("{} ({}): {}; nothing was changed", place, refusal.what, refusal.message));
    command::FailedChange& failed = *response.mutable_failed_change();
    failed.set_number(number + 1);
    failed.set_what(refusal.what);
    failed.set_reason(refusal.message);
    return response;
}

void ChangeSets::take(command::ChangeSet part, Answer answer) {
    if (!part.has_id() && !part.more()) {
        std::vector<command::Request> changes(std::make_move_iterator(part.mutable_changes()->begin()),
                                              std::make_move_iterator(part.mutable_changes()->end()));
        return make(part, std::move(changes), std::move(answer));
    }
    const auto id = add(part);
    if (!id) return answer(response_of(command::FAILURE, id.error().message));
    if (!part.more()) {
        auto node = open_.extract(*id);
        bytes_ -= node.mapped().bytes;
        return make(part, std::move(node.mapped().changes), std::move(answer));
    }
    command::Response response = response_of(command::OK, "");
    command::ChangeSetPart& kept = *response.mutable_content()->mutable_change_set();
    kept.set_id(*id);
    kept.set_held(open_.at(*id).changes.size());
    answer(response);
}

Result<uint64_t> ChangeSets::add(command::ChangeSet& part) {
    uint64_t id = part.id();
    if (part.has_id() && !open_.contains(id)) return failure("there is no open set of changes {}: begin again", id);
    const size_t bytes = part.ByteSizeLong();
    if (bytes_ + bytes > max_bytes) {
        if (auto node = open_.extract(id)) bytes_ -= node.mapped().bytes;
        return failure("all open sets of changes together would have more than {} bytes", max_bytes);
    }
    if (!part.has_id()) {
        if (open_.size() >= max_open) return failure("{} sets of changes are open already: try again", max_open);
        id = ++last_;
    }
    Open& open = open_[id];
    std::ranges::move(*part.mutable_changes(), std::back_inserter(open.changes));
    open.bytes += bytes;
    bytes_ += bytes;
    open.last_part = loop_.now();
    if (!armed()) loop_.timers().arm(*this, loop_.now() + patience);
    return id;
}

void ChangeSets::hand_over(handover::Handover& left) const {
    left.set_last_change_set(last_);
    for (const auto& [id, open] : open_) {
        handover::ChangeSet& told = *left.add_change_sets();
        told.set_id(id);
        told.mutable_changes()->Add(open.changes.begin(), open.changes.end());
    }
}

void ChangeSets::take_over(const handover::Handover& left) {
    last_ = left.last_change_set();
    for (const handover::ChangeSet& told : left.change_sets()) {
        Open& open = open_[told.id()];
        open.changes.assign(told.changes().begin(), told.changes().end());
        open.bytes = told.ByteSizeLong();
        open.last_part = loop_.now();
        bytes_ += open.bytes;
    }
    if (!open_.empty()) loop_.timers().arm(*this, loop_.now() + patience);
}

void ChangeSets::on_timer() {
    std::erase_if(open_, [this](const auto& entry) {
        const bool old = entry.second.last_part + patience <= loop_.now();
        if (old) bytes_ -= entry.second.bytes;
        return old;
    });
    if (open_.empty()) return;
    const auto oldest = std::ranges::min_element(open_, {}, [](const auto& entry) { return entry.second.last_part; });
    loop_.timers().arm(*this, oldest->second.last_part + patience);
}

void ChangeSets::make(const command::ChangeSet& last, std::vector<command::Request> changes, Answer answer) {
    const size_t count = changes.size();
    const std::string made = fmt::format("{} {}", counted(count, "change"), last.dry_run() ? "could be made" : "made");
    auto next = [changes = std::move(changes), at = size_t{0}]() mutable -> Result<std::optional<PlacedRequest>> {
        if (at == changes.size()) return std::nullopt;
        return PlacedRequest{std::move(changes[at++]), {}};
    };
    Transaction transaction;
    if (last.has_expect_version()) transaction.expect_version = last.expect_version();
    transaction.dry_run = last.dry_run();
    checkings_.begin(std::move(next), [this, made, transaction = std::move(transaction), answer = std::move(answer)](
                                          std::expected<Checking::Checked, Changes::Refusal> checked) mutable {
        if (!checked) {
            checked.error().version = changes_.version();
            return answer(answer_to_many(std::unexpected(std::move(checked.error())), made, {}));
        }
        transaction.changes = std::move(checked->changes);
        changes_.submit(std::move(transaction),
                        [made, answer = std::move(answer)](const Changes::Outcome& outcome) mutable {
                            answer(answer_to_many(outcome, made, {}));
                        });
    });
}

}  // namespace seki::supervisor
