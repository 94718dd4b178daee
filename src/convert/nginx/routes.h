#pragma once

// The routes of a `server` for one of its names: what stands in the server itself, then its locations in the order in
// which nginx asks them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "convert/model.h"
#include "convert/nginx/clusters.h"
#include "convert/nginx/conditions.h"

namespace seki::convert::nginx {

struct Location {
    const Directive* directive = nullptr;
    const Scope* scope = nullptr;
    PathMatch path;
    bool before_expressions = false;  // ^~
};

class Routes {
public:
    Routes(Clusters& clusters, Remarks& remarks, const Scope& server, const Place& place)
        : clusters_(clusters), remarks_(remarks), server_(server), place_(place) {}

    std::vector<Route> take();

private:
    void collect(const Scope& scope, bool within_location);
    void collect_location(const Directive& location, const Scope& around, bool within_location);
    std::vector<const Location*> in_order() const;

    // What rewrites and returns of a block say; true when nothing behind is reached.
    bool add_early(const Scope& scope, const Location* location);
    bool add_return(const Directive& said, const Scope& scope, Route route, bool of_server);
    bool add_rewrite(const Directive& said, const Scope& scope, Route route);
    void add_if(const Directive& condition, const Scope& scope, const Location* location);

    void add_location(const Location& location);
    void add_slash_redirect(const Location& location);
    void proxy(const Location& location, const Scope& scope, const Directive& pass, Route route);
    std::vector<std::string> allowed_methods(const Scope& scope);
    bool restrict_sources(const Scope& scope, Route& route);
    void refuse(const Location& location, const std::string& why);
    void close(const Location& location, const Scope& scope);

    [[nodiscard]] Route route_at(const Location* location) const;
    [[nodiscard]] const Directive* named(std::string_view name) const;

    Clusters& clusters_;
    Remarks& remarks_;
    const Scope& server_;
    Place place_;
    std::vector<Location> locations_;
    std::vector<std::unique_ptr<Scope>> scopes_;
    std::vector<Route> routes_;
    size_t early_ = 0;                        // so many of them come before all locations
    std::optional<std::string> replacement_;  // by `rewrite … break` of the location at hand
};

// Keys of a frontend that its scope says: timeouts, headers.
Keys frontend_keys(const Scope& scope, Remarks& remarks);

}  // namespace seki::convert::nginx
