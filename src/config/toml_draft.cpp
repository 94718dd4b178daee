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

std::optional<Checked<Request>> activation_of(const Request& change) {
    if (change.has_add_http_listener()) {
        return activation(command::HTTP, checked_address(change.add_http_listener().address()));
    }
    if (change.has_add_https_listener()) {
        return activation(command::HTTPS, checked_address(change.add_https_listener().address()));
    }
    if (change.has_add_tcp_listener()) {
        return activation(command::TCP, checked_address(change.add_tcp_listener().address()));
    }
    if (change.has_add_udp_listener()) {
        return activation(command::UDP, checked_address(change.add_udp_listener().address()));
    }
    return {};
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

void Draft::add_listener(TableReader& table, Request request) {
    auto passed = pass(table, std::move(request), {{"", "protocol"}});
    if (passed) listener_changes_.push_back(std::move(*passed));
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
    std::vector<Checked<Request>> activations;
    for (const Checked<Request>& change : listener_changes_) {
        if (auto activation = activation_of(*change); activation && activate) {
            activations.push_back(std::move(*activation));
        }
    }
    std::vector<Checked<Request>> changes = std::move(listener_changes_);
    std::ranges::move(cluster_changes_, std::back_inserter(changes));
    std::ranges::move(activations, std::back_inserter(changes));
    return changes;
}

}  // namespace seki::config
