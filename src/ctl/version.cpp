#include "ctl/version.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

#include "config/check/available.h"

namespace seki::ctl {
namespace {

using config::Feature;

struct Named {
    std::string_view name;
    Feature feature;
};

// Protocols and functions by which people choose a build; config/check/available.h knows which are there.
constexpr auto features = std::to_array<Named>({
    {"http2", Feature::http2},
    {"backend-tls", Feature::tls_to_backends},
    {"udp", Feature::udp},
    {"proxy-protocol", Feature::proxy_protocol},
    {"http2-backends", Feature::http2_backends},
    {"health-checks", Feature::health_checks},
    {"statsd", Feature::statsd},
    {"audit-logs", Feature::audit_logs},
});

}  // namespace

std::string program_version(std::string_view commit) {
    return commit.empty() ? "seki " SEKI_VERSION : fmt::format("seki " SEKI_VERSION " ({})", commit);
}

std::string version_text(std::string_view commit) {
    std::string text =
        program_version(commit) + "\n+http +https +tcp +sticky-sessions +redirects +basic-auth +client-certificates";
    for (const auto& [name, feature] : features) {
        text += config::why_unavailable(feature).empty() ? " +" : " -";
        text += name;
    }
    return text + "\n";
}

}  // namespace seki::ctl
