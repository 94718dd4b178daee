#include "convert/nginx/routes.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/network.h"
#include "config/text.h"
#include "convert/expression.h"
#include "convert/redirect.h"
#include "convert/values.h"

namespace seki::convert::nginx {
namespace {

// What answers in a location, if it is not another server of HTTP.
constexpr std::array others{"fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "stub_status"};
// Nobody may have what these guard.
constexpr std::array closing{"auth_request", "auth_jwt", "secure_link"};
// What decides who may have it, or what else comes of a request.
constexpr std::array deciding_access{"allow", "deny", "auth_basic", "limit_except", "satisfy"};
constexpr std::array deciding_early{"if", "return", "rewrite"};

bool is_redirect(uint64_t status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// "/b/$1" for "^/a/(.*)$": what stands in place of "/a/", if it is that plain.
struct PlainRewrite {
    std::string_view prefix;
    std::string_view replacement;
};
std::optional<PlainRewrite> plain_rewrite(std::string_view expression, std::string_view replacement) {
    if (!expression.starts_with('^')) return {};
    expression.remove_prefix(1);
    if (expression.ends_with('$')) expression.remove_suffix(1);
    for (const std::string_view rest : {"(.*)", "(.+)", "(.*?)"}) {
        if (!expression.ends_with(rest)) continue;
        expression.remove_suffix(rest.size());
        if (!replacement.ends_with("$1")) return {};
        replacement.remove_suffix(2);
        if (expression.find_first_of("\\^$.|?*+()[]{}") != std::string_view::npos || has_variable(replacement))
            return {};
        return PlainRewrite{expression, replacement};
    }
    return {};
}

}  // namespace

std::vector<Route> Routes::take() {
    collect(server_, false);
    const bool ended = add_early(server_, nullptr);
    early_ = routes_.size();
    if (!ended) {
        for (const Location* location : in_order()) add_location(*location);
    }
    return std::move(routes_);
}

void Routes::collect(const Scope& scope, bool within_location) {
    for (const Directive* location : scope.all_own("location")) collect_location(*location, scope, within_location);
}

void Routes::collect_location(const Directive& location, const Scope& around, bool within_location) {
    const std::string_view first = location.argument(0);
    if (first.starts_with('@')) return;
    scopes_.push_back(std::make_unique<Scope>(location.block, &around));
    Location found{.directive = &location, .scope = scopes_.back().get(), .path = {}, .before_expressions = false};
    // "=/x" and "~x" may stand without a blank.
    std::string_view sign = location.arguments.size() > 1 ? first : std::string_view();
    std::string path(location.arguments.size() > 1 ? location.argument(1) : first);
    if (sign.empty()) {
        for (const std::string_view each : {"^~", "~*", "~", "="}) {
            if (sign.empty() && path.starts_with(each)) sign = each;
        }
        path = path.substr(sign.size());
    }
    if (sign == "=") {
        found.path = {PathKind::equals, path};
    } else if (sign == "~" || sign == "~*") {
        auto expression = path_expression(path, sign == "~*");
        if (!expression || within_location) {
            remarks_.lost(location.origin, expression
                                               ? "it is a regular expression within another location, where its "
                                                 "requests go now, also those that it refuses"
                                               : fmt::format("this expression has no counterpart: {}; its requests "
                                                             "go where others go",
                                                             expression.error().message));
            handle_all(location.block);
            return;
        }
        found.path = {PathKind::regex, std::move(*expression)};
    } else {
        found.path = path == "/" ? PathMatch{} : PathMatch{PathKind::prefix, path};
        found.before_expressions = sign == "^~";
    }
    if (found.path.kind != PathKind::any && found.path.kind != PathKind::regex && !path.starts_with('/')) {
        remarks_.lost(location.origin, "paths begin with '/'");
        handle_all(location.block);
        return;
    }
    collect(*found.scope, true);
    locations_.push_back(std::move(found));
}

// The exact ones, the longest prefix if it is marked, expressions in the order of the file, the longest prefix.
std::vector<const Location*> Routes::in_order() const {
    const bool expressions =
        std::ranges::any_of(locations_, [](const Location& each) { return each.path.kind == PathKind::regex; });
    const auto rank = [&](const Location* location) {
        const auto is_below_marked = [&] {
            return std::ranges::any_of(locations_, [&](const Location& other) {
                return other.before_expressions && location->path.text.starts_with(other.path.text);
            });
        };
        switch (location->path.kind) {
            case PathKind::equals:
                return 0;
            case PathKind::regex:
                return 2;
            case PathKind::prefix:
                return expressions && is_below_marked() ? 1 : 3;
            case PathKind::any:
                break;
        }
        return 4;
    };
    std::vector<std::pair<int, const Location*>> ranked;
    for (const Location& each : locations_) ranked.emplace_back(rank(&each), &each);
    // Those that are equal stay in the order of the file, which is that of the list.
    std::ranges::sort(ranked, [](const auto& a, const auto& b) {
        if (a.first != b.first) return a.first < b.first;
        const size_t a_size = a.second->path.text.size();
        const size_t b_size = b.second->path.text.size();
        if ((a.first == 1 || a.first == 3) && a_size != b_size) return a_size > b_size;
        return a.second < b.second;
    });
    std::vector<const Location*> sorted;
    for (const auto& [number, location] : ranked) {
        if (number == 1 && !location->before_expressions)
            remarks_.different(location->directive->origin, "expressions are not asked here, as a ^~ around it says");
        sorted.push_back(location);
    }
    return sorted;
}

Route Routes::route_at(const Location* location) const {
    Route route;
    if (location == nullptr) return route;
    route.origin = location->directive->origin;
    route.match.path = location->path;
    return route;
}

bool Routes::add_early(const Scope& scope, const Location* location) {
    for (const Directive& each : scope.block()) {
        Route route = route_at(location);
        if (route.origin.line == 0) route.origin = each.origin;
        if (each.name == "if") {
            add_if(each, scope, location);
        } else if (each.name == "return") {
            each.handled = true;
            return add_return(each, scope, std::move(route), location == nullptr);
        } else if (each.name == "rewrite") {
            if (add_rewrite(each, scope, std::move(route))) return true;
        }
    }
    return false;
}

bool Routes::add_return(const Directive& said, const Scope& scope, Route route, bool of_server) {
    const bool url_alone = said.arguments.size() == 1 && !number_of(said.argument(0));
    const uint64_t status = url_alone ? 302 : number_of(said.argument(0)).value_or(0);
    const std::string location = scope.expand(url_alone ? said.argument(0) : said.argument(1));
    route.cluster = Model::nobody;
    if (is_redirect(status)) {
        const auto keys = redirect_keys(status, location, {place_.secure, place_.port, place_.first_name});
        if (!keys) {
            remarks_.lost(said.origin, "this redirect has no counterpart; Seki answers 503");
            route.cluster = Model::unconverted;
        } else {
            route.keys = *keys;
        }
    } else if (status == 444) {
        route.keys.text("redirect", "silent_close");
    } else if (status == 404 && of_server && place_.host == "*" && !route.match.conditional()) {
        return true;  // as Seki answers whom no frontend is for
    } else if (status >= 400 && status < 500) {
        route.keys.text("redirect", "unauthorized");
        if (status != 401) remarks_.different(said.origin, fmt::format("Seki answers 401, not {}", status));
    } else {
        remarks_.lost(said.origin, "Seki has no answers of its own for this; it answers 503");
        route.cluster = Model::unconverted;
    }
    routes_.push_back(std::move(route));
    return true;
}

bool Routes::add_rewrite(const Directive& said, const Scope& scope, Route route) {
    const std::string_view flag = said.argument(2);
    std::string_view expression = said.argument(0);
    std::string to = scope.expand(said.argument(1));
    if (flag == "permanent" || flag == "redirect" || to.starts_with("http://") || to.starts_with("https://")) {
        if (to.ends_with('?')) to.pop_back();
        constexpr std::array everything{"^",    "^/",    "^(.*)$",   "^(.*)", "^/(.*)$", "^/(.*)",
                                        "(.*)", "/(.*)", "^/?(.*)$", ".*",    "^.*$",    "^/.*$"};
        if (std::ranges::find(everything, expression) != everything.end()) {
            const bool without_slash =
                expression.starts_with("^/(") || expression.starts_with("/(") || expression == "^/?(.*)$";
            if (to.ends_with("$1"))
                to = to.substr(0, to.size() - (without_slash && to.ends_with("/$1") ? 3 : 2)) + "$request_uri";
            const uint64_t status = flag == "permanent" ? 301 : 302;
            if (const auto keys = redirect_keys(status, to, {place_.secure, place_.port, place_.first_name})) {
                said.handled = true;
                route.keys = *keys;
                route.cluster = Model::nobody;
                routes_.push_back(std::move(route));
                return true;
            }
        }
        return false;  // told as what nobody handled
    }
    const auto plain = plain_rewrite(expression, to);
    if (!plain || flag != "break" || route.match.path.kind == PathKind::regex ||
        route.match.path.kind == PathKind::equals)
        return false;
    const std::string_view path =
        route.match.path.kind == PathKind::any ? std::string_view("/") : std::string_view(route.match.path.text);
    if (!path.starts_with(plain->prefix)) return false;
    said.handled = true;
    replacement_ = std::string(plain->replacement) + std::string(path.substr(plain->prefix.size()));
    return false;
}

void Routes::add_if(const Directive& condition, const Scope& scope, const Location* location) {
    const Scope inside(condition.block, &scope);
    const bool simple = condition.block.size() == 1 &&
                        (condition.block.front().name == "return" || condition.block.front().name == "rewrite");
    if (!simple) return;
    const Answer answer = ask(condition, place_);
    condition.handled = true;
    const Directive& said = condition.block.front();
    said.handled = true;
    // It may be known at another place of the same server, so this is told here.
    if (answer.kind == Answer::Kind::unknown)
        return remarks_.lost(condition.origin, "its condition has no counterpart; what it refuses or redirects passes");
    if (answer.kind == Answer::Kind::never) return;
    Route route = route_at(location);
    route.origin = condition.origin;
    const PathMatch path = route.match.path;
    route.match = answer.match;
    route.match.path = path;
    if (said.name == "return") {
        add_return(said, inside, std::move(route), false);
    } else if (!add_rewrite(said, inside, std::move(route))) {
        remarks_.lost(said.origin, "only redirects are converted within `if`");
    }
}

const Directive* Routes::named(std::string_view name) const {
    for (const Directive& each : server_.block()) {
        if (each.name == "location" && each.argument(0) == name) return &each;
    }
    return nullptr;
}

void Routes::add_location(const Location& location) {
    replacement_.reset();
    const Scope& scope = *location.scope;
    if (scope.own("internal") != nullptr) return refuse(location, "internal has no counterpart");
    for (const char* name : closing) {
        const Directive* said = scope.find(name);
        if (said != nullptr && said->argument(0) != "off")
            return refuse(location, fmt::format("{} has no counterpart", name));
    }
    if (add_early(scope, &location)) {
        for (const Directive& each : location.directive->block) {
            if (each.name != "location") each.handled = true;
        }
        return;
    }
    const Scope* proxied = &scope;
    std::unique_ptr<Scope> of_name;
    const Directive* pass = scope.own("proxy_pass");
    if (const Directive* files = scope.own("try_files"); pass == nullptr && files != nullptr) {
        const std::string_view last =
            files->arguments.empty() ? std::string_view() : std::string_view(files->arguments.back());
        if (const Directive* fallback = last.starts_with('@') ? named(last) : nullptr) {
            fallback->handled = true;
            of_name = std::make_unique<Scope>(fallback->block, &server_);
            pass = of_name->own("proxy_pass");
            proxied = of_name.get();
            const auto says = [](const Scope& where) {
                return [&where](const char* name) { return where.own(name) != nullptr; };
            };
            if (std::ranges::any_of(deciding_access, says(scope)) ||
                std::ranges::any_of(deciding_early, says(*of_name)))
                return refuse(location, "what it and the location that it names decide is not joined");
            remarks_.different(files->origin, "Seki serves no files: all of these requests go to the backends");
        }
    }
    if (pass == nullptr) {
        const auto* other = std::ranges::find_if(others, [&](const char* name) { return scope.own(name) != nullptr; });
        remarks_.lost(location.directive->origin,
                      other == others.end() ? std::string("Seki serves no files; it answers 503 here")
                                            : fmt::format("Seki has nothing like {}; it answers 503 here", *other));
        return close(location, scope);
    }
    add_slash_redirect(location);
    proxy(location, *proxied, *pass, route_at(&location));
}

void Routes::refuse(const Location& location, const std::string& why) {
    remarks_.lost(location.directive->origin, why + "; Seki answers 503");
    close(location, *location.scope);
}

void Routes::close(const Location& location, const Scope& scope) {
    Route route = route_at(&location);
    route.cluster = Model::unconverted;
    routes_.push_back(std::move(route));
    for (const Directive& each : scope.block()) {
        if (each.name == "location") continue;
        each.handled = true;
        handle_all(each.block);
    }
}

// nginx leads from "/a" to "/a/" where there is only a location of that.
void Routes::add_slash_redirect(const Location& location) {
    const std::string& path = location.path.text;
    if (location.path.kind != PathKind::prefix || path.size() < 2 || !path.ends_with('/')) return;
    const std::string without = path.substr(0, path.size() - 1);
    const bool said = std::ranges::any_of(locations_, [&](const Location& other) {
        return other.path.kind == PathKind::equals && other.path.text == without;
    });
    if (said) return;
    Route route = route_at(&location);
    route.match.path = {PathKind::equals, without};
    route.cluster = Model::nobody;
    route.replacement = path;
    route.keys.text("redirect", "permanent");
    // Before everything that could take it, expressions included.
    const auto first = std::find_if(routes_.begin() + static_cast<ptrdiff_t>(early_), routes_.end(),
                                    [](const Route& each) { return each.match.path.kind != PathKind::equals; });
    routes_.insert(first, std::move(route));
}

void Routes::proxy(const Location& location, const Scope& scope, const Directive& pass, Route route) {
    const std::string url = scope.expand(pass.argument(0));
    const auto target = target_of(url);
    const bool computed = target && (has_variable(target->host) || has_variable(target->path.value_or("")));
    const auto cluster = target && !computed ? clusters_.cluster_for(pass, *target, scope) : std::nullopt;
    if (!cluster) {
        remarks_.lost(pass.origin, computed || !target ? "its target is computed; Seki answers 503"
                                                       : "it has no target; Seki answers 503");
        return close(location, scope);
    }
    route.cluster = *cluster;
    route.keys = frontend_keys(scope, remarks_);
    route.replacement = replacement_;
    if (target->path) {
        if (route.match.path.kind == PathKind::regex) {
            remarks_.lost(pass.origin, "a path cannot stand in place of what an expression matched; it stays");
        } else {
            const bool same = *target->path == (route.match.path.kind == PathKind::any ? "/" : route.match.path.text);
            if (!same) route.replacement = target->path;
        }
    }
    if (route.replacement && route.match.path.kind == PathKind::any) route.match.path = {PathKind::prefix, "/"};
    const bool sets_host = std::ranges::any_of(scope.all("proxy_set_header"), [](const Directive* said) {
        return config::lower_case(said->argument(0)) == "host";
    });
    if (!sets_host) {
        const auto host = host_port(target->host);
        if (host && !clusters_.is_upstream(target->host) &&
            host->host.find_first_not_of("0123456789.:") != std::string::npos && host->host.contains('.')) {
            route.keys.text("rewrite_host", host->host);
        } else {
            remarks_.different(pass.origin,
                               fmt::format("backends get the host that the client asked for, not '{}'", target->host));
        }
    }
    if (const Directive* auth = scope.find("auth_basic"); auth != nullptr && auth->argument(0) != "off") {
        route.keys.flag("required_auth", true);
        const Directive* users = scope.find("auth_basic_user_file");
        remarks_.lost(users != nullptr ? users->origin : auth->origin,
                      "nobody may pass until the users are in authorized_hashes of the cluster (user:hash; bcrypt, "
                      "sha512crypt or yescrypt)");
    }
    const bool closes = restrict_sources(scope, route);
    const std::vector<std::string> methods = allowed_methods(scope);
    Route refusal = route_at(&location);
    refusal.match.path = route.match.path;
    for (const std::string& method : methods) {
        route.match.method = method;
        routes_.push_back(route);
    }
    if (methods.empty()) routes_.push_back(std::move(route));
    if (!closes && methods.empty()) return;
    refusal.cluster = Model::nobody;
    refusal.keys.text("redirect", "unauthorized");
    routes_.push_back(std::move(refusal));
}

// Of `limit_except … { deny all; }`; empty: all of them.
std::vector<std::string> Routes::allowed_methods(const Scope& scope) {
    const Directive* said = scope.own("limit_except");
    if (said == nullptr) return {};
    handle_all(said->block);
    const bool plain =
        said->block.size() == 1 && said->block.front().name == "deny" && said->block.front().argument(0) == "all";
    remarks_.different(said->origin, plain ? "other methods get 401, not 403" : "other methods get 401, whoever asks");
    std::vector<std::string> methods = said->arguments;
    if (std::ranges::find(methods, "GET") != methods.end()) methods.emplace_back("HEAD");
    return methods;
}

// Whether somebody is kept out, who is to be refused then.
bool Routes::restrict_sources(const Scope& scope, Route& route) {
    const Scope* at = &scope;
    while (at != nullptr && at->all_own("allow").size() + at->all_own("deny").size() == 0) at = at->around();
    if (at == nullptr) return false;
    bool ended = false;
    for (const Directive& each : at->block()) {
        if (each.name != "allow" && each.name != "deny") continue;
        const bool allows = each.name == "allow";
        const std::string_view who = each.argument(0);
        if (ended) continue;
        if (who == "all") {
            ended = true;
            if (allows) route.match.source_allow.clear();
            if (!allows && route.match.source_allow.empty()) route.match.source_deny = {"0.0.0.0/0", "::/0"};
            continue;
        }
        if (!Network::parse(who)) {
            remarks_.lost(each.origin, "this is no network of Seki");
            continue;
        }
        if (!allows && !route.match.source_allow.empty())
            remarks_.different(each.origin, "a client that is both allowed and denied is denied, in whatever order");
        (allows ? route.match.source_allow : route.match.source_deny).emplace_back(who);
        remarks_.different(each.origin, "others get 401, not 403");
    }
    // Without "deny all", those that nobody named may come.
    const bool rest_may_come = !ended || route.match.source_allow.empty();
    if (rest_may_come && !ended) route.match.source_allow.clear();
    return !route.match.source_allow.empty() || !route.match.source_deny.empty();
}

}  // namespace seki::convert::nginx
