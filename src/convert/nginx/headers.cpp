#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "config/text.h"
#include "convert/nginx/routes.h"
#include "convert/values.h"

namespace seki::convert::nginx {
namespace {

// Fields that Seki writes itself, or that say how a message is transferred.
bool is_own(std::string_view lower) {
    constexpr std::array own{"connection",
                             "upgrade",
                             "content-length",
                             "transfer-encoding",
                             "te",
                             "keep-alive",
                             "trailer",
                             "proxy-connection",
                             "x-real-ip",
                             "x-forwarded-for",
                             "x-forwarded-proto",
                             "x-forwarded-port",
                             "forwarded",
                             "host"};
    return std::ranges::find(own, lower) != own.end();
}

class Headers {
public:
    Headers(const Scope& scope, Remarks& remarks) : scope_(scope), remarks_(remarks) {}

    std::vector<Keys> take() {
        for (const Directive* said : scope_.all("proxy_set_header")) request(*said);
        for (const Directive* said : scope_.all("add_header")) response(*said);
        for (const Directive* said : scope_.all("proxy_hide_header")) edit("response", said->argument(0), "", false);
        return std::move(edits_);
    }

private:
    void request(const Directive& said) {
        const std::string_view name = said.argument(0);
        const std::string value = scope_.expand(said.argument(1));
        const std::string lower = config::lower_case(name);
        if (lower == "host") {
            host(said, value);
        } else if (is_own(lower)) {
            own(said, lower, value);
        } else if (!has_variable(value)) {
            edit("request", name, value, true);
        } else if (value == "$http_" + underscored(lower)) {
            remarks_.not_needed(said.origin, "it passes as it is");
        } else {
            remarks_.lost(said.origin, "Seki computes no values of fields");
        }
    }

    static std::string underscored(std::string name) {
        std::ranges::replace(name, '-', '_');
        return name;
    }

    void host(const Directive& said, const std::string& value) {
        if (value == "$host" || value == "$http_host" || value == "$host:$server_port" || value == "$host:$port")
            return;
        if (value.empty() || has_variable(value)) {
            remarks_.lost(said.origin, "backends get the host that the client asked for");
        } else {
            edit("request", "Host", value, true);
        }
    }

    void own(const Directive& said, std::string_view lower, const std::string& value) {
        if (!lower.starts_with("x-forwarded") && lower != "forwarded" && lower != "x-real-ip") {
            remarks_.not_needed(said.origin, "Seki says itself how a message is transferred, and passes upgrades on");
            return;
        }
        if (value == "$proxy_add_x_forwarded_for" || value == "$scheme" || value == "$server_port") return;
        if (value == "$remote_addr" || value == "$realip_remote_addr") {
            if (lower == "x-forwarded-for")
                remarks_.different(said.origin,
                                   "the client is added to what it says itself; trusted_proxies = [] of the "
                                   "listener believes nobody");
            return;
        }
        if (has_variable(value)) {
            remarks_.different(said.origin, "Seki writes this field itself; see forwarded_headers of the listener");
        } else {
            edit("request", said.argument(0), value, !value.empty());
        }
    }

    void response(const Directive& said) {
        const std::string value = scope_.expand(said.argument(1));
        if (has_variable(value)) {
            remarks_.lost(said.origin, "Seki computes no values of fields");
        } else if (is_own(config::lower_case(said.argument(0)))) {
            remarks_.lost(said.origin, "Seki says itself how a message is transferred");
        } else if (!value.empty()) {
            edit("response", said.argument(0), value, false);
        }
    }

    void edit(std::string_view position, std::string_view name, std::string_view value, bool replaces) {
        Keys keys;
        keys.text("position", position);
        keys.text("key", name);
        keys.text("value", value);
        if (replaces && !value.empty()) keys.text("mode", "replace");
        edits_.push_back(std::move(keys));
    }

    const Scope& scope_;
    Remarks& remarks_;
    std::vector<Keys> edits_;
};

}  // namespace

Keys frontend_keys(const Scope& scope, Remarks& remarks) {
    Keys keys;
    for (const auto& [directive, key] :
         {std::pair("proxy_read_timeout", "back_timeout"), {"proxy_connect_timeout", "connect_timeout"}}) {
        const Directive* said = scope.find(directive);
        if (said == nullptr) continue;
        if (const auto seconds = seconds_of(said->argument(0), 1000)) {
            keys.number(key, *seconds);
        } else {
            remarks.lost(said->origin, "this is no time");
        }
    }
    if (auto edits = Headers(scope, remarks).take(); !edits.empty()) keys.tables("headers", edits);
    return keys;
}

}  // namespace seki::convert::nginx
