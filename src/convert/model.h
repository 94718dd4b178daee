#pragma once

// What was understood of a foreign file, in the terms of Seki's: listeners, clusters with their backends, and for each
// host of a listener the routes in the order in which the other proxy asks them. The readers of both formats fill it,
// arrange.h brings routes into Seki's order, and writer.h prints it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/keys.h"
#include "convert/remark.h"

namespace seki::convert {

// So much of what is made is enough for anybody; more is a mistake, or malice.
inline constexpr size_t max_frontends = 20'000;
inline constexpr size_t max_routes_of_host = 500;

enum class Protocol : uint8_t { http, https, tcp };

struct Listener {
    Origin origin;
    std::string address;  // "192.0.2.1:80"
    Protocol protocol = Protocol::http;
    Keys keys;
};

struct Backend {
    Origin origin;
    std::string address;  // "192.0.2.1:80", "host:80"
    Keys keys;
};

struct Cluster {
    Origin origin;
    std::string id;
    std::string comment;
    bool tcp = false;
    Keys keys;
    std::optional<Keys> tls;  // towards the backends
    std::vector<Backend> backends;
};

enum class PathKind : uint8_t {
    any,
    prefix,
    equals,  // whatever the query
    regex,   // of path and query, as Seki has it: the whole of both
};

struct PathMatch {
    PathKind kind = PathKind::any;
    std::string text;
    bool operator==(const PathMatch&) const = default;
};

// What a request has to be like.
struct Match {
    PathMatch path;
    std::string method;
    std::vector<std::string> source_allow;
    std::vector<std::string> source_deny;
    std::vector<std::pair<std::string, Keys>> conditions;  // "match_headers" and the like, with one table of each

    [[nodiscard]] bool conditional() const {
        return !method.empty() || !source_allow.empty() || !source_deny.empty() || !conditions.empty();
    }
    [[nodiscard]] size_t weight() const { return conditions.size() + source_allow.size() + source_deny.size(); }
};

struct Route {
    Origin origin;
    Match match;
    std::string cluster;
    // In place of the prefix, or the path, that was matched; what follows it stays. Not for regular expressions.
    std::optional<std::string> replacement;
    Keys keys;  // what happens to the request
};

// A host of a listener.
struct Site {
    std::string listener;
    std::string host;
    Keys certificate;           // to stand with one of its frontends
    std::vector<Route> routes;  // the first that matches counts
};

struct Frontend {
    Origin origin;
    std::string listener;  // its address
    std::string cluster;
    Keys keys;
};

struct Model {
    Keys global;
    std::vector<Listener> listeners;
    std::vector<Cluster> clusters;
    std::vector<Site> sites;
    std::vector<Frontend> frontends;  // of TCP; and, once it is finished, of the sites

    Cluster* cluster(std::string_view id);
    // Requests that the other proxy answered itself, or gave to something that Seki does not know.
    static constexpr std::string_view unconverted = "not-converted";
    // Clusters of routes that name none: redirects and refusals.
    static constexpr std::string_view nobody = "answers";
    // Makes frontends of the sites, and adds the two clusters where they are named.
    Result<> finish(Remarks& remarks);
};

}  // namespace seki::convert
