#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "config/conditions.h"
#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"

namespace seki::ctl {
namespace {

using command::RequestHttpFrontend;

std::string redirect_text(const RequestHttpFrontend& frontend) {
    std::string text = frontend.has_redirect() ? RedirectPolicy_Name(frontend.redirect()) : "";
    const auto add = [&text](std::string_view part) { text += fmt::format("{}{}", text.empty() ? "" : ", ", part); };
    if (frontend.redirect_scheme() != command::USE_SAME) add(RedirectScheme_Name(frontend.redirect_scheme()));
    if (frontend.has_redirect_template()) add("own answer");
    return text;
}

std::string conditions_text(const RequestHttpFrontend& frontend) {
    return fmt::format("{}", fmt::join(config::conditions(frontend), ", "));
}

std::string header_text(const command::Header& header) {
    const std::string where = HeaderPosition_Name(header.position());
    if (header.val().empty()) return fmt::format("{} without {}", where, header.key());
    const std::string_view mode = header.mode() == command::REPLACE ? "=" : "+=";
    return fmt::format("{} {} {} {}", where, header.key(), mode, header.val());
}

std::string edits_text(const RequestHttpFrontend& frontend) {
    std::vector<std::string> edits;
    if (frontend.has_rewrite_host()) edits.push_back("host = " + frontend.rewrite_host());
    if (frontend.has_rewrite_path()) edits.push_back("path = " + frontend.rewrite_path());
    if (frontend.has_rewrite_port()) edits.push_back(fmt::format("port = {}", frontend.rewrite_port()));
    for (const command::Header& header : frontend.headers()) edits.push_back(header_text(header));
    return fmt::format("{}", fmt::join(edits, ", "));
}

std::string limits_text(const RequestHttpFrontend& frontend) {
    std::vector<std::string> limits;
    const auto add = [&limits](bool there, std::string_view name, uint32_t seconds) {
        if (there) limits.push_back(fmt::format("{} {} s", name, seconds));
    };
    if (frontend.required_auth()) limits.emplace_back("users only");
    add(frontend.has_front_timeout(), "front", frontend.front_timeout());
    add(frontend.has_back_timeout(), "back", frontend.back_timeout());
    add(frontend.has_connect_timeout(), "connect", frontend.connect_timeout());
    add(frontend.has_tunnel_timeout(), "tunnel", frontend.tunnel_timeout());
    return fmt::format("{}", fmt::join(limits, ", "));
}

struct Column {
    const char* title;
    std::string (*cell)(const RequestHttpFrontend&);
    bool shown_when_empty = true;
};

constexpr std::array columns{
    Column{"cluster", target_text},
    Column{"address", [](const RequestHttpFrontend& frontend) { return address_text(frontend.address()); }},
    Column{"hostname", [](const RequestHttpFrontend& frontend) { return frontend.hostname(); }},
    Column{"path", [](const RequestHttpFrontend& frontend) { return path_text(frontend.path()); }},
    Column{"method", [](const RequestHttpFrontend& frontend) { return frontend.method(); }},
    Column{"conditions", conditions_text, false},
    Column{"position", [](const RequestHttpFrontend& frontend) { return RulePosition_Name(frontend.position()); }},
    Column{"redirect", redirect_text},
    Column{"edits", edits_text, false},
    Column{"limits", limits_text, false},
    Column{"tags", [](const RequestHttpFrontend& frontend) { return tags_text(frontend.tags()); }},
};

std::string show_http(const auto& frontends) {
    if (frontends.empty()) return {};
    std::vector<Column> shown;
    std::ranges::copy_if(columns, std::back_inserter(shown), [&](const Column& column) {
        const auto has_text = [&](const RequestHttpFrontend& frontend) { return !column.cell(frontend).empty(); };
        return column.shown_when_empty || std::ranges::any_of(frontends, has_text);
    });
    std::vector<std::string> header;
    for (const Column& column : shown) header.emplace_back(column.title);
    Table table(std::move(header));
    for (const RequestHttpFrontend& frontend : frontends) {
        std::vector<std::string> cells;
        for (const Column& column : shown) cells.push_back(column.cell(frontend));
        table.row(std::move(cells));
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

// A frontend without a cluster redirects or, when it does not, refuses.
std::string target_text(const RequestHttpFrontend& frontend) {
    std::string shares;
    for (const command::ClusterShare& share : frontend.split()) {
        shares += fmt::format("{}{} {}", shares.empty() ? "" : ", ", share.cluster_id(), share.weight());
    }
    if (frontend.has_cluster_id() || !shares.empty()) return frontend.cluster_id() + shares;
    const bool answers = frontend.redirect() == command::FORWARD || frontend.redirect() == command::UNAUTHORIZED;
    return answers ? "Deny" : "";
}

std::string show_frontends(const command::ListedFrontends& frontends) {
    const std::string out = section("HTTP frontends", show_http(frontends.http_frontends())) +
                            section("HTTPS frontends", show_http(frontends.https_frontends())) +
                            section("TCP frontends", show_stream(frontends.tcp_frontends())) +
                            section("UDP frontends", show_stream(frontends.udp_frontends()));
    return out.empty() ? "No frontends\n" : out;
}

}  // namespace seki::ctl
