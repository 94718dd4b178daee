#include "convert/haproxy/condition.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "convert/haproxy/criterion.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

constexpr size_t max_alternatives = 512;

// What is there without being declared.
std::vector<Atom> predefined(std::string_view name) {
    const auto ask = [](std::initializer_list<std::string> words) { return atoms_of(std::vector<std::string>(words)); };
    if (name == "TRUE" || name == "HTTP") return ask({"always_true"});
    if (name == "FALSE") return ask({"always_false"});
    if (name == "LOCALHOST") return ask({"src", "127.0.0.0/8", "::1"});
    if (name == "METH_GET") return ask({"method", "GET", "HEAD"});
    if (name.starts_with("METH_")) return ask({"method", std::string(name.substr(5))});
    return ask({std::string(name)});
}

void negate(Atom& atom) { atom.negated = !atom.negated; }

// Every choice of one from each.
void multiply(AnyOf& any, const std::vector<All>& with) {
    AnyOf product;
    for (const All& left : any) {
        for (const All& right : with) {
            if (product.size() == max_alternatives) {
                Atom rest;
                rest.text = fmt::format("it has more than {} alternatives, and those behind them are left out",
                                        max_alternatives);
                product.push_back({std::move(rest)});
                any = std::move(product);
                return;
            }
            All& all = product.emplace_back(left);
            all.insert(all.end(), right.begin(), right.end());
        }
    }
    any = std::move(product);
}

// A literal as alternatives: one atom each, or, denied, all of them at once.
std::vector<All> alternatives(std::vector<Atom> atoms, bool negated) {
    std::vector<All> found;
    if (negated) {
        std::ranges::for_each(atoms, negate);
        found.push_back(std::move(atoms));
        return found;
    }
    for (Atom& atom : atoms) found.push_back({std::move(atom)});
    return found;
}

AnyOf denied(const AnyOf& any) {
    AnyOf result{{}};
    for (const All& all : any) {
        std::vector<All> each;
        for (Atom atom : all) {
            negate(atom);
            each.push_back({std::move(atom)});
        }
        multiply(result, each);
    }
    return result;
}

bool fits(std::string_view pattern, std::string_view host) {
    if (pattern == host) return true;
    const bool one_host = host.find_first_of("*/") == std::string_view::npos;
    if (!pattern.starts_with("*.") || !one_host) return false;
    const size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
}

// True or false where the place alone tells.
std::optional<bool> told(const Atom& atom, const Asked& asked) {
    switch (atom.kind) {
        case Atom::Kind::certain:
            return atom.holds;
        case Atom::Kind::host:
            return fits(atom.text, asked.host);
        case Atom::Kind::secure:
            return asked.secure;
        case Atom::Kind::port:
            return number_of(atom.text) == asked.port;
        case Atom::Kind::path:
            if (atom.path.kind == PathKind::any) return true;
            return {};
        case Atom::Kind::unknown:
            if (atom.beyond && atom.negated) return false;
            return {};
        default:
            return {};
    }
}

void apply(const Atom& atom, Rest& rest) {
    bool known = true;
    Match match;
    switch (atom.kind) {
        case Atom::Kind::path:
            match.path = atom.path;
            break;
        case Atom::Kind::method:
            match.method = atom.text;
            break;
        case Atom::Kind::sources:
            (atom.negated ? match.source_deny : match.source_allow) = atom.networks;
            break;
        case Atom::Kind::field:
            match.conditions.push_back(atom.field);
            break;
        case Atom::Kind::password:
            rest.password = true;
            return;
        default:
            rest.kind = Rest::Kind::unknown;
            rest.why = atom.text;
            return;
    }
    if (atom.negated && atom.kind == Atom::Kind::field) match.conditions.front().second.flag("invert", true);
    if (atom.negated && (atom.kind == Atom::Kind::path || atom.kind == Atom::Kind::method)) {
        rest.exceptions.push_back(std::move(match));
        return;
    }
    auto joined = both(rest.match, match, known);
    if (!known) {
        rest.kind = Rest::Kind::unknown;
        rest.why = "two of its conditions cannot be joined";
    } else if (!joined) {
        rest.kind = Rest::Kind::never;
    } else {
        rest.match = std::move(*joined);
    }
}

std::optional<PathMatch> both_paths(const PathMatch& a, const PathMatch& b, bool& known) {
    if (a.kind > b.kind) return both_paths(b, a, known);
    if (a.kind == PathKind::any || a == b) return b;
    if (b.kind == PathKind::regex) {
        known = false;
        return {};
    }
    if (a.kind == PathKind::prefix && b.kind == PathKind::prefix && a.text.starts_with(b.text)) return a;
    if (a.kind == PathKind::prefix && b.text.starts_with(a.text)) return b;
    return {};
}

}  // namespace

Acls::Acls(const Section& section) {
    for (const Section* each : {section.defaults, &section}) {
        if (each == nullptr) continue;
        for (const Line* line : each->all("acl")) {
            if (line->words.size() < 3) continue;
            const auto atoms = atoms_of(std::span(line->words).subspan(2));
            auto& list = acls_[line->words[1]];
            list.insert(list.end(), atoms.begin(), atoms.end());
        }
    }
}

std::vector<Atom> Acls::named(std::string_view name) const {
    const auto found = acls_.find(name);
    return found == acls_.end() ? predefined(name) : found->second;
}

AnyOf Acls::condition(const Line& line, size_t begin) const {
    AnyOf any;
    AnyOf all{{}};
    bool negated = false;
    if (begin >= line.words.size()) return all;
    for (size_t i = begin + 1; i < line.words.size(); ++i) {
        std::string_view word = line.words[i];
        if (word == "or" || word == "||") {
            any.insert(any.end(), all.begin(), all.end());
            all = {{}};
            continue;
        }
        while (word.starts_with('!')) {
            negated = !negated;
            word.remove_prefix(1);
        }
        if (word.empty()) continue;
        if (word != "{") {
            multiply(all, alternatives(named(word), negated));
        } else {
            const size_t first = i + 1;
            while (i < line.words.size() && line.words[i] != "}") ++i;
            const size_t count = std::min(i, line.words.size()) - std::min(first, line.words.size());
            multiply(all,
                     alternatives(atoms_of(std::span(line.words).subspan(std::min(first, line.words.size()), count)),
                                  negated));
        }
        negated = false;
    }
    any.insert(any.end(), all.begin(), all.end());
    return line.words[begin] == "unless" ? denied(any) : any;
}

Rest decide(const All& all, const Asked& asked) {
    Rest rest;
    for (const Atom& atom : all) {
        if (const auto answer = told(atom, asked)) {
            if (*answer == atom.negated) return {.kind = Rest::Kind::never, .match = {}, .exceptions = {}, .why = {}};
        }
    }
    for (const Atom& atom : all) {
        if (!told(atom, asked)) apply(atom, rest);
        if (rest.kind != Rest::Kind::matches) return rest;
    }
    return rest;
}

std::optional<Match> both(const Match& a, const Match& b, bool& known) {
    Match match = a;
    const auto path = both_paths(a.path, b.path, known);
    if (!path) return {};
    match.path = *path;
    if (!a.method.empty() && !b.method.empty() && a.method != b.method) return {};
    if (match.method.empty()) match.method = b.method;
    if (!a.source_allow.empty() && !b.source_allow.empty() && a.source_allow != b.source_allow) {
        known = false;
        return {};
    }
    if (match.source_allow.empty()) match.source_allow = b.source_allow;
    match.source_deny.insert(match.source_deny.end(), b.source_deny.begin(), b.source_deny.end());
    match.conditions.insert(match.conditions.end(), b.conditions.begin(), b.conditions.end());
    return match;
}

void collect_hosts(const AnyOf& condition, std::vector<std::string>& hosts) {
    for (const All& all : condition) {
        for (const Atom& atom : all) {
            if (atom.kind == Atom::Kind::host && std::ranges::find(hosts, atom.text) == hosts.end())
                hosts.push_back(atom.text);
        }
    }
}

}  // namespace seki::convert::haproxy
