#include "proxy/route.h"

#include "proxy/sticky.h"

namespace seki::proxy {

namespace {

// A client that has a cookie of one of the clusters stays with it, the others are dealt out.
Cluster* share_of(const Frontend& frontend, std::string_view cookie, Random& random) {
    for (const Frontend::Share& share : frontend.split) {
        const bool sticky = share.cluster->policy != nullptr && share.cluster->policy->sticky;
        if (!cookie.empty() && sticky && share.cluster->backends.find_cookie(cookie) != nullptr)
            return share.cluster.get();
    }
    uint32_t at = random.below(frontend.split_weight);
    for (const Frontend::Share& share : frontend.split) {
        if (at < share.weight) return share.cluster.get();
        at -= share.weight;
    }
    return nullptr;
}

}  // namespace

void Route::lead_request(const FrontendPtr& to, const Listener& listener, const http::RequestHead& head,
                         Random& random) {
    frontend = to;
    std::string_view cookie;
    if (head.has_cookies) cookie = cookie_value(head.fields, listener.sticky_cookie.name);
    set_cluster(to->split_weight > 0 ? share_of(*to, cookie, random) : to->cluster.get(), listener);
    if (policy != nullptr && policy->sticky && !cookie.empty()) named = cluster->backends.find_cookie(cookie);
    override_timeouts(to->timeouts, listener);
}

void Route::lead_tunnel(const Listener& listener) {
    frontend = listener.routes->tunnel;
    if (frontend != nullptr) set_cluster(frontend->cluster.get(), listener);
}

void Route::set_cluster(Cluster* to, const Listener& listener) {
    cluster = to;
    if (cluster != nullptr) policy = cluster->policy;
    if (policy != nullptr) override_timeouts(policy->timeouts, listener);
}

void Route::override_timeouts(const TimeoutOverrides& overrides, const Listener& listener) {
    if (!overrides.any) return;
    if (!own_timeouts) own_timeouts = listener.timeouts;
    own_timeouts->override_by(overrides);
}

}  // namespace seki::proxy
