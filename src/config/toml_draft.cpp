#include "config/toml_draft.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace seki::config {
namespace {

using command::Request;

std::string_view key_of(std::string_view field, std::initializer_list<Alias> aliases) {
    const auto* const alias = std::ranges::find(aliases, field, &Alias::field);
    return alias == aliases.end() ? field : alias->key;
}

Checked<Request> activation(command::ListenerType type, const SocketAddress& address) {
    Request request;
    *request.mutable_activate_listener()->mutable_address() = to_wire(address);
    request.mutable_activate_listener()->set_proxy(type);
    auto checked = check(std::move(request));
    SEKI_CHECK(checked.has_value());  // the listener itself has passed
    return std::move(*checked);
}

}  // namespace

std::optional<Checked<Request>> Draft::check_all(TableReader& table, Request request,
                                                 std::initializer_list<Alias> aliases) {
    auto checked = check_every_field(std::move(request));
    if (checked) return std::move(*checked);
    for (const Refusal& refusal : checked.error()) table.refuse(key_of(refusal.field, aliases), "{}", refusal.reason);
    return {};
}

std::optional<Checked<Request>> Draft::pass(TableReader& table, Request request, std::initializer_list<Alias> aliases) {
    auto checked = check_all(table, std::move(request), aliases);
    if (!checked) return {};
    if (const auto applied = trial_.apply(*checked); !applied) {
        table.remarks().refuse(table.where(), "{}", applied.error().message);
        return {};
    }
    return checked;
}

void Draft::judge(TableReader& table, Request request) { check_all(table, std::move(request), {{"", "protocol"}}); }

void Draft::add_listener(TableReader& table, const SocketAddress& address, Listener listener, Request request) {
    listeners_[address] = listener;
    auto passed = pass(table, std::move(request), {{"", "protocol"}});
    if (!passed) return;
    listener_changes_.push_back(std::move(*passed));
    activations_.push_back(activation(listener.type, address));
}

void Draft::add(TableReader& table, Request request, std::initializer_list<Alias> aliases) {
    auto passed = pass(table, std::move(request), aliases);
    if (passed) cluster_changes_.push_back(std::move(*passed));
}

const Draft::Listener* Draft::find_listener(const SocketAddress& address) const {
    const auto found = listeners_.find(address);
    return found == listeners_.end() ? nullptr : &found->second;
}

std::vector<Checked<Request>> Draft::take(bool activate) {
    std::vector<Checked<Request>> changes = std::move(listener_changes_);
    std::ranges::move(cluster_changes_, std::back_inserter(changes));
    if (activate) std::ranges::move(activations_, std::back_inserter(changes));
    return changes;
}

}  // namespace seki::config
