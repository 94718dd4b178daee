#include "config/rebase.h"

#include <utility>

#include "base/check.h"

namespace seki::config {
namespace {

using command::Request;

// What is made of things that have passed the validator passes it again.
Result<> make(State& state, Request request) {
    auto checked = check(std::move(request));
    if (!checked) return std::unexpected(checked.error());
    if (auto applied = state.apply(*checked); !applied) return std::unexpected(applied.error());
    return {};
}

template <typename Kind>
bool same_in(const State& a, const State& b, const typename Kind::Key& key) {
    const auto* one = a.table<Kind>().find(key);
    const auto* other = b.table<Kind>().find(key);
    return one != nullptr && other != nullptr && same_message(*one, *other);
}

class Rebase {
public:
    Rebase(const State& said, const State& says, State& target) : said_(said), says_(says), target_(target) {}

    Result<> run() {
        // What goes may be in the way of what comes.
        auto done = each([this](auto& table) { return remove_of(table); });
        if (done) done = each([this](auto& table) { return put(table); });
        for (Request& limit : limit_changes(said_.limits(), says_.limits())) {
            if (done) done = make(target_, std::move(limit));
        }
        return done;
    }

private:
    template <typename... Kinds, typename Visit>
    Result<> each_of(const std::tuple<Table<Kinds>...>* /*kinds*/, Visit visit) {
        Result<> done;
        ((done = done ? visit(says_.table<Kinds>()) : std::move(done)), ...);
        return done;
    }
    template <typename Visit>
    Result<> each(Visit visit) {
        return each_of(static_cast<const EveryKind<Table>*>(nullptr), visit);
    }

    template <typename Kind>
    Result<> remove_of(const Table<Kind>& says) {
        if constexpr (!std::is_same_v<Kind, Clusters>) return remove(says);
        const State before = target_.copy();
        auto done = remove(says);
        if (done) done = bring_back<Backends>(before);
        if (done) done = bring_back<HttpFrontends>(before);
        if (done) done = bring_back<HttpsFrontends>(before);
        if (done) done = bring_back<TcpFrontends>(before);
        return done ? bring_back<UdpFrontends>(before) : std::move(done);
    }

    // What went along with a cluster is looked at by itself: the file may still have it, or somebody else.
    template <typename Kind>
    Result<> bring_back(const State& before) {
        for (const auto& [key, message] : before.table<Kind>().entries()) {
            if (target_.table<Kind>().find(key) != nullptr) continue;
            Request request;
            config::put<Kind>(request, key, message);
            if (auto added = make(target_, std::move(request)); !added) return added;
        }
        return {};
    }

    // What the file no longer says, and what is to be put in its place and cannot simply replace it.
    template <typename Kind>
    Result<> remove(const Table<Kind>& says) {
        for (const auto& [key, message] : said_.table<Kind>().entries()) {
            if (says.find(key) == nullptr && target_.table<Kind>().find(key) != nullptr) {
                if (auto removed = make(target_, Kind::removal(key, message)); !removed) return removed;
            }
        }
        if constexpr (!Kind::replaceable) {
            for (const auto& [key, message] : says.entries()) {
                const auto* there = target_.table<Kind>().find(key);
                if (there == nullptr || same_message(*there, message) || same_in<Kind>(said_, says_, key)) continue;
                if (auto removed = make(target_, Kind::removal(key, *there)); !removed) return removed;
            }
        }
        return {};
    }

    template <typename Kind>
    Result<> put(const Table<Kind>& says) {
        for (const auto& [key, message] : says.entries()) {
            if (same_in<Kind>(said_, says_, key) || same_in<Kind>(target_, says_, key)) continue;
            if (auto forgot = forget_state(key, message); !forgot) return forgot;
            Request request;
            config::put<Kind>(request, key, message);
            if (auto added = make(target_, std::move(request)); !added) return added;
            if constexpr (HasActivation<Kind>) {
                if (!message.active()) continue;
                if (auto active = make(target_, Kind::activation(message, true)); !active) return active;
            }
        }
        return {};
    }

    // A backend that is added again keeps the state that it has. One that the file has taken back it must not keep.
    template <typename Key, typename Message>
    Result<> forget_state(const Key& key, const Message& message) {
        if constexpr (std::is_same_v<Message, command::AddBackend>) {
            const auto* before = said_.table<Backends>().find(key);
            const bool took_back = before != nullptr && before->has_state() && !message.has_state();
            if (took_back && target_.table<Backends>().find(key) != nullptr)
                return make(target_, Backends::removal(key, message));
        }
        return {};
    }

    const State& said_;
    const State& says_;
    State& target_;
};

}  // namespace

Result<State> rebase(const State& said, const State& says, const State& running) {
    State target = running.copy();
    if (auto done = Rebase(said, says, target).run(); !done) return std::unexpected(done.error());
    return target;
}

}  // namespace seki::config
