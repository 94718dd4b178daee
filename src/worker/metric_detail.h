#pragma once

// How fine a worker measures: as it is configured, and finer while somebody who watches has asked for that (a lease,
// which ends by itself when he asks no more). Switched off, neither clusters nor backends are measured.

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "command.pb.h"
#include "event/event_loop.h"
#include "event/timer_wheel.h"
#include "observe/metrics.h"

namespace seki::worker {

class MetricDetail final : private Timer {
public:
    static constexpr size_t max_leases = 64;
    static constexpr uint32_t default_lease_s = 60;
    static constexpr uint32_t longest_lease_s = 300;
    static constexpr size_t max_client_id_size = 64;

    // `loop` and `metrics` outlive it.
    MetricDetail(EventLoop& loop, observe::Metrics& metrics) noexcept : loop_(loop), metrics_(metrics) {}
    MetricDetail(const MetricDetail&) = delete;
    MetricDetail& operator=(const MetricDetail&) = delete;
    ~MetricDetail() override { loop_.timers().cancel(*this); }

    // What is measured now is finer or coarser than before.
    std::function<void(const command::MetricDetailTransition&)> on_transition;

    void configure(command::MetricDetail detail);
    void switch_clusters(bool on);
    // Begins, renews or ends a lease.
    Result<command::WorkerMetricDetailStatus> lease(const command::SetMetricDetail& request);

private:
    struct Lease {
        command::MetricDetail detail;
        Monotonic until;
        int32_t pid;
        std::string session;
    };

    void on_timer() override;
    Result<> change_lease(const command::SetMetricDetail& request);
    [[nodiscard]] command::MetricDetail effective() const;
    void settle(const char* kind, const std::string& client_id);
    void await_end();

    EventLoop& loop_;
    observe::Metrics& metrics_;
    command::MetricDetail configured_ = command::DETAIL_CLUSTER;
    command::MetricDetail in_force_ = command::DETAIL_CLUSTER;
    bool clusters_on_ = true;
    std::map<std::string, Lease> leases_;
};

}  // namespace seki::worker
