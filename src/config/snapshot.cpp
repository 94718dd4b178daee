#include "config/snapshot.h"

#include <utility>

#include "config/strict_verb.h"

namespace seki::config {

Snapshot::Snapshot(const State& state) : state_(state), limits_(limit_changes({}, state.limits())) {
    const auto begin = [&state]<typename Kind>(Walk<Kind>& walk) {
        const auto& entries = state.table<Kind>().entries();
        walk = {entries.begin(), entries.begin(), entries.end()};
    };
    std::apply([&](auto&... walks) { (begin(walks), ...); }, walks_);
}

bool Snapshot::next(command::Request& request, const FillCertificate& fill) {
    const bool more = std::apply(
        [&](auto&... walks) {
            return (walks.add(request, fill) || ...) || (walks.activate(request) || ...) || limit(request) ||
                   ticket_secret(request);
        },
        walks_);
    if (more) use_strict_verb(request);
    return more;
}

// Activations are few.
uint64_t Snapshot::skip(uint64_t count) {
    uint64_t done = 0;
    std::apply([&](auto&... walks) { ((done += walks.skip(count - done)), ...); }, walks_);
    for (command::Request request; done < count && next(request); request.Clear()) ++done;
    return done;
}

template <typename Kind>
uint64_t Snapshot::Walk<Kind>::skip(uint64_t count) {
    uint64_t done = 0;
    for (; done < count && to_add != end; ++done) ++to_add;
    return done;
}

template <typename Kind>
bool Snapshot::Walk<Kind>::add(command::Request& request, const FillCertificate& fill) {
    if (to_add == end) return false;
    const auto& [key, message] = *to_add;
    if constexpr (std::is_same_v<Kind, Certificates>) {
        fill ? fill(request, key, message) : put<Kind>(request, key, message);
    } else {
        put<Kind>(request, key, message);
    }
    if constexpr (HasActivation<Kind>) Kind::add(request)->set_active(false);
    ++to_add;
    return true;
}

template <typename Kind>
bool Snapshot::Walk<Kind>::activate(command::Request& request) {
    if constexpr (HasActivation<Kind>) {
        while (to_activate != end) {
            const auto& listener = (to_activate++)->second;
            if (!listener.active()) continue;
            request = Kind::activation(listener, true);
            return true;
        }
    }
    return false;
}

bool Snapshot::limit(command::Request& request) {
    if (limits_told_ == limits_.size()) return false;
    request = limits_[limits_told_++];
    return true;
}

bool Snapshot::ticket_secret(command::Request& request) {
    if (std::exchange(secret_told_, true) || state_.ticket_secret().empty()) return false;
    request.set_set_tls_ticket_secret(state_.ticket_secret());
    return true;
}

}  // namespace seki::config
