#include "convert/arrange.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "convert/expression.h"
#include "routing/regex.h"

namespace seki::convert {
namespace {

constexpr std::string_view padding = "(?:)";

// A route as Seki is to have it.
struct Placed {
    const Route* route;
    bool regex = false;
    std::string text;  // of the prefix or the expression
};

// An expression for what the route is for; a group takes what follows a prefix or a path if it is to stay.
std::string expression_of(const Route& route) {
    const PathMatch& path = route.match.path;
    const bool keeps = route.replacement.has_value();
    switch (path.kind) {
        case PathKind::any:
            return keeps ? "(.*)" : ".*";
        case PathKind::prefix:
            return quoted_expression(path.text) + (keeps ? "(.*)" : ".*");
        case PathKind::equals:
            return quoted_expression(path.text) + (keeps ? "((?:\\?.*)?)" : "(?:\\?.*)?");
        case PathKind::regex:
            break;
    }
    return path.text;
}

bool begins_alike(std::string_view a, std::string_view b) { return a.starts_with(b) || b.starts_with(a); }

bool matches(const std::string& expression, std::string_view text) {
    const auto compiled = routing::Regex::compile(expression, routing::Letters::as_written);
    return !compiled || compiled->matches(text);
}

// Whether there may be a path for both.
bool may_meet(const PathMatch& a, const PathMatch& b) {
    if (a.kind > b.kind) return may_meet(b, a);
    if (a.kind == PathKind::any) return true;
    if (b.kind != PathKind::regex) {
        if (a.kind == PathKind::prefix)
            return b.kind == PathKind::prefix ? begins_alike(a.text, b.text) : b.text.starts_with(a.text);
        return a.text == b.text;
    }
    if (a.kind == PathKind::equals) return matches(b.text, a.text);
    const std::string_view begins = a.kind == PathKind::regex ? fixed_beginning(a.text) : std::string_view(a.text);
    return begins_alike(begins, fixed_beginning(b.text));
}

bool may_meet(const Match& a, const Match& b) {
    if (!a.method.empty() && !b.method.empty() && a.method != b.method) return false;
    return may_meet(a.path, b.path);
}

// Whether Seki asks `a` before `b`, of two that may meet. Of expressions those with a method go first; one without that
// stands before it has a copy with the method (see below), so that lengths decide.
bool goes_first(const Placed& a, const Placed& b) {
    if (a.regex != b.regex) return a.regex;
    const bool a_any = a.route->match.method.empty();
    const bool b_any = b.route->match.method.empty();
    if (a.regex && !a_any && b_any) return true;
    if (a.text.size() != b.text.size()) return a.text.size() > b.text.size();
    if (a.regex || a.text != b.text) return false;  // no two expressions of one length are relied upon
    if (a_any != b_any) return b_any;
    return a.route->match.weight() > b.route->match.weight();
}

class Arrangement {
public:
    explicit Arrangement(Remarks& remarks) : remarks_(remarks) {}

    void put_before_all(const Route& route) {
        Placed placed{.route = &route, .regex = false, .text = {}};
        const PathKind kind = route.match.path.kind;
        placed.regex = kind == PathKind::equals || kind == PathKind::regex;
        placed.text = placed.regex ? expression_of(route) : route.match.path.text;
        std::vector<const Placed*> others;
        for (const Placed& other : placed_) {
            if (may_meet(route.match, other.route->match)) others.push_back(&other);
        }
        const auto wins = [&](const Placed* other) { return goes_first(placed, *other); };
        if (!std::ranges::all_of(others, wins)) {
            placed.regex = true;
            placed.text = expression_of(route);
            lengthen(placed, others);
            if (placed.text.size() > max_expression_bytes || !std::ranges::all_of(others, wins))
                remarks_.different(route.origin,
                                   "Seki may ask another rule before this one (\"Which rule wins\" in "
                                   "docs/configuration.md); compare them");
        }
        if (placed.regex && route.match.method.empty()) copy_for_methods(placed, others);
        placed_.push_back(std::move(placed));
    }

    [[nodiscard]] const std::deque<Placed>& placed() const { return placed_; }

private:
    void copy_for_methods(const Placed& placed, const std::vector<const Placed*>& others) {
        std::set<std::string> methods;
        for (const Placed* other : others) {
            if (other->regex && !other->route->match.method.empty()) methods.insert(other->route->match.method);
        }
        for (const std::string& method : methods) {
            Route& copy = copies_.emplace_back(*placed.route);
            copy.match.method = method;
            placed_.push_back({.route = &copy, .regex = true, .text = placed.text});
        }
    }

    static void lengthen(Placed& placed, const std::vector<const Placed*>& others) {
        size_t longest = 0;
        for (const Placed* other : others) {
            if (other->regex) longest = std::max(longest, other->text.size());
        }
        while (placed.text.size() <= longest && placed.text.size() + padding.size() <= max_expression_bytes)
            placed.text += padding;
    }

    Remarks& remarks_;
    std::deque<Placed> placed_;  // from the last to the first
    std::deque<Route> copies_;
};

Frontend frontend_of(const Site& site, const Placed& placed) {
    const Route& route = *placed.route;
    Frontend frontend{.origin = route.origin, .listener = site.listener, .cluster = route.cluster, .keys = {}};
    frontend.keys.text("address", site.listener);
    frontend.keys.text("hostname", site.host);
    if (!placed.text.empty()) frontend.keys.text("path", placed.text);
    if (placed.regex) frontend.keys.text("path_type", "REGEX");
    if (!route.match.method.empty()) frontend.keys.text("method", route.match.method);
    if (!route.match.source_allow.empty()) frontend.keys.texts("source_allow", route.match.source_allow);
    if (!route.match.source_deny.empty()) frontend.keys.texts("source_deny", route.match.source_deny);
    for (const std::string_view list : {"match_headers", "match_cookies", "match_query"}) {
        std::vector<Keys> tables;
        for (const auto& [name, table] : route.match.conditions) {
            if (name == list) tables.push_back(table);
        }
        if (!tables.empty()) frontend.keys.tables(list, tables);
    }
    if (route.replacement) {
        const std::string rest = "$PATH[1]";
        frontend.keys.text("rewrite_path", *route.replacement + rest);
    }
    frontend.keys.add(route.keys);
    return frontend;
}

}  // namespace

std::vector<Frontend> arrange(const Site& site, Remarks& remarks) {
    // What stands behind a route for all requests is never asked.
    auto end = std::ranges::find_if(site.routes, [](const Route& route) {
        return route.match.path.kind == PathKind::any && !route.match.conditional();
    });
    if (end != site.routes.end()) ++end;
    Arrangement arrangement(remarks);
    for (auto route = end; route != site.routes.begin();) arrangement.put_before_all(*--route);
    std::vector<Frontend> frontends;
    for (auto placed = arrangement.placed().rbegin(); placed != arrangement.placed().rend(); ++placed)
        frontends.push_back(frontend_of(site, *placed));
    return frontends;
}

}  // namespace seki::convert
