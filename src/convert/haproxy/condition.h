#pragma once

// Conditions of HAProxy ("if is_api !beta or { path /x }") as alternatives of what a request has to be like. What they
// say of hosts, schemes and ports is decided for each host of a listener; the rest is a Match, and exceptions from it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/haproxy/section.h"
#include "convert/model.h"

namespace seki::convert::haproxy {

// One question, with one of its answers.
struct Atom {
    enum class Kind : uint8_t { certain, host, secure, port, path, method, sources, field, password, unknown };
    Kind kind = Kind::unknown;
    bool negated = false;
    bool holds = false;   // of what is certain
    bool beyond = false;  // unknown: what the atoms beside it leave out, and no more
    std::string text;     // a host pattern, a method, a port; why it is unknown
    PathMatch path;
    std::vector<std::string> networks;
    std::pair<std::string, Keys> field;  // "match_headers" with name, kind and value
};

using All = std::vector<Atom>;   // all of them have to hold
using AnyOf = std::vector<All>;  // one of these has to

// The named ones of a section, with those of its defaults.
class Acls {
public:
    explicit Acls(const Section& section);
    // Of the words from "if" or "unless" on; without any, what always holds.
    [[nodiscard]] AnyOf condition(const Line& line, size_t begin) const;

private:
    [[nodiscard]] std::vector<Atom> named(std::string_view name) const;

    std::map<std::string, std::vector<Atom>, std::less<>> acls_;
};

// Where a condition is asked.
struct Asked {
    std::string_view host;  // a pattern; "*" is none of those that conditions name
    bool secure = false;
    uint16_t port = 0;
};

// What is left of one alternative there.
struct Rest {
    enum class Kind : uint8_t { never, matches, unknown };
    Kind kind = Kind::matches;
    Match match;
    std::vector<Match> exceptions;
    std::string why;        // it is unknown
    bool password = false;  // it asks for one
};
Rest decide(const All& all, const Asked& asked);

// What both are for: nothing when that is nobody, or when `known` becomes false.
std::optional<Match> both(const Match& a, const Match& b, bool& known);

// All patterns of hosts in it.
void collect_hosts(const AnyOf& condition, std::vector<std::string>& hosts);

}  // namespace seki::convert::haproxy
