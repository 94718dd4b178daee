#include "ctl/address_text.h"
#include "ctl/show/show.h"
#include "ctl/table.h"

namespace seki::ctl {
namespace {

// A frontend without a cluster redirects or, when it does not, refuses.
std::string target(const command::RequestHttpFrontend& frontend) {
    if (frontend.has_cluster_id()) return frontend.cluster_id();
    const bool answers = frontend.redirect() == command::FORWARD || frontend.redirect() == command::UNAUTHORIZED;
    return answers ? "Deny" : "";
}

std::string show_http(const auto& frontends) {
    if (frontends.empty()) return {};
    Table table({"cluster", "address", "hostname", "path", "method", "position", "redirect", "tags"});
    for (const command::RequestHttpFrontend& frontend : frontends) {
        const std::string redirect = frontend.has_redirect() ? RedirectPolicy_Name(frontend.redirect()) : "";
        table.row({target(frontend), address_text(frontend.address()), frontend.hostname(), path_text(frontend.path()),
                   frontend.method(), RulePosition_Name(frontend.position()), redirect, tags_text(frontend.tags())});
    }
    return table.text();
}

std::string show_stream(const auto& frontends) {
    if (frontends.empty()) return {};
    Table table({"cluster", "address", "tags"});
    for (const auto& frontend : frontends) {
        table.row({frontend.cluster_id(), address_text(frontend.address()), tags_text(frontend.tags())});
    }
    return table.text();
}

}  // namespace

std::string show_frontends(const command::ListedFrontends& frontends) {
    const std::string out = section("HTTP frontends", show_http(frontends.http_frontends())) +
                            section("HTTPS frontends", show_http(frontends.https_frontends())) +
                            section("TCP frontends", show_stream(frontends.tcp_frontends())) +
                            section("UDP frontends", show_stream(frontends.udp_frontends()));
    return out.empty() ? "No frontends\n" : out;
}

}  // namespace seki::ctl
