#include "config/state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "config/suggestion.h"
#include "config/update.h"

namespace seki::config {
namespace {

using command::Request;

std::unexpected<Failure> not_found(std::string_view kind, std::string_view id, std::string_view suggestion = {}) {
    return failure("Did not find {} with address or id '{}'{}", kind, id, suggestion);
}

// Of a cluster that has nothing of that kind, perhaps because there is no such cluster.
std::unexpected<Failure> none_of(const State& state, std::string_view kind, std::string_view id,
                                 const std::string& cluster_id) {
    if (state.table<Clusters>().find(cluster_id) != nullptr)
        return not_found(kind, id, fmt::format(": cluster '{}' has none", cluster_id));
    return not_found(kind, id,
                     fmt::format(": there is no cluster '{}'{}", cluster_id, did_you_mean_cluster(state, cluster_id)));
}

std::unexpected<Failure> no_change(const std::string& why) {
    return failure("dispatching this request did not bring any change to the state: {}", why);
}

std::string no_backend(const BackendKey& key) {
    return fmt::format("cluster '{}' has no backend '{}' on {}", key.cluster_id, key.backend_id, key.address.text());
}

template <typename Kind>
bool same_entries(const Table<Kind>& a, const Table<Kind>& b) {
    return std::ranges::equal(a.entries(), b.entries(), [](const auto& x, const auto& y) {
        return x.first == y.first && same_message(x.second, y.second);
    });
}

}  // namespace

Result<Undo> State::apply(const Checked<Request>& change) {
    ++counts_[verb_name(*change)];
    switch (change->request_type_case()) {
        case Request::kAddHttpListener:
            return add<HttpListeners>(change->add_http_listener());
        case Request::kAddHttpsListener:
            return add<HttpsListeners>(change->add_https_listener());
        case Request::kAddTcpListener:
            return add<TcpListeners>(change->add_tcp_listener());
        case Request::kAddUdpListener:
            return add<UdpListeners>(change->add_udp_listener());
        case Request::kAddCertificate:
            return add_certificate(change->add_certificate());
        case Request::kAddCluster:
            return add<Clusters>(change->add_cluster());
        case Request::kAddBackend:
            return add_backend(change->add_backend());
        case Request::kAddHttpFrontend:
            return add<HttpFrontends>(change->add_http_frontend());
        case Request::kAddHttpsFrontend:
            return add<HttpsFrontends>(change->add_https_frontend());
        case Request::kAddTcpFrontend:
            return add<TcpFrontends>(change->add_tcp_frontend());
        case Request::kAddUdpFrontend:
            return add<UdpFrontends>(change->add_udp_frontend());

        case Request::kUpdateHttpListener:
            return update<HttpListeners>(change->update_http_listener());
        case Request::kUpdateHttpsListener:
            return update<HttpsListeners>(change->update_https_listener());
        case Request::kUpdateTcpListener:
            return update<TcpListeners>(change->update_tcp_listener());
        case Request::kUpdateHttpFrontend:
            return update<HttpFrontends>(change->update_http_frontend());
        case Request::kUpdateHttpsFrontend:
            return update<HttpsFrontends>(change->update_https_frontend());
        case Request::kReplaceCertificate:
            return replace_certificate(change->replace_certificate());
        case Request::kSetBackendState:
            return set_backend_state(change->set_backend_state());
        case Request::kSetMaxConnectionsPerIp:
        case Request::kSetMaxConnectionsPerSubnet:
        case Request::kSetMaxConnectionAttempts:
            return limit(limits_after(limits_, *change));
        case Request::kSetTlsTicketSecret:
            return set_ticket_secret(change->set_tls_ticket_secret());

        case Request::kRemoveListener:
            return remove_listener(change->remove_listener());
        case Request::kRemoveCertificate:
            return remove<Certificates>(Certificates::key(change->remove_certificate()));
        case Request::kRemoveCluster:
            return remove_cluster(change->remove_cluster());
        case Request::kRemoveBackend:
            return remove_backend(change->remove_backend());
        case Request::kRemoveHttpFrontend:
            return remove<HttpFrontends>(route_key(change->remove_http_frontend()));
        case Request::kRemoveHttpsFrontend:
            return remove<HttpsFrontends>(route_key(change->remove_https_frontend()));
        case Request::kRemoveTcpFrontend:
            return remove_stream_frontend<TcpFrontends>(change->remove_tcp_frontend());
        case Request::kRemoveUdpFrontend:
            return remove_stream_frontend<UdpFrontends>(change->remove_udp_frontend());

        case Request::kActivateListener:
            return set_active(change->activate_listener(), true);
        case Request::kDeactivateListener:
            return set_active(change->deactivate_listener(), false);
        default:
            return Undo();
    }
}

void State::undo(Undo&& entry) {
    std::visit(
        [this]<typename Entry>(Entry& displaced) {
            if constexpr (!std::is_same_v<Entry, std::monostate>) put_back(displaced);
        },
        entry.displaced_);
    entry.displaced_ = std::monostate();
}

template <typename Kind>
void State::put_back(Displaced<Kind>& displaced) {
    mutable_table<Kind>().exchange(displaced.key, std::move(displaced.message));
}

void State::put_back(DisplacedCertificates& displaced) {
    put_back(displaced.removed);
    put_back(displaced.added);
}

// What refers to the cluster comes after it.
void State::put_back(DisplacedCluster& displaced) {
    put_back(displaced.cluster);
    const auto restore = [this](auto& things) {
        for (auto& thing : things) put_back(thing);
    };
    std::apply([&](auto&... things) { (restore(things), ...); }, displaced.belongings);
}

template <typename Kind>
static void removals_of(const std::vector<Displaced<Kind>>& things, std::vector<Request>& removals) {
    for (const Displaced<Kind>& thing : things) removals.push_back(Kind::removal(thing.key, *thing.message));
}

std::vector<Request> Undo::removals() const {
    std::vector<Request> removals;
    if (const auto* cluster = std::get_if<DisplacedCluster>(&displaced_))
        std::apply([&](const auto&... things) { (removals_of(things, removals), ...); }, cluster->belongings);
    return removals;
}

template <typename Kind>
Undo State::exchange(const typename Kind::Key& key, std::optional<typename Kind::Message> next) {
    return Undo(Displaced<Kind>{key, mutable_table<Kind>().exchange(key, std::move(next))});
}

template <typename Kind>
Result<Undo> State::add(const typename Kind::Message& message) {
    const auto key = Kind::key(message);
    const auto* known = table<Kind>().find(key);
    if (!Kind::replaceable && known != nullptr) {
        return failure("{} '{}' already exists", Kind::name, Kind::key_text(key));
    }
    // Who is not sure what is there sends it again.
    if (known != nullptr && same_message(message, *known)) return Undo();
    if constexpr (HasActivation<Kind>) {
        if (auto free = address_is_free({Kind::type, key}); !free) return std::unexpected(free.error());
    }
    return exchange<Kind>(key, message);
}

// The kernel could not tell whose client it is.
Result<> State::address_is_free(const ListenerKey& wanted) const {
    Result<> free;
    const auto look = [&]<typename Kind>(const Table<Kind>& table) {
        if constexpr (HasActivation<Kind>) {
            if (!share_ports(Kind::type, wanted.type) || table.find(wanted.address) == nullptr) return;
            const std::string& kind = command::ListenerType_Name(Kind::type);
            const std::string_view article = kind.starts_with('H') ? "an" : "a";
            free = failure("there is already {} {} listener on {}", article, kind, wanted.text());
        }
    };
    std::apply([&](const auto&... tables) { (look(tables), ...); }, tables_);
    return free;
}

template <typename Kind>
Result<Undo> State::remove(const typename Kind::Key& key) {
    if (table<Kind>().find(key) == nullptr) {
        if (gone_.has<Kind>(key)) return Undo();
        return not_found(Kind::name, Kind::key_text(key));
    }
    return exchange<Kind>(key, std::nullopt);
}

// A frontend that splits requests among several clusters belongs to the others too, and stays.
template <typename Kind>
void State::take_along(const std::string& cluster_id, std::vector<Displaced<Kind>>& taken) {
    table<Kind>().for_each_of(cluster_id, [&](const auto& key, const auto& thing) {
        if (thing.cluster_id() == cluster_id) taken.push_back({key, std::nullopt});
    });
    for (Displaced<Kind>& thing : taken) {
        thing.message = mutable_table<Kind>().exchange(thing.key, std::nullopt);
        gone_.add<Kind>(thing.key);
    }
}

Result<Undo> State::remove_cluster(const std::string& id) {
    if (table<Clusters>().find(id) == nullptr) return not_found(Clusters::name, id, did_you_mean_cluster(*this, id));
    DisplacedCluster displaced;
    std::apply([&](auto&... things) { (take_along(id, things), ...); }, displaced.belongings);
    displaced.cluster = {id, mutable_table<Clusters>().exchange(id, std::nullopt)};
    return Undo(std::move(displaced));
}

template <typename Kind, typename Frontend>
Result<Undo> State::remove_stream_frontend(const Frontend& frontend) {
    const auto key = Kind::key(frontend);
    const auto* found = table<Kind>().find(key);
    if (found == nullptr && gone_.has<Kind>(key)) return Undo();
    const std::string& cluster_id = frontend.cluster_id();
    if (!table<Kind>().has_any_of(cluster_id)) return none_of(*this, Kind::name, cluster_id, cluster_id);
    if (found == nullptr || found->cluster_id() != cluster_id)
        return no_change(fmt::format("cluster '{}' has no frontend on {}", cluster_id, Kind::key_text(key)));
    return exchange<Kind>(key, std::nullopt);
}

Result<Undo> State::add_certificate(const command::AddCertificate& added) {
    const CertificateKey key = Certificates::key(added);
    // Bytes that were put once stay until their whole segment goes, so what is there already is not put again.
    const auto* known = table<Certificates>().find(key);
    if (known != nullptr && known->is_of(added)) return Undo();
    auto certificate = StoredCertificate::store(added, memory_);
    if (!certificate) return std::unexpected(certificate.error());
    if (known != nullptr && *known == *certificate) return Undo();
    return exchange<Certificates>(key, std::move(*certificate));
}

// The new one is there before the old one goes. Whoever is not sure that it was done asks again.
Result<Undo> State::replace_certificate(const command::ReplaceCertificate& replaced) {
    const command::AddCertificate added = addition_of(replaced);
    const CertificateKey fresh = Certificates::key(added);
    const CertificateKey old{fresh.address, *parse_fingerprint(replaced.old_fingerprint())};
    const bool old_is_there = table<Certificates>().find(old) != nullptr;
    if (!old_is_there && table<Certificates>().find(fresh) == nullptr) {
        return not_found(Certificates::name, Certificates::key_text(old));
    }
    if (!old_is_there || old == fresh) return add_certificate(added);
    auto certificate = StoredCertificate::store(added, memory_);
    if (!certificate) return std::unexpected(certificate.error());
    auto& certificates = mutable_table<Certificates>();
    auto before = certificates.exchange(fresh, std::move(*certificate));
    auto removed = certificates.exchange(old, std::nullopt);
    return Undo(DisplacedCertificates{{fresh, std::move(before)}, {old, std::move(removed)}});
}

// Who says nothing of the state leaves it as it is: it may have been set while it runs, by somebody else.
Result<Undo> State::add_backend(command::AddBackend backend) {
    const auto* known = table<Backends>().find(Backends::key(backend));
    if (known != nullptr && known->has_state() && !backend.has_state()) backend.set_state(known->state());
    return add<Backends>(backend);
}

Result<Undo> State::remove_backend(const command::RemoveBackend& removal) {
    const BackendKey key = Backends::key(removal);
    if (table<Backends>().find(key) == nullptr && gone_.has<Backends>(key)) return Undo();
    if (!table<Backends>().has_any_of(removal.cluster_id()))
        return none_of(*this, Backends::name, removal.backend_id(), removal.cluster_id());
    if (table<Backends>().find(key) == nullptr) return no_change(no_backend(key));
    return exchange<Backends>(key, std::nullopt);
}

Result<Undo> State::set_backend_state(const command::SetBackendState& change) {
    const BackendKey key = Backends::key(change);
    const auto* found = table<Backends>().find(key);
    if (found == nullptr) return not_found(Backends::name, change.backend_id(), ": " + no_backend(key));
    if (found->state() == change.state()) return Undo();
    auto backend = *found;
    backend.set_state(change.state());
    if (change.state() == command::READY) backend.clear_state();
    return exchange<Backends>(key, std::move(backend));
}

// The fields may be right one by one and exclude each other all the same: the whole passes the validator again.
template <typename Kind>
Result<Undo> State::update(const typename Kind::Update& update) {
    const auto key = Kind::key(update);
    const auto* found = table<Kind>().find(key);
    if (found == nullptr) return not_found(Kind::name, Kind::key_text(key));
    Request whole;
    *Kind::add(whole) = *found;
    if (auto merged = merge(update, *Kind::add(whole)); !merged) return std::unexpected(merged.error());
    const auto checked = check(std::move(whole));
    if (!checked) return std::unexpected(checked.error());
    Request passed = **checked;
    typename Kind::Message& updated = *Kind::add(passed);
    if constexpr (HasActivation<Kind>) updated.set_active(found->active());
    if (same_message(updated, *found)) return Undo();
    return exchange<Kind>(key, std::move(updated));
}

Undo State::limit(const Limits& limits) {
    if (limits == limits_) return {};
    return Undo(DisplacedLimits{std::exchange(limits_, limits)});
}

Undo State::set_ticket_secret(const std::string& secret) {
    if (secret == ticket_secret_) return {};
    return Undo(DisplacedTicketSecret{std::exchange(ticket_secret_, secret)});
}

// Calls `visit.operator()<Kind>()` with the kind of listener that `type` names.
template <typename Visit>
static auto with_listener_kind(command::ListenerType type, Visit visit) {
    switch (type) {
        case command::HTTP:
            return visit.template operator()<HttpListeners>();
        case command::HTTPS:
            return visit.template operator()<HttpsListeners>();
        case command::TCP:
            return visit.template operator()<TcpListeners>();
        case command::UDP:
            return visit.template operator()<UdpListeners>();
    }
    SEKI_CHECK(!"a kind of listener that the validator does not know");
    std::unreachable();
}

// Of whatever names a listener: the interface belongs to its name.
template <typename Kind, typename Named>
static const typename Kind::Message* find_listener(const State& state, const Named& named) {
    const auto* found = state.table<Kind>().find(checked_address(named.address()));
    return found != nullptr && found->interface() == named.interface() ? found : nullptr;
}

Result<Undo> State::remove_listener(const command::RemoveListener& removal) {
    return with_listener_kind(removal.proxy(), [&]<typename Kind>() -> Result<Undo> {
        if (find_listener<Kind>(*this, removal) == nullptr)
            return no_change(fmt::format("there is no {} '{}'", Kind::name,
                                         listener_name(checked_address(removal.address()), removal.interface())));
        return exchange<Kind>(checked_address(removal.address()), std::nullopt);
    });
}

template <typename Named>
Result<Undo> State::set_active(const Named& named, bool active) {
    return with_listener_kind(named.proxy(), [&]<typename Kind>() -> Result<Undo> {
        const SocketAddress key = checked_address(named.address());
        const auto* found = find_listener<Kind>(*this, named);
        if (found == nullptr) return not_found(Kind::name, listener_name(key, named.interface()));
        if (found->active() == active) return Undo();
        auto listener = *found;
        listener.set_active(active);
        return exchange<Kind>(key, std::move(listener));
    });
}

std::string interface_of(const State& state, const ListenerKey& key) {
    return with_listener_kind(key.type, [&]<typename Kind>() -> std::string {
        const auto* found = state.table<Kind>().find(key.address);
        return found != nullptr ? found->interface() : std::string();
    });
}

bool State::same_as(const State& other) const {
    if (limits_ != other.limits_) return false;
    if (ticket_secret_ != other.ticket_secret_) return false;
    return std::apply(
        [&](const auto&... mine) {
            return (same_entries(mine, std::get<std::remove_cvref_t<decltype(mine)>>(other.tables_)) && ...);
        },
        tables_);
}

}  // namespace seki::config
