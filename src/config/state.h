#pragma once

// The configuration: what the accepted changes add up to. It exists once, in the supervisor; workers hold only what
// they run.
//
// A change costs what the change costs, however large the configuration is, and can be taken back by an undo entry,
// which holds the one thing that the change displaced. Nothing here requires that what refers to something finds it
// there: a frontend may come before its cluster and outlive it. Whether a worker can serve that is the worker's answer
// to the change.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/check/check.h"
#include "config/default_limits.h"
#include "config/gone_things.h"
#include "config/kinds.h"
#include "config/listener_key.h"
#include "config/table.h"

namespace seki::config {

// What a change displaced, and where.
template <typename Kind>
struct Displaced {
    typename Kind::Key key;
    std::optional<typename Kind::Message> message;
};

// What the exchange of a certificate for another displaced, in this order.
struct DisplacedCertificates {
    Displaced<Certificates> added;
    Displaced<Certificates> removed;
};

// What the removal of a cluster displaced: itself and what belonged to it alone.
struct DisplacedCluster {
    Displaced<Clusters> cluster;
    std::tuple<std::vector<Displaced<HttpFrontends>>, std::vector<Displaced<HttpsFrontends>>,
               std::vector<Displaced<TcpFrontends>>, std::vector<Displaced<UdpFrontends>>,
               std::vector<Displaced<Backends>>>
        belongings;
};

// What a change of a number displaced.
struct DisplacedLimits {
    Limits limits;
};

struct DisplacedTicketSecret {
    std::string secret;
};

// Takes one change back. Several changes are taken back in the reverse order. Good for one use.
class Undo {
public:
    Undo() = default;
    Undo(Undo&&) = default;
    Undo& operator=(Undo&&) = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

    // Of the removal of a cluster: the requests that would have removed what went along with it.
    [[nodiscard]] std::vector<command::Request> removals() const;
    // The change was accepted and left everything as it was.
    [[nodiscard]] bool empty() const noexcept { return std::holds_alternative<std::monostate>(displaced_); }

private:
    friend class State;
    template <typename>
    struct Unpack;
    template <typename... Displacements>
    struct Unpack<std::tuple<Displacements...>> {
        using Variant = std::variant<std::monostate, DisplacedLimits, DisplacedTicketSecret, DisplacedCertificates,
                                     DisplacedCluster, Displacements...>;
    };
    using Variant = Unpack<EveryKind<Displaced>>::Variant;

    explicit Undo(Variant displaced) : displaced_(std::move(displaced)) {}

    Variant displaced_;
};

class State {
public:
    State() = default;
    State(State&&) = default;
    State& operator=(State&&) = default;
    State& operator=(const State&) = delete;
    // What is added to it is kept in memory of its own: a copy of this process may do so, too.
    [[nodiscard]] State copy() const { return *this; }

    // An error leaves everything as it was. Changes that concern no table (the log filter) are accepted and change
    // nothing here.
    Result<Undo> apply(const Checked<command::Request>& change);
    void undo(Undo&& entry);

    template <typename Kind>
    [[nodiscard]] const Table<Kind>& table() const noexcept {
        return std::get<Table<Kind>>(tables_);
    }

    // Where the bytes of certificates are.
    [[nodiscard]] const CertificateMemory& certificate_memory() const noexcept { return memory_; }
    // Before there are any (base/shared_bytes.h).
    void number_segments_behind(uint32_t number) noexcept { memory_.number_behind(number); }

    // Of clusters that do not say.
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    // What keys of session tickets are derived from; empty: as since the start.
    [[nodiscard]] const std::string& ticket_secret() const noexcept { return ticket_secret_; }

    // How often apply() was asked for each verb, by name (convert.h, verb_name), whatever the outcome.
    [[nodiscard]] const std::map<std::string, int32_t>& counts() const noexcept { return counts_; }

    // The same things; the counts are not part of the configuration.
    [[nodiscard]] bool same_as(const State& other) const;

private:
    // Takes long: nobody is to do that by mistake.
    State(const State& other)
        : tables_(other.tables_),
          limits_(other.limits_),
          gone_(other.gone_),
          ticket_secret_(other.ticket_secret_),
          counts_(other.counts_) {}

    template <typename Kind>
    Table<Kind>& mutable_table() noexcept {
        return std::get<Table<Kind>>(tables_);
    }
    template <typename Kind>
    void put_back(Displaced<Kind>& displaced);
    void put_back(DisplacedCertificates& displaced);
    void put_back(DisplacedCluster& displaced);
    void put_back(const DisplacedLimits& displaced) { limits_ = displaced.limits; }
    void put_back(DisplacedTicketSecret& displaced) { ticket_secret_ = std::move(displaced.secret); }
    template <typename Kind>
    Undo exchange(const typename Kind::Key& key, std::optional<typename Kind::Message> next);
    template <typename Kind>
    Result<Undo> add(const typename Kind::Message& message);
    [[nodiscard]] Result<> address_is_free(const ListenerKey& wanted) const;
    template <typename Kind>
    Result<Undo> remove(const typename Kind::Key& key);
    Result<Undo> remove_cluster(const std::string& id);
    template <typename Kind>
    void take_along(const std::string& cluster_id, std::vector<Displaced<Kind>>& taken);
    template <typename Kind, typename Frontend>
    Result<Undo> remove_stream_frontend(const Frontend& frontend);
    Result<Undo> add_certificate(const command::AddCertificate& added);
    Result<Undo> replace_certificate(const command::ReplaceCertificate& replaced);
    Result<Undo> add_backend(command::AddBackend backend);
    Result<Undo> remove_backend(const command::RemoveBackend& removal);
    Result<Undo> set_backend_state(const command::SetBackendState& change);
    template <typename Kind>
    Result<Undo> update(const typename Kind::Update& update);
    Undo limit(const Limits& limits);
    Undo set_ticket_secret(const std::string& secret);
    Result<Undo> remove_listener(const command::RemoveListener& removal);
    template <typename Named>
    Result<Undo> set_active(const Named& named, bool active);

    EveryKind<Table> tables_;
    CertificateMemory memory_;
    Limits limits_;
    GoneThings gone_;
    std::string ticket_secret_;
    std::map<std::string, int32_t> counts_;
};

// The network interface that the listener is bound to; empty if it is none, or the listener is not there.
std::string interface_of(const State& state, const ListenerKey& key);

// The ordered changes that lead from one state to the other and touch nothing that is equal in both: what must stop
// serving goes first, dependents before owners, then owners come before dependents, and listeners are activated last.
// What can be changed where it is is not removed.
std::vector<command::Request> diff(const State& from, const State& to);

}  // namespace seki::config
