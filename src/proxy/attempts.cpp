#include "proxy/attempts.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "proxy/backend_protocol.h"
#include "proxy/client.h"
#include "proxy/route.h"
#include "tls/connector.h"

namespace seki::proxy {

BackendEnd* Attempts::connect(const AttemptContext& attempt) {
    const ClusterPolicy* const policy = attempt.route.policy.get();
    most_ = attempt.context.settings.max_connection_attempts;
    if (policy != nullptr) most_ = policy->max_connection_attempts.value_or(most_);
    while (failed_ < most_) {
        chosen_ = next_backend(attempt);
        if (chosen_ == nullptr) return nullptr;
        BackendEnd* side = tunnel_ || fresh_only_ ? nullptr : take_idle(attempt);
        if (side == nullptr) side = dial(attempt);
        if (side == nullptr) continue;
        if (binds_) side->bind();
        return side;
    }
    return nullptr;
}

// The connection that belongs to the client, if it leads to the cluster.
BackendEnd* Attempts::own_connection(const AttemptContext& attempt) const {
    if (tunnel_ || fresh_only_) return nullptr;
    BackendEnd* const own = attempt.client.own().idle(attempt.context);
    return own != nullptr && own->backend()->cluster_id == attempt.route.cluster->id() ? own : nullptr;
}

backend::BackendPtr Attempts::next_backend(const AttemptContext& attempt) const {
    const Monotonic now = attempt.context.loop.now();
    const backend::BackendPtr& named = attempt.route.named;
    const bool stays = named != nullptr && named->backoff.up(now) && std::ranges::find(tried_, named) == tried_.end();
    if (stays) return named;
    if (const BackendEnd* own = own_connection(attempt)) return own->backend();
    return attempt.route.cluster->backends.next(now, tried_, attempt.context.random);
}

// A connection to the chosen backend that served before, and on which nothing waits that could pass for our answer.
BackendEnd* Attempts::take_idle(const AttemptContext& attempt) const {
    if (BackendEnd* side = take_own(attempt)) return side;
    const auto until = fit_for_idle(attempt);
    if (!until) return nullptr;
    while (net::Session* idle = attempt.context.pool.take(*chosen_, *until)) {
        auto* side = static_cast<BackendEnd*>(idle->protocol());
        if (binds_ && !side->idle()) return nullptr;
        if (!side->silent()) {
            idle->close(net::CloseManner::now, net::CloseReason::protocol_error);
            continue;
        }
        attempt.context.recorder.count(Count::pool_hits);
        side->attach(attempt.exchange, attempt.timeouts.back);
        return side;
    }
    return nullptr;
}

BackendEnd* Attempts::take_own(const AttemptContext& attempt) const {
    BackendEnd* const own = own_connection(attempt);
    if (own == nullptr || own->backend() != chosen_) {
        attempt.client.own().give_way(attempt.context);
        return nullptr;
    }
    attempt.context.pool.remove(*chosen_, own->session().id());
    if (!own->silent()) {
        own->session().close(net::CloseManner::now, net::CloseReason::protocol_error);
        return nullptr;
    }
    attempt.context.recorder.count(Count::pool_hits);
    own->attach(attempt.exchange, attempt.timeouts.back);
    return own;
}

// What cannot be sent again is lost with a connection that the backend is just closing. A client that is at its first
// request would not expect that: its connection is new. At a later one it would, on a connection of its own to the
// backend, and asks again (Exchange::client_may_retry); even so the connection shall be one that has just served, or
// that serves others right now.
std::optional<Monotonic> Attempts::fit_for_idle(const AttemptContext& attempt) const {
    const ClusterPolicy* const policy = attempt.route.policy.get();
    const BackendReuse reuse = policy != nullptr ? policy->reuse : BackendReuse::safe;
    if (reuse == BackendReuse::never) return std::nullopt;
    if (repeatable_ || reuse == BackendReuse::always) return Monotonic{};
    const Client& client = attempt.client;
    if (!client.asked_before() || client.shared() || !chosen_->keep_alive.proven()) return Monotonic::max();
    return attempt.context.loop.now() + attempt.context.settings.backend_idle_timeout - backend::KeepAlive::soon;
}

// As the cluster has it now, whatever it was when the request began. Where the cluster's settings have gone meanwhile,
// those of then hold: what was to go over TLS never goes without.
std::expected<net::Connection, net::ConnectFailure> Attempts::connection(const AttemptContext& attempt) const {
    const auto& of_now = attempt.route.cluster->policy;
    const auto& policy = of_now != nullptr ? of_now : attempt.route.policy;
    const net::Destination to{chosen_->address, chosen_->unix_path};
    if (policy == nullptr || policy->tls == nullptr) return attempt.context.connector.connect(to);
    return tls::TlsConnector(attempt.context.connector, policy->tls).connect(to);
}

// A new connection to the chosen backend; null when it could not even begin.
BackendEnd* Attempts::dial(const AttemptContext& attempt) {
    Context& context = attempt.context;
    context.recorder.count(Count::pool_misses);
    auto transport = connection(attempt);
    if (!transport) {
        const std::string why = system_error(transport.error().error);
        context.recorder.connect_failed(*attempt.route.cluster, *chosen_, why);
        if (!transport.error().local()) note_failure(context, *attempt.route.cluster, why);
        ++failed_;
        tried_.push_back(chosen_);
        return nullptr;
    }
    net::Session* session = context.sessions.open(net::Session::Side::backend, std::move(transport->transport),
                                                  chosen_->address, transport->connected);
    if (session == nullptr) {
        failed_ = most_;
        return nullptr;
    }
    auto side = backend_protocol(*session, context, chosen_, tunnel_ ? Carries::tunnel : Carries::requests,
                                 attempt.timeouts.connect);
    BackendEnd* attached = side.get();
    attached->attach(attempt.exchange, attempt.timeouts.back);
    attempt.record.connecting(context.loop.now());
    session->start(std::move(side));
    return attached;
}

void Attempts::connected(Context& context, Cluster& cluster, Duration took) {
    chosen_->connect_time.record(took);
    if (chosen_->backoff.succeeded()) context.recorder.backend_up(cluster, *chosen_);
}

void Attempts::note_failure(Context& context, Cluster& cluster, std::string_view why) const {
    if (chosen_->backoff.failed(context.loop.now(), context.random))
        context.recorder.backend_down(cluster, *chosen_, why);
}

void Attempts::lost(Context& context, const Route& route, const BackendLoss& loss) {
    if (loss.never_connected() || !loss.why.empty()) {
        const bool refused = loss.kind == BackendLoss::Kind::refused;
        const std::string why = loss.why.empty() ? system_error(refused ? loss.error : ETIMEDOUT) : loss.why;
        context.recorder.connect_failed(*route.cluster, *chosen_, why);
        note_failure(context, *route.cluster, why);
    }
    // A connection from the pool that was stale says nothing about its backend; the next one shall be new.
    if (loss.reused) fresh_only_ = true;
}

bool Attempts::may_retry(const BackendLoss& loss) const noexcept {
    if (failed_ >= most_) return false;
    if (tunnel_) return loss.never_connected();
    // RFC 9112 §9.3.1: what was sent may be sent again only if that cannot change anything.
    const bool changes_nothing = idempotent_ || !loss.written || loss.kind == BackendLoss::Kind::unprocessed;
    return loss.held.has_value() && changes_nothing && loss.kind != BackendLoss::Kind::timeout &&
           loss.kind != BackendLoss::Kind::fault;
}

void Attempts::begin_retry(const BackendLoss& loss) {
    ++failed_;
    if (!loss.reused) tried_.push_back(chosen_);
}

}  // namespace seki::proxy
