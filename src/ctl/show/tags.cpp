#include <map>
#include <string>

#include "config/convert.h"
#include "config/kinds.h"
#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"

namespace seki::ctl {
namespace {

using Tags = google::protobuf::Map<std::string, std::string>;

// All that it is known by; a server may say what is no address.
std::string name_of(const command::RequestHttpFrontend& frontend) {
    if (config::from_wire(frontend.address())) return config::route_key(frontend).text();
    return address_text(frontend.address()) + ";" + frontend.hostname();
}
std::string name_of(const command::RequestTcpFrontend& frontend) { return address_text(frontend.address()); }
std::string name_of(const command::RequestUdpFrontend& frontend) { return address_text(frontend.address()); }

// Each frontend once; one without tags has none.
template <typename Visit>
void for_each_frontend(const Holders& holders, Visit visit) {
    std::map<std::string, const Tags*> known;
    const auto add = [&](const std::string& kind, const auto& frontends) {
        for (const auto& frontend : frontends) known.emplace(kind + " " + name_of(frontend), &frontend.tags());
    };
    for (const auto& [holder, content] : holders) {
        for (const command::ClusterInformation& cluster : content.clusters().vec()) {
            add("http", cluster.http_frontends());
            add("https", cluster.https_frontends());
            add("tcp", cluster.tcp_frontends());
            add("udp", cluster.udp_frontends());
        }
    }
    for (const auto& [name, tags] : known) visit(name, *tags);
}

}  // namespace

std::string show_tags(const Holders& holders) {
    Table table({"frontend", "tags"});
    bool any = false;
    for_each_frontend(holders, [&](const std::string& name, const Tags& tags) {
        table.row({name, tags_text(tags)});
        any = true;
    });
    return any ? table.text() : "No frontends\n";
}

Json tags_json(const Holders& holders) {
    Json list = Json::array();
    for_each_frontend(holders, [&](const std::string& name, const Tags& tags) {
        list.push_back({{"frontend", name}, {"tags", std::map<std::string, std::string>(tags.begin(), tags.end())}});
    });
    return list;
}

}  // namespace seki::ctl
