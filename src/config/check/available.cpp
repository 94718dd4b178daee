#include "config/check/available.h"

#include <algorithm>
#include <array>

namespace seki::config {
namespace {

struct Missing {
    Feature feature;
    std::string_view sentence;
};

constexpr std::array missing{
    Missing{Feature::udp, "UDP is not available yet"},
    Missing{Feature::proxy_protocol, "the PROXY protocol is not available yet"},
    Missing{Feature::http2, "HTTP/2 is not available yet"},
    Missing{Feature::http2_backends, "HTTP/2 towards backends is not available yet"},
    Missing{Feature::balancing_by_hash, "load balancing by hash (HRW, MAGLEV) is not available yet"},
    Missing{Feature::sharding, "giving each client a part of the backends is not available yet"},
    Missing{Feature::sni_routing, "routing TCP by SNI or ALPN is not available yet"},
    Missing{Feature::health_checks, "health checks are not available yet"},
};

}  // namespace

std::string_view why_unavailable(Feature feature) {
    const auto* const found = std::ranges::find(missing, feature, &Missing::feature);
    return found == missing.end() ? std::string_view() : found->sentence;
}

}  // namespace seki::config
