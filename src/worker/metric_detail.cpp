#include "worker/metric_detail.h"

#include <algorithm>

namespace seki::worker {

using command::MetricDetailTransition;
using command::SetMetricDetail;

void MetricDetail::configure(command::MetricDetail detail) {
    configured_ = detail;
    in_force_ = effective();
    metrics_.set_detail(static_cast<observe::Detail>(in_force_));
}

void MetricDetail::switch_clusters(bool on) {
    clusters_on_ = on;
    settle(nullptr, {});
}

Result<command::WorkerMetricDetailStatus> MetricDetail::lease(const SetMetricDetail& request) {
    command::WorkerMetricDetailStatus status;
    status.set_previous_effective(in_force_);
    if (auto changed = change_lease(request); !changed) return std::unexpected(changed.error());
    settle(request.clear() ? "lease_clear" : "lease_apply", request.client_id());
    await_end();
    status.set_configured(configured_);
    status.set_effective(in_force_);
    status.set_active_lease_count(static_cast<uint32_t>(leases_.size()));
    return status;
}

// A lease is its owner's alone: another one could only end it before its time.
Result<> MetricDetail::change_lease(const SetMetricDetail& request) {
    const auto found = leases_.find(request.client_id());
    const bool known = found != leases_.end();
    const bool foreign =
        known && (found->second.pid != request.peer_pid() || found->second.session != request.peer_session_ulid());
    if (foreign) return failure("the lease '{}' is another client's", request.client_id());
    if (request.clear()) {
        if (known) leases_.erase(found);
        return {};
    }
    if (!request.has_detail()) return failure("a lease needs a detail");
    if (!known && leases_.size() >= max_leases) return failure("there are {} leases already", max_leases);
    const uint32_t seconds = request.ttl_seconds() == 0 ? default_lease_s : request.ttl_seconds();
    leases_.insert_or_assign(request.client_id(), Lease{request.detail(), loop_.now() + std::chrono::seconds(seconds),
                                                        request.peer_pid(), request.peer_session_ulid()});
    return {};
}

void MetricDetail::on_timer() {
    const std::string ended = leases_.empty() ? "" : std::ranges::min_element(leases_, {}, [](const auto& entry) {
                                                         return entry.second.until;
                                                     })->first;
    std::erase_if(leases_, [now = loop_.now()](const auto& entry) { return entry.second.until <= now; });
    settle("lease_tick_expired", ended);
    await_end();
}

command::MetricDetail MetricDetail::effective() const {
    command::MetricDetail detail = configured_;
    for (const auto& [id, lease] : leases_) detail = std::max(detail, lease.detail);
    return clusters_on_ ? detail : std::min(detail, command::DETAIL_FRONTEND);
}

void MetricDetail::settle(const char* kind, const std::string& client_id) {
    const command::MetricDetail before = in_force_;
    in_force_ = effective();
    if (in_force_ == before) return;
    metrics_.set_detail(static_cast<observe::Detail>(in_force_));
    if (kind == nullptr || !on_transition) return;
    MetricDetailTransition transition;
    transition.set_previous_effective(before);
    transition.set_effective(in_force_);
    transition.set_transition_kind(kind);
    transition.set_client_id(client_id);
    on_transition(transition);
}

void MetricDetail::await_end() {
    loop_.timers().cancel(*this);
    if (leases_.empty()) return;
    const auto first = std::ranges::min_element(leases_, {}, [](const auto& entry) { return entry.second.until; });
    loop_.timers().arm(*this, first->second.until);
}

}  // namespace seki::worker
