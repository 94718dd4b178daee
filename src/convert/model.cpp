#include "convert/model.h"

#include <algorithm>

#include "convert/arrange.h"

namespace seki::convert {

Cluster* Model::cluster(std::string_view id) {
    const auto found = std::ranges::find(clusters, id, &Cluster::id);
    return found == clusters.end() ? nullptr : &*found;
}

Result<> Model::finish(Remarks& remarks) {
    for (const Site& site : sites) {
        if (site.routes.size() > max_routes_of_host)
            return failure("host '{}' has more than {} routes", site.host, max_routes_of_host);
        std::vector<Frontend> made = arrange(site, remarks);
        if (!made.empty()) made.front().keys.add(site.certificate);
        std::ranges::move(made, std::back_inserter(frontends));
        if (frontends.size() > max_frontends) return failure("more than {} frontends would come of it", max_frontends);
    }
    const auto named = [this](std::string_view id) {
        return std::ranges::find(frontends, id, &Frontend::cluster) != frontends.end();
    };
    if (named(unconverted)) {
        Cluster& cluster = clusters.emplace_back();
        cluster.id = unconverted;
        cluster.comment = "What could not be converted: 503, lest another rule take these requests.";
    }
    if (named(nobody)) {
        Cluster& cluster = clusters.emplace_back();
        cluster.id = nobody;
        cluster.comment = "Answers that need no backend.";
    }
    return {};
}

}  // namespace seki::convert
