#pragma once

// Where a request goes, or a tunnel: the frontend that the router found, the cluster behind it, and what both ask for.
// An exchange keeps its route whatever changes meanwhile.

#include <memory>
#include <optional>
#include <string_view>

#include "backend/backend.h"
#include "base/random.h"
#include "http/message.h"
#include "proxy/cluster.h"
#include "proxy/frontend.h"
#include "proxy/listener.h"

namespace seki::proxy {

struct Route {
    FrontendPtr frontend;
    Cluster* cluster = nullptr;                   // the frontend's, or the request's share of several; null: none
    std::shared_ptr<const ClusterPolicy> policy;  // null: the cluster asks for nothing
    std::optional<Timeouts> own_timeouts;         // where frontend or cluster override those of the listener
    backend::BackendPtr named;                    // by the client's sticky cookie

    // A request came to the frontend. `random` deals out shares.
    void lead_request(const FrontendPtr& to, const Listener& listener, const http::RequestHead& head, Random& random);
    void lead_tunnel(const Listener& listener);

    [[nodiscard]] const Timeouts& timeouts(const Listener& listener) const noexcept {
        return own_timeouts ? *own_timeouts : listener.timeouts;
    }

private:
    void set_cluster(Cluster* to, const Listener& listener);
    void override_timeouts(const TimeoutOverrides& overrides, const Listener& listener);
};

}  // namespace seki::proxy
