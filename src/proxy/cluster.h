#pragma once

// A cluster as one worker serves it: its backends, and what it asks of requests besides. It exists as soon as a
// frontend or a backend names it, with or without a configuration of its own, so that changes may come in any order.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "backend/cluster.h"
#include "base/clock.h"
#include "base/siphash.h"
#include "observe/series_handle.h"
#include "proxy/answer_templates.h"
#include "tls/client_context.h"

namespace seki::proxy {

// Limits of time that a frontend or a cluster sets in place of what it would inherit.
struct TimeoutOverrides {
    std::optional<Duration> front;
    std::optional<Duration> back;
    std::optional<Duration> connect;
    std::optional<Duration> tunnel;
    bool any = false;  // of them is there
};

// Requests of one source: `burst` at once, and so many per second in the long run. 0 per second: no limit.
struct RateLimit {
    uint32_t per_second = 0;
    uint32_t burst = 0;
};

// Which requests may go over an idle connection to a backend that others used. One that the backend is just closing
// takes a request with it, which can only be sent again when that changes nothing.
enum class BackendReuse : uint8_t {
    safe,    // all, but those that can't be sent again only where they are as safe as on a connection of their own
    always,  // all
    never,   // none: clients share no connections
};

// Immutable: a change makes a new one, and exchanges that run keep theirs.
struct ClusterPolicy {
    BackendReuse reuse = BackendReuse::safe;
    bool sticky = false;
    bool https_redirect = false;
    uint16_t https_redirect_port = 0;                    // 0: none in the location
    std::optional<uint64_t> max_connections_per_source;  // 0: no limit. Absent: as for all clusters
    std::optional<uint64_t> max_connections_per_subnet;  // likewise
    std::optional<uint8_t> max_connection_attempts;      // absent: as for all clusters
    std::optional<uint32_t> retry_after_s;               // of 429; 0: left out. Absent: as for all clusters
    RateLimit rate;
    TimeoutOverrides timeouts;
    AnswerTemplates answers;
    auth::Credentials credentials;
    std::string www_authenticate;                   // of 401; empty: left out
    std::shared_ptr<const tls::ClientContext> tls;  // towards the backends; null: none
};

struct Cluster {
    explicit Cluster(std::string id) : backends(std::move(id)), key_(key_of(backends.id())) {}

    [[nodiscard]] const std::string& id() const noexcept { return backends.id(); }
    // Of its id, for whoever remembers the cluster but does not hold it. The same in all workers.
    [[nodiscard]] uint64_t key() const noexcept { return key_; }
    [[nodiscard]] static uint64_t key_of(std::string_view id) noexcept { return siphash({}, id); }

    backend::Cluster backends;
    // Null as long as only frontends and backends speak of the cluster.
    std::shared_ptr<const ClusterPolicy> policy;
    mutable observe::SeriesHandle series;  // where its requests are counted

private:
    uint64_t key_;
};
using ClusterPtr = std::shared_ptr<Cluster>;

}  // namespace seki::proxy
