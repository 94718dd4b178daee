#include "convert/haproxy/rules.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "config/text.h"
#include "convert/redirect.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

constexpr std::array edit_names{"set-header", "add-header", "del-header", "replace-header", "replace-value"};

bool is_edit(const Line& line) {
    const bool of_head =
        line.word(0) == "http-request" || line.word(0) == "http-response" || line.word(0) == "http-after-response";
    return of_head && std::ranges::find(edit_names, line.word(1)) != edit_names.end();
}

bool is_computed(std::string_view value) { return value.contains("%[") || value.contains("%{"); }

// What an `http-request` that ends the matter is called; the older `redirect` stands without it.
std::optional<size_t> answer_at(const Line& line) {
    constexpr std::array names{"redirect", "deny", "tarpit", "silent-drop", "reject", "return", "auth"};
    if (line.word(0) == "redirect") return 0;
    if (line.word(0) == "block") return 0;
    const bool asked = line.word(0) == "http-request" && std::ranges::find(names, line.word(1)) != names.end();
    return asked ? std::optional<size_t>(1) : std::nullopt;
}

}  // namespace

size_t Rules::condition_at(const Line& line) {
    const auto found =
        std::ranges::find_if(line.words, [](const std::string& word) { return word == "if" || word == "unless"; });
    return static_cast<size_t>(found - line.words.begin());
}

std::vector<const Section*> Rules::used() const {
    std::vector<const Section*> found;
    const auto add = [&](std::string_view name) {
        const Section* section = backends_.find(name);
        if (section != nullptr && std::ranges::find(found, section) == found.end()) found.push_back(section);
    };
    for (const Line& line : frontend_.lines) {
        if (line.word(0) == "use_backend") add(line.word(1));
    }
    if (const Line* last = frontend_.find("default_backend")) {
        add(last->word(1));
    } else if (frontend_.kind() == "listen") {
        found.push_back(&frontend_);
    }
    return found;
}

std::vector<std::string> Rules::hosts() const {
    std::vector<std::string> hosts;
    const auto collect = [&](const Section& section, const Acls& acls) {
        for (const Line& line : section.lines) {
            const size_t at = condition_at(line);
            if (at < line.words.size() && line.word(0) != "acl") collect_hosts(acls.condition(line, at), hosts);
        }
    };
    collect(frontend_, acls_);
    for (const Section* backend : used()) collect(*backend, Acls(*backend));
    hosts.emplace_back("*");
    return hosts;
}

std::vector<Route> Rules::routes(const Asked& asked) {
    asked_ = asked;
    std::vector<Entry> entries;
    add_answers(frontend_, acls_, entries);
    add_backends(entries);
    std::vector<Keys> all_edits;
    add_edits(frontend_, acls_, asked, all_edits);
    for (Entry& entry : entries) {
        if (entry.route.cluster == Model::nobody) continue;
        std::vector<Keys> its = all_edits;
        if (const Section* backend = backends_.find(entry.route.cluster); backend != nullptr && backend != &frontend_)
            add_edits(*backend, Acls(*backend), asked, its);
        if (!its.empty()) entry.route.keys.tables("headers", its);
    }
    return flow(entries);
}

void Rules::add(const Line& line, const AnyOf& condition, const Route& route, std::vector<Entry>& entries) {
    line.handled = true;
    for (const All& all : condition) {
        Rest rest = decide(all, asked_);
        if (rest.kind == Rest::Kind::never) continue;
        if (rest.kind == Rest::Kind::unknown) {
            const bool closes = route.cluster == Model::nobody && route.keys.has("redirect");
            remarks_.lost(line.origin, fmt::format("its condition has no counterpart: {}{}", rest.why,
                                                   closes ? "; what it refuses or redirects passes" : ""));
            continue;
        }
        Entry entry{std::move(rest.match), std::move(rest.exceptions), route};
        entry.route.origin = line.origin;
        if (rest.password && route.cluster != Model::nobody) {
            remarks_.lost(line.origin, "nobody may pass until the users are in authorized_hashes of the cluster");
            entry.route.keys.flag("required_auth", true);
        }
        entries.push_back(std::move(entry));
    }
}

// Wherever they stand in the section, `block` is asked first, then `http-request`, then `redirect`.
void Rules::add_answers(const Section& section, const Acls& acls, std::vector<Entry>& entries) {
    for (const std::string_view kind : {"block", "http-request", "redirect"}) {
        for (const Line& line : section.lines) {
            const auto at = line.word(0) == kind ? answer_at(line) : std::nullopt;
            const auto route = at ? answer_of(line, *at) : std::nullopt;
            if (route) add(line, acls.condition(line, condition_at(line)), *route, entries);
        }
    }
}

std::optional<Route> Rules::answer_of(const Line& line, size_t at) {
    const std::string_view what = line.word(at);
    if (what == "redirect") return redirect_of(line, at);
    Route route;
    route.cluster = Model::nobody;
    if (what == "silent-drop" || what == "reject") {
        route.keys.text("redirect", "silent_close");
    } else if (what == "return") {
        remarks_.lost(line.origin, "Seki has no answers of its own for this; it answers 503");
        route.cluster = Model::unconverted;
    } else if (what == "auth") {
        remarks_.lost(line.origin,
                      "nobody may pass: write the users into authorized_hashes of the cluster, and required_auth "
                      "into its frontends");
        route.keys.text("redirect", "unauthorized");
    } else {
        route.keys.text("redirect", "unauthorized");
        remarks_.different(line.origin, "Seki answers 401, not 403");
    }
    return route;
}

// "scheme https", "prefix https://www.shop.example", "location /new".
std::optional<Route> Rules::redirect_of(const Line& line, size_t at) {
    uint64_t status = 302;
    const size_t end = condition_at(line);
    for (size_t i = at + 3; i + 1 < end; ++i) {
        if (line.words[i] == "code") status = number_of(line.words[i + 1]).value_or(0);
        if (line.words[i] == "set-cookie" || line.words[i] == "clear-cookie")
            remarks_.lost(line.origin, "redirects set no cookies");
    }
    const std::string_view how = line.word(at + 1);
    std::string to(line.word(at + 2));
    if (how == "scheme") {
        to += "://$host$request_uri";
    } else if (how == "prefix") {
        if (to == "/") to.clear();
        to += "$request_uri";
    }
    for (const std::string_view host : {"%[hdr(host)]", "%[req.hdr(Host)]", "%[req.hdr(host)]", "%[hdr(Host)]"}) {
        if (const size_t found = to.find(host); found != std::string::npos) to.replace(found, host.size(), "$host");
    }
    for (const std::string_view path : {"%[capture.req.uri]", "%[url]", "%[pathq]", "%[path]", "%HU", "%HP"}) {
        if (to.ends_with(path)) to.replace(to.size() - path.size(), path.size(), "$request_uri");
    }
    const auto keys = is_computed(to) ? std::nullopt : redirect_keys(status, to, {asked_.secure, asked_.port, {}});
    Route route;
    if (!keys) {
        remarks_.lost(line.origin, "this redirect has no counterpart; Seki answers 503");
        route.cluster = Model::unconverted;
        return route;
    }
    route.cluster = Model::nobody;
    route.keys = *keys;
    return route;
}

void Rules::add_backends(std::vector<Entry>& entries) {
    for (const Line& line : frontend_.lines) {
        if (line.word(0) != "use_backend") continue;
        line.handled = true;
        const Section* backend = backends_.find(line.word(1));
        if (backend == nullptr) {
            remarks_.lost(line.origin, is_computed(line.word(1)) ? "its backend is computed; write a frontend for each"
                                                                 : "there is no such backend");
            continue;
        }
        lead_to(*backend, line, acls_.condition(line, condition_at(line)), entries);
    }
    const Line* last = frontend_.find("default_backend");
    const Section* backend =
        last != nullptr ? backends_.find(last->word(1)) : (frontend_.kind() == "listen" ? &frontend_ : nullptr);
    if (backend == nullptr) {
        remarks_.different(last != nullptr ? last->origin : frontend_.head.origin,
                           "requests that no backend is for get 404, not 503");
        return;
    }
    lead_to(*backend, last != nullptr ? *last : frontend_.head, {{}}, entries);
}

// What the backend answers by itself goes first.
void Rules::lead_to(const Section& backend, const Line& line, const AnyOf& condition, std::vector<Entry>& entries) {
    std::vector<Entry> own;
    if (&backend != &frontend_) add_answers(backend, Acls(backend), own);
    std::vector<Entry> here;
    Route route;
    route.cluster = backend.name();
    if (!backends_.make(backend, false, asked_.port)) route.cluster = Model::unconverted;
    add(line, condition, route, here);
    for (Entry& entry : here) {
        for (const Entry& answer : own) {
            bool known = answer.exceptions.empty();
            const auto match = both(entry.match, answer.match, known);
            if (!known) {
                remarks_.lost(answer.route.origin, "its condition cannot be joined with what leads to this backend");
            } else if (match) {
                entries.push_back({*match, entry.exceptions, answer.route});
            }
        }
        entries.push_back(std::move(entry));
    }
}

void Rules::add_edits(const Section& section, const Acls& acls, const Asked& asked, std::vector<Keys>& edits) {
    for (const Section* each : {section.defaults, &section}) {
        if (each == nullptr) continue;
        for (const Line& line : each->lines) {
            if (!is_edit(line)) continue;
            line.handled = true;
            bool always = false;
            bool depends = false;
            for (const All& all : acls.condition(line, condition_at(line))) {
                const Rest rest = decide(all, asked);
                if (rest.kind == Rest::Kind::never) continue;
                const bool without = rest.kind == Rest::Kind::matches && rest.exceptions.empty() &&
                                     !rest.match.conditional() && rest.match.path.kind == PathKind::any &&
                                     !rest.password;
                (without ? always : depends) = true;
            }
            if (depends) remarks_.lost(line.origin, "fields are changed for all requests of a frontend, or for none");
            if (!always || depends) continue;
            if (auto edit = edit_of(line)) edits.push_back(std::move(*edit));
        }
    }
}

std::optional<Keys> Rules::edit_of(const Line& line) {
    const bool request = line.word(0) == "http-request";
    const std::string_view name = line.word(2);
    const std::string lower = config::lower_case(name);
    const std::string_view how = line.word(1);
    const std::string_view value = how == "del-header" ? std::string_view() : line.word(3);
    if (request && (lower == "x-forwarded-proto" || lower == "x-forwarded-port" || lower == "x-forwarded-for")) {
        remarks_.not_needed(line.origin, "Seki says this itself; see forwarded_headers of the listener");
        return {};
    }
    if (how.starts_with("replace-") || is_computed(value)) {
        remarks_.lost(line.origin, "Seki computes no values of fields");
        return {};
    }
    Keys keys;
    keys.text("position", request ? "request" : "response");
    keys.text("key", name);
    keys.text("value", value);
    if (how == "set-header" && !value.empty()) keys.text("mode", "replace");
    return keys;
}

// From the last to the first. What a rule excepts goes to where those behind it lead.
std::vector<Route> Rules::flow(const std::vector<Entry>& entries) {
    std::vector<Route> rest;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        std::vector<Route> routes;
        for (const Match& exception : entry->exceptions) {
            bool known = true;
            const auto here = both(entry->match, exception, known);
            for (const Route& behind : rest) {
                auto match = here ? both(*here, behind.match, known) : std::nullopt;
                if (!match || routes.size() > max_routes_of_host) continue;
                routes.push_back(behind);
                routes.back().match = std::move(*match);
            }
            if (!known)
                remarks_.different(entry->route.origin,
                                   "an exception that it makes cannot be joined with the rules behind it");
        }
        Route route = entry->route;
        route.match = entry->match;
        routes.push_back(std::move(route));
        rest.insert(rest.begin(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
        if (rest.size() > max_routes_of_host + 1) break;  // which is refused
    }
    return rest;
}

}  // namespace seki::convert::haproxy
