#include "config/toml/draft.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/clock.h"
#include "config/kinds.h"

namespace seki::config {
namespace {

using command::Request;

std::string_view key_of(std::string_view field, std::initializer_list<Alias> aliases) {
    const auto* const alias = std::ranges::find(aliases, field, &Alias::field);
    return alias == aliases.end() ? field : alias->key;
}

Checked<Request> activation(const Request& listener) {
    Request request;
    command::ActivateListener& activation = *request.mutable_activate_listener();
    const auto of = [&](const auto& config, command::ListenerType type) {
        *activation.mutable_address() = config.address();
        activation.set_proxy(type);
        if (config.has_interface()) activation.set_interface(config.interface());
    };
    if (listener.has_add_http_listener()) of(listener.add_http_listener(), command::HTTP);
    if (listener.has_add_https_listener()) of(listener.add_https_listener(), command::HTTPS);
    if (listener.has_add_tcp_listener()) of(listener.add_tcp_listener(), command::TCP);
    if (listener.has_add_udp_listener()) of(listener.add_udp_listener(), command::UDP);
    auto checked = check(std::move(request));
    SEKI_CHECK(checked.has_value());  // the listener itself has passed
    return std::move(*checked);
}

// Whether both add a frontend, for the same requests.
bool same_route(const Request& one, const Request& other) {
    if (one.request_type_case() != other.request_type_case()) return false;
    if (one.has_add_http_frontend())
        return HttpFrontends::key(one.add_http_frontend()) == HttpFrontends::key(other.add_http_frontend());
    if (one.has_add_https_frontend())
        return HttpsFrontends::key(one.add_https_frontend()) == HttpsFrontends::key(other.add_https_frontend());
    return one.has_add_tcp_frontend() &&
           checked_address(one.add_tcp_frontend().address()) == checked_address(other.add_tcp_frontend().address());
}

bool overlap(const SocketAddress& one, const SocketAddress& other) {
    const bool same_kind = one.is_v4() == other.is_v4() && one.port() == other.port();
    return same_kind && one != other && (one.ip_address().is_any() || other.ip_address().is_any());
}

}  // namespace

std::optional<Checked<Request>> Draft::check_all(TableReader& table, Request request,
                                                 std::initializer_list<Alias> aliases) {
    auto checked = check_every_field(std::move(request));
    if (checked) return std::move(*checked);
    for (const Refusal& refusal : checked.error()) table.refuse(key_of(refusal.field, aliases), "{}", refusal.reason);
    return {};
}

void Draft::judge(TableReader& table, Request request) { check_all(table, std::move(request), {{"", "protocol"}}); }

bool Draft::add_listener(TableReader& table, const SocketAddress& address, Listener listener, Request request) {
    must_not_overlap(table, address);
    listeners_[address] = listener;
    auto checked = check_all(table, std::move(request), {{"", "protocol"}});
    if (!checked) return false;
    listener_changes_.push_back({std::move(*checked), table.place()});
    return true;
}

void Draft::add_certificate(TableReader& table, Request request) {
    auto checked = check_all(table, std::move(request), {});
    if (!checked || !certificates_.insert(Certificates::key((*checked)->add_certificate())).second) return;
    certificate_changes_.push_back({std::move(*checked), table.place()});
}

void Draft::add(TableReader& table, Request request, std::initializer_list<Alias> aliases) {
    auto checked = check_all(table, std::move(request), aliases);
    if (checked) cluster_changes_.push_back({std::move(*checked), table.place()});
}

const Draft::Listener* Draft::find_listener(const SocketAddress& address) const {
    const auto found = listeners_.find(address);
    return found == listeners_.end() ? nullptr : &found->second;
}

// The kernel would refuse the second one.
void Draft::must_not_overlap(TableReader& table, const SocketAddress& address) const {
    for (const auto& [other, listener] : listeners_) {
        if (!activates_ || !overlap(address, other)) continue;
        table.refuse("address",
                     "{} cannot be listened on beside {} (line {}): one of them is all addresses of that port",
                     address.text(), other.text(), listener.line);
    }
}

const Result<std::vector<IpAddress>>& Draft::addresses_of(const std::string& host) {
    const auto known = hosts_.find(host);
    if (known != hosts_.end()) return known->second;
    auto addresses = resolve_(host);
    if (addresses) {
        std::ranges::sort(*addresses);
        addresses->erase(std::ranges::unique(*addresses).begin(), addresses->end());
        if (addresses->empty()) addresses = failure("it has no address");
    }
    return hosts_.emplace(host, std::move(addresses)).first->second;
}

// ---- what all of it leads to

// The frontend that has the same requests and stands before.
const Draft::Entry* Draft::first_like(const Entry& entry) const {
    const auto same = [&entry](const Entry& other) {
        return &other == &entry || same_route(*other.change, *entry.change);
    };
    const auto first = std::ranges::find_if(cluster_changes_, same);
    return first == cluster_changes_.end() || &*first == &entry ? nullptr : &*first;
}

bool Draft::apply(const Entry& entry, Diagnostics& diagnostics) {
    if (const auto applied = trial_.apply(entry.change); !applied) {
        if (const Entry* first = first_like(entry); first != nullptr) {
            const Place& where = first->table.where();
            diagnostics.refuse(entry.table.where(),
                               "{} of line {} is for the same requests; change or remove one of them", where.key,
                               where.line);
            return false;
        }
        diagnostics.refuse(entry.table.where(), "{}", applied.error().message);
        return false;
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock().wall().time_since_epoch());
    for (Consequence& consequence : consequences(trial_, *entry.change, now.count())) {
        found_.push_back({&entry, std::move(consequence)});
    }
    return true;
}

template <typename Belongs>
void Draft::apply_clusters(Diagnostics& diagnostics, Belongs belongs) {
    for (const Entry& entry : cluster_changes_) {
        if (belongs(*entry.change)) apply(entry, diagnostics);
    }
}

void Draft::find_unserved_clusters() {
    for (const Entry& entry : cluster_changes_) {
        if (!entry.change->has_add_cluster()) continue;
        std::string why = why_cluster_is_not_served(trial_, entry.change->add_cluster().cluster_id());
        if (!why.empty()) found_.push_back({&entry, {"backends", std::move(why)}});
    }
}

void Draft::find_failing_listeners() {
    for (const Entry& entry : listener_changes_) {
        if (!entry.change->has_add_https_listener()) continue;
        std::string why = why_handshakes_fail(trial_, HttpsListeners::key(entry.change->add_https_listener()));
        if (!why.empty()) found_.push_back({&entry, {"address", std::move(why)}});
    }
}

// In the usual order, owners before what refers to them, whatever the order of the file. Of what cannot stand no
// consequences are told: there are enough other things to mend.
void Draft::try_out(Diagnostics& diagnostics) {
    for (const Entry& entry : listener_changes_) {
        if (apply(entry, diagnostics)) static_cast<void>(trial_.apply(activation(*entry.change)));
    }
    for (const Entry& entry : certificate_changes_) apply(entry, diagnostics);
    apply_clusters(diagnostics, [](const Request& change) { return change.has_add_cluster(); });
    apply_clusters(diagnostics, [](const Request& change) { return change.has_add_backend(); });
    apply_clusters(diagnostics,
                   [](const Request& change) { return !change.has_add_cluster() && !change.has_add_backend(); });
    if (diagnostics.has_errors()) return;
    find_failing_listeners();
    find_unserved_clusters();
    for (const Found& found : found_) {
        diagnostics.warn(found.by->table.where(found.consequence.field), "{}", found.consequence.text);
    }
    if (const std::string why = why_nothing_is_served(trial_); !why.empty()) diagnostics.warn({}, "{}", why);
}

std::vector<Checked<Request>> Draft::take() {
    std::vector<Checked<Request>> changes;
    for (const Entry& entry : listener_changes_) changes.push_back(entry.change);
    for (Entry& entry : certificate_changes_) changes.push_back(std::move(entry.change));
    for (Entry& entry : cluster_changes_) changes.push_back(std::move(entry.change));
    if (!activates_) return changes;
    for (const Entry& entry : listener_changes_) changes.push_back(activation(*entry.change));
    return changes;
}

}  // namespace seki::config
