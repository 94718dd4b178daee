#include "convert/nginx/nginx.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>

#include "convert/nginx/knowledge.h"
#include "convert/nginx/servers.h"
#include "convert/values.h"

namespace seki::convert::nginx {
namespace {

class Conversion {
public:
    Conversion(const std::vector<Directive>& tree, Remarks& remarks)
        : main_(tree), remarks_(remarks), clusters_(model_, remarks), servers_(model_, clusters_, remarks) {}

    Result<Model> run() {
        model_.global.text("command_socket", "seki.sock");
        if (const Directive* said = main_.own("worker_processes")) {
            if (const auto count = number_of(said->argument(0)); count && *count > 0 && *count <= 1024) {
                model_.global.number("worker_count", *count);
            } else {
                remarks_.not_needed(said->origin, "worker_count is 2 unless you say otherwise");
            }
        }
        // A part of a file, as in sites-enabled, is what stands within `http`.
        for (const Directive* http : main_.all_own("http")) add_http(scope(http->block, &main_));
        add_http(main_);
        for (const Directive* stream : main_.all_own("stream")) add_stream(scope(stream->block, &main_));
        servers_.finish();
        if (model_.listeners.empty()) return failure("there is no server in it, so nothing to convert");
        tell(main_.block());
        return std::move(model_);
    }

private:
    const Scope& scope(const std::vector<Directive>& block, const Scope* around) {
        return scopes_.emplace_back(block, around);
    }

    void add_http(const Scope& http) {
        if (http.all_own("server").empty()) return;
        // What nginx does where nothing is said, and Seki otherwise.
        for (const char* key : {"back_timeout", "connect_timeout"}) model_.global.number(key, 60);
        for (const Directive* upstream : http.all_own("upstream")) clusters_.add_upstream(*upstream);
        for (const Directive* map : http.all_own("map")) {
            const bool of_upgrades = map->argument(0) == "$http_upgrade";
            if (of_upgrades) remarks_.not_needed(map->origin, "upgrades pass by themselves");
            map->handled = of_upgrades;
            handle_all(map->block);
        }
        for (const Directive* server : http.all_own("server")) servers_.add({server, &scope(server->block, &http)});
    }

    void add_stream(const Scope& stream) {
        for (const Directive* upstream : stream.all_own("upstream")) clusters_.add_upstream(*upstream);
        for (const Directive* server : stream.all_own("server")) {
            const Scope& inside = scope(server->block, &stream);
            const Directive* pass = inside.own("proxy_pass");
            const auto cluster = pass == nullptr ? std::nullopt : clusters_.stream_cluster_for(*pass, inside);
            for (const Directive* said : inside.all_own("listen")) {
                if (!cluster) {
                    remarks_.lost(said->origin, "there is no backend for it");
                } else {
                    add_stream_listener(*said, *cluster);
                }
            }
        }
    }

    void add_stream_listener(const Directive& said, const std::string& cluster) {
        std::string text(said.argument(0));
        if (number_of(text)) text = "0.0.0.0:" + text;
        for (size_t i = 1; i < said.arguments.size(); ++i) {
            if (said.arguments[i] == "udp" || said.arguments[i] == "ssl") {
                remarks_.lost(said.origin, fmt::format("{} is not available for streams", said.arguments[i]));
                return;
            }
        }
        Frontend frontend{.origin = said.origin, .listener = text, .cluster = cluster, .keys = {}};
        frontend.keys.text("address", text);
        model_.listeners.push_back({.origin = said.origin, .address = text, .protocol = Protocol::tcp, .keys = {}});
        model_.frontends.push_back(std::move(frontend));
    }

    // What was neither converted nor told yet.
    void tell(const std::vector<Directive>& list) {
        for (const Directive& each : list) {
            if (each.handled) {
                tell(each.block);
                continue;
            }
            const auto found = known(each.name);
            if (!found) {
                remarks_.lost(each.origin, fmt::format("`seki convert` does not know '{}'", each.name));
            } else if (found->kind == RemarkKind::not_needed || is_without_effect(each)) {
                remarks_.not_needed(each.origin, std::string(found->reason));
            } else {
                remarks_.lost(each.origin, std::string(found->reason));
            }
        }
    }

    static bool is_without_effect(const Directive& directive) {
        if (directive.name == "proxy_redirect")
            return directive.argument(0) == "off" || directive.argument(0) == "default";
        return directive.arguments.size() == 1 && directive.argument(0) == "off";
    }

    Scope main_;
    Remarks& remarks_;
    Model model_;
    Clusters clusters_;
    Servers servers_;
    std::deque<Scope> scopes_;
};

}  // namespace

Result<Model> read(const std::string& path, const Files& files, Remarks& remarks) {
    const auto tree = read_tree(path, files, remarks);
    if (!tree) return std::unexpected(tree.error());
    auto model = Conversion(*tree, remarks).run();
    if (!model) return failure("{}: {}", path, model.error().message);
    return model;
}

}  // namespace seki::convert::nginx
