#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "config/convert.h"
#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"

namespace seki::ctl {
namespace {

using command::ClusterInformation;

// Records of several processes, side by side: rows are distinct records, and a mark tells who has it.
class Comparison {
public:
    Comparison(std::string title, std::vector<std::string> header, const Holders& holders)
        : title_(std::move(title)), header_(std::move(header)), holders_(holders) {}

    void add(const std::string& holder, std::vector<std::string> cells, const google::protobuf::Message& record) {
        // Records may differ in fields that have no column.
        rows_[{std::move(cells), json_text(to_json(record, Spelling::plain))}].insert(holder);
    }

    [[nodiscard]] std::string text() const {
        if (rows_.empty()) return {};
        std::vector<std::string> header = header_;
        for (const auto& [holder, content] : holders_) header.push_back(holder_name(holder));
        Table table(std::move(header));
        for (const auto& [record, owners] : rows_) {
            std::vector<std::string> cells = record.first;
            for (const auto& [holder, content] : holders_) cells.push_back(owners.contains(holder) ? "●" : "");
            table.row(std::move(cells));
        }
        return section(title_, table.text());
    }

private:
    std::string title_;
    std::vector<std::string> header_;
    const Holders& holders_;
    std::map<std::pair<std::vector<std::string>, std::string>, std::set<std::string>> rows_;
};

// "127.0.0.1:8080", or "127.0.0.1:8080 at /run/app.sock".
std::string backend_place(const command::AddBackend& backend) {
    const std::string address = address_text(backend.address());
    return backend.has_unix_path() ? address + " at " + backend.unix_path() : address;
}

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::string show_cluster_hashes(const Holders& holders) {
    std::set<std::string> clusters;
    for (const auto& [holder, content] : holders) {
        for (const auto& [cluster, hash] : content.cluster_hashes().map()) clusters.insert(cluster);
    }
    if (clusters.empty()) return "No clusters\n";

    std::vector<std::string> header{"cluster"};
    for (const auto& [holder, content] : holders) header.push_back(holder_name(holder));
    header.emplace_back("desynchronized");
    Table table(std::move(header));
    for (const std::string& cluster : clusters) {
        std::vector<std::string> cells{cluster};
        std::set<std::optional<uint64_t>> distinct;
        for (const auto& [holder, content] : holders) {
            const auto& hashes = content.cluster_hashes().map();
            const auto found = hashes.find(cluster);
            cells.push_back(found == hashes.end() ? "" : fmt::format("{:016x}", found->second));
            distinct.insert(found == hashes.end() ? std::nullopt : std::optional(found->second));
        }
        cells.emplace_back(distinct.size() > 1 ? "X" : "");
        table.row(std::move(cells));
    }
    return table.text();
}

std::string show_clusters(const Holders& holders) {
    Comparison settings("Clusters", {"id", "load balancing", "sticky", "https redirect", "http2"}, holders);
    Comparison http("HTTP frontends", {"cluster", "address", "hostname", "path", "method"}, holders);
    Comparison https("HTTPS frontends", {"cluster", "address", "hostname", "path", "method"}, holders);
    Comparison tcp("TCP frontends", {"cluster", "address"}, holders);
    Comparison udp("UDP frontends", {"cluster", "address"}, holders);
    Comparison backends("Backends", {"cluster", "id", "address", "weight", "backup", "state"}, holders);

    const auto add_http = [](Comparison& to, const std::string& holder, const auto& frontends) {
        for (const command::RequestHttpFrontend& frontend : frontends) {
            to.add(holder,
                   {target_text(frontend), address_text(frontend.address()), frontend.hostname(),
                    path_text(frontend.path()), frontend.method()},
                   frontend);
        }
    };
    const auto add_stream = [](Comparison& to, const std::string& holder, const auto& frontends) {
        for (const auto& frontend : frontends)
            to.add(holder, {frontend.cluster_id(), address_text(frontend.address())}, frontend);
    };
    for (const auto& [holder, content] : holders) {
        for (const ClusterInformation& cluster : content.clusters().vec()) {
            if (cluster.has_configuration()) {
                const command::Cluster& own = cluster.configuration();
                settings.add(holder,
                             {own.cluster_id(), LoadBalancingAlgorithms_Name(own.load_balancing()),
                              yes_or_no(own.sticky_session()), yes_or_no(own.https_redirect()), yes_or_no(own.http2())},
                             own);
            }
            add_http(http, holder, cluster.http_frontends());
            add_http(https, holder, cluster.https_frontends());
            add_stream(tcp, holder, cluster.tcp_frontends());
            add_stream(udp, holder, cluster.udp_frontends());
            for (const command::AddBackend& backend : cluster.backends()) {
                backends.add(holder,
                             {backend.cluster_id(), backend.backend_id(), backend_place(backend),
                              std::to_string(config::weight_of(backend)), yes_or_no(backend.backup()),
                              BackendState_Name(backend.state())},
                             backend);
            }
        }
    }
    return settings.text() + http.text() + https.text() + tcp.text() + udp.text() + backends.text();
}

}  // namespace seki::ctl
