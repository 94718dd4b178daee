#include "ctl/help.h"

#include <algorithm>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "config/check/available.h"

namespace seki::ctl {
namespace {

using config::Feature;

constexpr auto examples = std::to_array<Examples>({
    {"start", {"seki start", "seki -c shop.toml start"}},
    {"check", {"seki check -c shop.toml", "seki check -c shop.toml --json"}},
    {"config check", {"seki config check -c shop.toml", "seki config check -c shop.toml --json"}},
    {"config schema", {"seki config schema", "seki config schema > seki.schema.json"}},
    {"init", {"seki init", "seki init --hostname shop.example --backend 127.0.0.1:3000 --backend 127.0.0.1:3001"}},
    {"fmt", {"seki fmt -c shop.toml", "seki fmt shop.toml --write"}},
    {"convert nginx",
     {"seki convert nginx /etc/nginx/nginx.conf > seki.toml", "seki convert nginx shop.conf -o seki.toml --strict"}},
    {"convert haproxy",
     {"seki convert haproxy /etc/haproxy/haproxy.cfg > seki.toml",
      "seki convert haproxy haproxy.cfg -o seki.toml --force --json"}},
    {"status", {"seki status", "seki --socket /run/seki/seki.sock status"}},
    {"shutdown", {"seki shutdown", "seki shutdown --deadline 30"}},
    {"upgrade", {"seki upgrade", "seki upgrade --worker 1"}},
    {"reload", {"seki reload --dry-run", "seki reload"}},
    {"logging", {"seki logging debug", "seki logging info,backend=debug"}},
    {"help", {"seki help", "seki help cluster add"}},
    {"version", {"seki version", "seki --version"}},
    {"man", {"seki man | man -l -", "seki man > seki.1"}},
    {"completions", {"seki completions bash > /etc/bash_completion.d/seki", "seki completions fish"}},
    {"events", {"seki events", "seki events --json"}},
    {"metrics get", {"seki metrics get --names requests", "seki metrics get --clusters shop --refresh 2"}},
    {"metrics enable", {"seki metrics enable", "seki metrics enable --verbose"}},
    {"metrics disable", {"seki metrics disable", "seki metrics disable --verbose"}},
    {"metrics clear", {"seki metrics clear", "seki metrics clear --verbose"}},
    {"sessions list", {"seki sessions list --limit 20 --json", "seki sessions list --draining"}},
    {"sessions rebalance", {"seki sessions rebalance", "seki sessions rebalance --json"}},
    {"sessions kill",
     {"seki sessions kill 01JDK2M5VZ8C3Q1H9T7RSWXYAB", "seki sessions kill 01JDK2M5VZ8C3Q1H9T7RSWXYAB --json"}},
    {"state save", {"seki state save -f seki.json", "seki state save -f seki.json --without-keys"}},
    {"state load", {"seki state load -f /var/lib/seki/seki.json", "seki state load -f /var/lib/seki/seki.pb"}},
    {"state diff", {"seki state diff yesterday.json today.json", "seki state diff seki.toml today.json"}},
    {"state stats", {"seki state stats", "seki state stats --json"}},
    {"state version", {"seki state version", "seki state version --json"}},
    {"apply", {"seki apply changes.json --dry-run", "seki apply changes.json --expect-version 7"}},
    {"cluster list", {"seki cluster list", "seki cluster list -i shop"}},
    {"cluster add",
     {"seki cluster add -i shop --load-balancing-policy round_robin",
      "seki cluster add -i shop --load-balancing-policy least_loaded --sticky-session --https-redirect"}},
    {"cluster remove", {"seki cluster remove -i shop", "seki cluster remove -i shop --json"}},
    {"cluster tags", {"seki cluster tags -i shop", "seki cluster tags -i shop --json"}},
    {"cluster close-sessions",
     {"seki cluster close-sessions -i shop", "seki cluster close-sessions -i shop --backend-id shop-1"}},
    {"cluster h2 enable", {"seki cluster h2 enable -i shop", "seki cluster h2 enable -i shop --verbose"}},
    {"cluster h2 disable", {"seki cluster h2 disable -i shop", "seki cluster h2 disable -i shop --verbose"}},
    {"cluster connection-attempts set",
     {"seki cluster connection-attempts set -i shop 3", "seki cluster connection-attempts set -i shop 1"}},
    {"cluster connection-attempts unset",
     {"seki cluster connection-attempts unset -i shop", "seki cluster connection-attempts unset -i shop --verbose"}},
    {"cluster health-check set",
     {"seki cluster health-check set -i shop -u /health",
      "seki cluster health-check set -i shop -u /health --interval 5 --expected-status 204"}},
    {"cluster health-check remove",
     {"seki cluster health-check remove -i shop", "seki cluster health-check remove -i shop --verbose"}},
    {"cluster health-check list", {"seki cluster health-check list", "seki cluster health-check list -i shop"}},
    {"backend add",
     {"seki backend add -i shop --backend-id shop-1 -a 192.0.2.11:8080",
      "seki backend add -i shop --backend-id shop-2 -a 192.0.2.12:8080 --weight 50"}},
    {"backend remove",
     {"seki backend remove -i shop --backend-id shop-1 -a 192.0.2.11:8080",
      "seki backend remove -i shop --backend-id shop-1 -a '[2001:db8::11]:8080'"}},
    {"backend set-state",
     {"seki backend set-state -i shop --backend-id shop-1 -a 192.0.2.11:8080 drain",
      "seki backend set-state -i shop --backend-id shop-1 -a 192.0.2.11:8080 ready"}},
    {"frontend http add",
     {"seki frontend http add -a 192.0.2.1:80 --hostname shop.example id shop",
      "seki frontend http add -a 192.0.2.1:80 --hostname shop.example --path-prefix /old --redirect permanent deny"}},
    {"frontend https add",
     {"seki frontend https add -a 192.0.2.1:443 --hostname shop.example id shop",
      "seki frontend https add -a 192.0.2.1:443 --hostname '*.shop.example' --split shop=90,shop-next=10"}},
    {"frontend http update",
     {"seki frontend http update -a 192.0.2.1:80 --hostname shop.example id shop-next",
      "seki frontend http update -a 192.0.2.1:80 --hostname shop.example --reset headers"}},
    {"frontend https update",
     {"seki frontend https update -a 192.0.2.1:443 --hostname shop.example id shop-next",
      "seki frontend https update -a 192.0.2.1:443 --hostname shop.example --split shop=50,shop-next=50"}},
    {"frontend http remove",
     {"seki frontend http remove -a 192.0.2.1:80 --hostname shop.example",
      "seki frontend http remove -a 192.0.2.1:80 --hostname shop.example --path-prefix /old"}},
    {"frontend https remove",
     {"seki frontend https remove -a 192.0.2.1:443 --hostname shop.example",
      "seki frontend https remove -a 192.0.2.1:443 --hostname '*.shop.example'"}},
    {"frontend * add",
     {"seki frontend * add -i mail -a 192.0.2.1:25", "seki frontend * add -i mail -a 192.0.2.1:25 --tags owner=ops"}},
    {"frontend * remove",
     {"seki frontend * remove -i mail -a 192.0.2.1:25", "seki frontend * remove -i mail -a '[2001:db8::1]:25'"}},
    {"frontend list", {"seki frontend list", "seki frontend list --http --domain shop.example"}},
    {"listener list", {"seki listener list", "seki listener list --json"}},
    {"listener https add",
     {"seki listener https add -a 0.0.0.0:443 --certificate shop.pem --key shop.key",
      "seki listener https add -a 192.0.2.1:443 --front-timeout 30"}},
    {"listener udp update",
     {"seki listener udp update -a 192.0.2.1:53 --front-timeout 30",
      "seki listener udp update -a 192.0.2.1:53 --public-address 198.51.100.1:53"}},
    {"listener * add",
     {"seki listener * add -a 0.0.0.0:8080", "seki listener * add -a '[::]:8080' --public-address 198.51.100.1:8080"}},
    {"listener * update",
     {"seki listener * update -a 0.0.0.0:8080 --front-timeout 30",
      "seki listener * update -a 0.0.0.0:8080 --connect-timeout 2"}},
    {"listener * activate", {"seki listener * activate -a 0.0.0.0:8080", "seki listener * activate -a '[::]:8080'"}},
    {"listener * deactivate",
     {"seki listener * deactivate -a 0.0.0.0:8080", "seki listener * deactivate -a '[::]:8080'"}},
    {"listener * remove", {"seki listener * remove -a 0.0.0.0:8080", "seki listener * remove -a '[::]:8080'"}},
    {"certificate list", {"seki certificate list", "seki certificate list --domain shop.example"}},
    {"certificate add",
     {"seki certificate add -a 192.0.2.1:443 --certificate shop.pem --key shop.key",
      "seki certificate add -a 192.0.2.1:443 --certificate shop.pem --certificate-chain chain.pem --key shop.key"}},
    {"certificate remove",
     {"seki certificate remove -a 192.0.2.1:443 --certificate shop.pem",
      "seki certificate remove -a 192.0.2.1:443 --fingerprint "
      "5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342"}},
    {"certificate replace",
     {"seki certificate replace -a 192.0.2.1:443 --new-certificate new.pem --new-key new.key --old-certificate "
      "shop.pem",
      "seki certificate replace -a 192.0.2.1:443 --new-certificate new.pem --new-key new.key --fingerprint "
      "5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342"}},
    {"ticket-secret set",
     {"head -c 32 /dev/urandom | seki ticket-secret set --file -", "seki ticket-secret set --file secret.bin"}},
    {"connection-limit show", {"seki connection-limit show", "seki connection-limit show --json"}},
    {"connection-limit set", {"seki connection-limit set 100", "seki connection-limit set 0"}},
    {"connection-limit remove", {"seki connection-limit remove", "seki connection-limit remove --verbose"}},
    {"subnet-connection-limit show", {"seki subnet-connection-limit show", "seki subnet-connection-limit show --json"}},
    {"subnet-connection-limit set", {"seki subnet-connection-limit set 1000", "seki subnet-connection-limit set 0"}},
    {"subnet-connection-limit remove",
     {"seki subnet-connection-limit remove", "seki subnet-connection-limit remove --verbose"}},
    {"connection-attempts set", {"seki connection-attempts set 3", "seki connection-attempts set 1"}},
});

struct Unavailable {
    Feature feature;
    std::string_view path;    // of a verb or a family
    std::string_view option;  // empty: all of it
};

constexpr auto unavailable = std::to_array<Unavailable>({
    {Feature::udp, "listener udp", ""},
    {Feature::udp, "frontend udp", ""},
    {Feature::http2_backends, "cluster h2", ""},
    {Feature::http2_backends, "cluster add", "--http2"},
    {Feature::health_checks, "cluster health-check set", ""},
    {Feature::health_checks, "cluster health-check remove", ""},
    {Feature::proxy_protocol, "cluster add", "--send-proxy"},
    {Feature::proxy_protocol, "cluster add", "--expect-proxy"},
    {Feature::proxy_protocol, "listener http add", "--expect-proxy"},
    {Feature::proxy_protocol, "listener http update", "--expect-proxy"},
    {Feature::proxy_protocol, "listener https add", "--expect-proxy"},
    {Feature::proxy_protocol, "listener https update", "--expect-proxy"},
    {Feature::proxy_protocol, "listener tcp add", "--expect-proxy"},
    {Feature::proxy_protocol, "listener tcp update", "--expect-proxy"},
});

constexpr std::string_view mark = " (not available yet)";

void mark_unavailable(CLI::App& app, const std::string& path) {
    for (const Unavailable& each : unavailable) {
        if (each.path != path || config::why_unavailable(each.feature).empty()) continue;
        CLI::Option* option = each.option.empty() ? nullptr : app.get_option_no_throw(std::string(each.option));
        if (option != nullptr) {
            option->description(fmt::format("{}{}", option->get_description(), mark));
        } else {
            app.description(fmt::format("{}{}", app.get_description(), mark));
        }
    }
}

// "listener tcp add" as "listener * add"
std::string any_protocol(std::string path, std::string_view with, std::string_view instead) {
    const size_t begin = path.find(fmt::format(" {} ", with));
    return begin == std::string::npos ? path : path.replace(begin + 1, with.size(), instead);
}

void add_examples(CLI::App& app, const std::string& path) {
    const auto* found = std::ranges::find(examples, std::string_view(path), &Examples::path);
    std::string_view protocol;
    for (const std::string_view each : {"http", "https", "tcp", "udp"}) {
        if (found != examples.end()) break;
        found = std::ranges::find(examples, any_protocol(path, each, "*"), &Examples::path);
        protocol = each;
    }
    if (found == examples.end()) return;
    std::string text = "Examples:";
    for (const std::string_view line : found->lines) text += "\n    " + any_protocol(std::string(line), "*", protocol);
    app.footer(text);
}

void complete(CLI::App& app, const std::string& path) {
    mark_unavailable(app, path);
    add_examples(app, path);
    for (CLI::App* part : app.get_subcommands([](const CLI::App*) { return true; })) {
        complete(*part, path.empty() ? part->get_name() : path + " " + part->get_name());
    }
}

}  // namespace

std::span<const Examples> all_examples() { return examples; }

void complete_help(CLI::App& root) { complete(root, ""); }

}  // namespace seki::ctl
