#pragma once

// What of the schema this version does not do yet. A change or a setting that asks for such a feature is refused in
// words, never taken and ignored. Whoever builds a feature removes its line in available.cpp; nothing else knows the
// list.

#include <cstdint>
#include <string>
#include <string_view>

namespace seki::config {

enum class Feature : uint8_t {
    udp,
    proxy_protocol,
    http2,
    http2_backends,
    tls_to_backends,
    balancing_by_hash,
    sharding,
    sni_routing,
    health_checks,
    statsd,
    audit_logs,
};

// The sentence that refuses the feature ("HTTPS is not available yet"); empty when the feature is there.
std::string_view why_unavailable(Feature feature);

}  // namespace seki::config
