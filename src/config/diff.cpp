#include <algorithm>

#include "config/state.h"

namespace seki::config {
namespace {

using command::Request;
using Changes = std::vector<Request>;

template <HasActivation Kind>
Request activation(const typename Kind::Message& listener, bool active) {
    Request request;
    if (active) {
        *request.mutable_activate_listener()->mutable_address() = listener.address();
        request.mutable_activate_listener()->set_proxy(Kind::type);
        request.mutable_activate_listener()->set_from_scm(false);
    } else {
        *request.mutable_deactivate_listener()->mutable_address() = listener.address();
        request.mutable_deactivate_listener()->set_proxy(Kind::type);
        request.mutable_deactivate_listener()->set_to_scm(false);
    }
    return request;
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

// What of `from` is not in `to`, or is another thing there that cannot simply replace it.
template <typename Kind>
void removals(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    for (const auto& [key, message] : from.entries()) {
        const auto* kept = to.find(key);
        const bool in_the_way = kept != nullptr && !Kind::replaceable && differ<Kind>(message, *kept);
        if (kept == nullptr || in_the_way) changes.push_back(Kind::removal(key, message));
    }
}

template <typename Kind>
void additions(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    for (const auto& [key, message] : to.entries()) {
        const auto* known = from.find(key);
        if (known != nullptr && !differ<Kind>(*known, message)) continue;
        auto* added = Kind::add(changes.emplace_back());
        *added = message;
        if constexpr (HasActivation<Kind>) added->set_active(false);
    }
}

template <typename Kind>
void deactivations(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    if constexpr (HasActivation<Kind>) {
        for (const auto& [key, listener] : to.entries()) {
            const auto* known = from.find(key);
            const bool kept = known != nullptr && !differ<Kind>(*known, listener);
            if (kept && known->active() && !listener.active()) changes.push_back(activation<Kind>(listener, false));
        }
    }
}

template <typename Kind>
void activations(const Table<Kind>& from, const Table<Kind>& to, Changes& changes) {
    if constexpr (HasActivation<Kind>) {
        for (const auto& [key, listener] : to.entries()) {
            const auto* known = from.find(key);
            const bool still_active = known != nullptr && known->active() && !differ<Kind>(*known, listener);
            if (listener.active() && !still_active) changes.push_back(activation<Kind>(listener, true));
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
    (additions(from.table<Kinds>(), to.table<Kinds>(), changes), ...);
    (activations(from.table<Kinds>(), to.table<Kinds>(), changes), ...);
    return changes;
}

}  // namespace

std::vector<Request> diff(const State& from, const State& to) {
    return diff_of_kinds(from, to, static_cast<const EveryKind<Table>*>(nullptr));
}

std::vector<Request> snapshot(const State& state) { return diff(State(), state); }

}  // namespace seki::config
