#include <algorithm>

#include "config/check/rules.h"
#include "config/copy_fields.h"
#include "config/kinds.h"
#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

using command::RequestHttpFrontend;

void check_path(Examiner& examine, const command::PathRule& path) {
    const std::string& value = path.value();
    if (path.kind() == command::REGEX) return examine.regex("path", value);
    if (value.size() > max_path_size) return examine.refuse("path", "it is longer than {} bytes", max_path_size);
    if (has_control(value) || value.contains(' ')) {
        return examine.refuse("path", "it has a space or a control character, which no request target has");
    }
    const bool any_path = value.empty() && path.kind() == command::PREFIX;
    if (!any_path && !value.starts_with('/')) examine.refuse("path", "'{}' does not begin with '/'", value);
}

// Both together say which frontend it is (RouteKey).
void check_place(Examiner& examine, RequestHttpFrontend& frontend) {
    examine.address("address", *frontend.mutable_address());
    examine.host("hostname", *frontend.mutable_hostname());
    check_path(examine, frontend.path());
}

void check_filters(Examiner& examine, RequestHttpFrontend& frontend) {
    if (frontend.has_method()) examine.token("method", frontend.method(), max_method_size);
    check_conditions(examine, frontend);
}

void check_split(Examiner& examine, const RequestHttpFrontend& frontend) {
    const auto& shares = frontend.split();
    if (shares.empty()) return;
    if (frontend.has_cluster_id()) examine.refuse("split", "it excludes cluster_id");
    const auto count = static_cast<size_t>(shares.size());
    if (count < min_shares || count > max_shares) {
        return examine.refuse("split", "{} shares are not within {} and {}", count, min_shares, max_shares);
    }
    uint64_t sum = 0;
    for (auto share = shares.begin(); share != shares.end(); ++share) {
        examine.id("split", share->cluster_id(), max_cluster_id_size);
        examine.number("split", share->weight(), 0, max_share_weight);
        sum += share->weight();
        const auto same = [&](const command::ClusterShare& other) { return other.cluster_id() == share->cluster_id(); };
        if (std::any_of(shares.begin(), share, same)) {
            examine.refuse("split", "the cluster '{}' has two shares", share->cluster_id());
        }
    }
    if (sum == 0) examine.refuse("split", "at least one weight must be more than 0");
}

void check_timeouts(Examiner& examine, const RequestHttpFrontend& frontend) {
    if (frontend.has_front_timeout()) examine.timeout("front_timeout", frontend.front_timeout());
    if (frontend.has_back_timeout()) examine.timeout("back_timeout", frontend.back_timeout());
    if (frontend.has_connect_timeout()) examine.timeout("connect_timeout", frontend.connect_timeout());
    if (frontend.has_tunnel_timeout()) examine.timeout("tunnel_timeout", frontend.tunnel_timeout());
}

}  // namespace

void check_frontend(Examiner& examine, RequestHttpFrontend& frontend, command::ListenerType type) {
    check_place(examine, frontend);
    const bool is_known = examine.refusals().empty();
    check_filters(examine, frontend);
    if (frontend.has_cluster_id()) examine.id("cluster_id", frontend.cluster_id(), max_cluster_id_size);
    check_split(examine, frontend);
    check_redirect(examine, frontend);
    check_rewrites(examine, frontend, is_known ? captures_of(frontend) : Captures::any());
    check_header_edits(examine, frontend);
    check_timeouts(examine, frontend);
    examine.tags("tags", frontend.tags());
    if (!frontend.has_hsts()) return;
    if (type == command::HTTPS) return check_hsts(examine, *frontend.mutable_hsts());
    examine.refuse("hsts", "only https frontends have it (RFC 6797 §7.2)");
}

void check_frontend_removal(Examiner& examine, RequestHttpFrontend& frontend) {
    check_place(examine, frontend);
    check_filters(examine, frontend);
}

void check_update(Examiner& examine, command::UpdateHttpFrontend& update) {
    RequestHttpFrontend identity = route_identity(update);
    check_frontend_removal(examine, identity);
    // In its normal form.
    if (auto copied = copy_fields(identity, update); !copied) examine.refuse("", "{}", copied.error().message);
    for (const std::string& name : update.reset()) {
        if (!is_setting_of_route(name)) examine.refuse("reset", "'{}' is no setting of a frontend", name);
    }
}

void check_frontend(Examiner& examine, command::RequestTcpFrontend& frontend) {
    examine.id("cluster_id", frontend.cluster_id(), max_cluster_id_size);
    examine.address("address", *frontend.mutable_address());
    examine.wants("sni", frontend.has_sni(), Feature::sni_routing);
    examine.wants("alpn", frontend.alpn_size() > 0, Feature::sni_routing);
    examine.tags("tags", frontend.tags());
}

}  // namespace seki::config
