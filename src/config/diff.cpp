#include <algorithm>
#include <iterator>

#include "config/state.h"
#include "config/update.h"

namespace seki::config {
namespace {

using command::Request;
using Changes = std::vector<Request>;

Request set_state(const command::AddBackend& backend) {
    Request request;
    command::SetBackendState& change = *request.mutable_set_backend_state();
    change.set_cluster_id(backend.cluster_id());
    change.set_backend_id(backend.backend_id());
    *change.mutable_address() = backend.address();
    change.set_state(backend.state());
    return request;
}

// Nothing when the backends differ in more than their states.
std::optional<Request> state_change(const command::AddBackend& from, const command::AddBackend& to) {
    auto changed = from;
    changed.clear_state();
    if (to.has_state()) changed.set_state(to.state());
    if (!same_message(changed, to)) return {};
    return set_state(to);
}

// Whether two things differ in more than being active, which has verbs of its own.
template <typename Kind>
bool differ(const typename Kind::Message& a, const typename Kind::Message& b) {
    if constexpr (HasActivation<Kind>) {
        if (a.active() != b.active()) {
            auto toggled = a;
            toggled.set_active(b.active());
            return !same_message(toggled, b);
        }
    }
    return !same_message(a, b);
}

// The change that makes `from` to `to` where it is; nothing when it has to be added anew.
template <typename Kind>
std::optional<Request> change_in_place(const typename Kind::Message& from, const typename Kind::Message& to) {
    if constexpr (HasUpdate<Kind>) return update_between<Kind>(from, to);
    if constexpr (std::is_same_v<Kind, Backends>) return state_change(from, to);
    return {};
}

// Whether a thing need not be added anew to become `wanted`.
template <typename Kind>
bool stays(const typename Kind::Message& known, const typename Kind::Message& wanted) {
    return !differ<Kind>(known, wanted) || change_in_place<Kind>(known, wanted);
}

// What of `from` is not in `to`, or is another thing there that cannot simply replace it.
template <typename Kind>
void removals(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    for (const auto& [key, message] : from.entries()) {
        const auto* kept = to.find(key);
        const bool in_the_way = kept != nullptr && !Kind::replaceable && !stays<Kind>(message, *kept);
        if (kept == nullptr || in_the_way) changes.push_back(Kind::removal(key, message));
    }
}

// Whether a thing of `from` goes when its cluster is removed, which is not in `to`.
template <typename Kind>
bool goes_along(const State& from, const State& to, const typename Kind::Message& known) {
    if constexpr (requires { known.cluster_id(); } && !std::is_same_v<Kind, Clusters>) {
        const auto there = [&](const State& state) {
            return state.table<Clusters>().find(known.cluster_id()) != nullptr;
        };
        return there(from) && !there(to);
    }
    return false;
}

template <typename Kind>
void additions(const State& before, const State& after, Changes& changes) {
    const Table<Kind>& from = before.table<Kind>();
    for (const auto& [key, message] : after.table<Kind>().entries()) {
        const auto* known = from.find(key);
        if (known != nullptr && goes_along<Kind>(before, after, *known)) known = nullptr;
        if (known != nullptr && !differ<Kind>(*known, message)) continue;
        if (auto change = known != nullptr ? change_in_place<Kind>(*known, message) : std::nullopt) {
            changes.push_back(std::move(*change));
            continue;
        }
        put<Kind>(changes.emplace_back(), key, message);
        if constexpr (HasActivation<Kind>) Kind::add(changes.back())->set_active(false);
        if constexpr (std::is_same_v<Kind, Backends>) {
            // To be added again does not make a backend ready.
            if (known != nullptr && known->has_state() && !message.has_state()) changes.push_back(set_state(message));
        }
    }
}

template <typename Kind>
void deactivations(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    if constexpr (HasActivation<Kind>) {
        for (const auto& [key, listener] : to.entries()) {
            const auto* known = from.find(key);
            const bool kept = known != nullptr && stays<Kind>(*known, listener);
            if (kept && known->active() && !listener.active()) changes.push_back(Kind::activation(listener, false));
        }
    }
}

template <typename Kind>
void activations(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    if constexpr (HasActivation<Kind>) {
        for (const auto& [key, listener] : to.entries()) {
            const auto* known = from.find(key);
            const bool still_active = known != nullptr && known->active() && stays<Kind>(*known, listener);
            if (listener.active() && !still_active) changes.push_back(Kind::activation(listener, true));
        }
    }
}

template <typename... Kinds>
Changes diff_of_kinds(const State& from, const State& to, const std::tuple<Table<Kinds>...>* /*kinds*/) {
    Changes changes;
    (deactivations(from.table<Kinds>(), to.table<Kinds>(), changes), ...);
    const auto first_removal = static_cast<Changes::difference_type>(changes.size());
    (removals(from.table<Kinds>(), to.table<Kinds>(), changes), ...);
    std::reverse(changes.begin() + first_removal, changes.end());  // dependents go before their owners
    (additions<Kinds>(from, to, changes), ...);
    (activations(from.table<Kinds>(), to.table<Kinds>(), changes), ...);
    return changes;
}

}  // namespace

std::vector<Request> diff(const State& from, const State& to) {
    Changes changes = diff_of_kinds(from, to, static_cast<const EveryKind<Table>*>(nullptr));
    std::ranges::move(limit_changes(from.limits(), to.limits()), std::back_inserter(changes));
    // Nobody can go back to that of the start.
    if (from.ticket_secret() != to.ticket_secret() && !to.ticket_secret().empty())
        changes.emplace_back().set_set_tls_ticket_secret(to.ticket_secret());
    return changes;
}

}  // namespace seki::config
