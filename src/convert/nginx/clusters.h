#pragma once

// Clusters of `upstream` blocks, and of the addresses that `proxy_pass` names without one.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/model.h"
#include "convert/nginx/scope.h"

namespace seki::convert::nginx {

// What stands behind a proxy_pass.
struct Target {
    bool secure = false;
    std::string host;  // or the name of an upstream; with its port; "unix:/path"
    std::optional<std::string> path;
};
std::optional<Target> target_of(std::string_view url);

class Clusters {
public:
    Clusters(Model& model, Remarks& remarks) : model_(model), remarks_(remarks) {}

    void add_upstream(const Directive& upstream) { upstreams_[std::string(upstream.argument(0))] = &upstream; }

    // The id of the cluster for the target of this directive; nothing where there is none, which is told then.
    std::optional<std::string> cluster_for(const Directive& pass, const Target& target, const Scope& scope);
    // Of TCP.
    std::optional<std::string> stream_cluster_for(const Directive& pass, const Scope& scope);

    [[nodiscard]] bool is_upstream(std::string_view name) const { return upstreams_.contains(std::string(name)); }

private:
    Cluster* make(const std::string& id, const Directive& origin);
    void fill(Cluster& cluster, const Directive& upstream, uint16_t default_port);
    void add_server(Cluster& cluster, const Directive& server, uint16_t default_port);
    void apply_parameter(Backend& backend, const Directive& server, std::string_view parameter);
    void apply_method(Cluster& cluster, const Directive& method);
    bool add_address(Cluster& cluster, const Directive& origin, std::string_view text, uint16_t default_port);
    void secure(Cluster& cluster, const Target& target, const Scope& scope);

    Model& model_;
    Remarks& remarks_;
    std::map<std::string, const Directive*> upstreams_;
    std::map<std::string, bool> broken_;  // clusters that could not be made
};

}  // namespace seki::convert::nginx
