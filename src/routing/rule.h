#pragma once

// A routing rule as an operator means it, and the step that makes it ready to match. Everything that can be wrong with
// a rule is found there, so that adding it to a router cannot fail.

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/network.h"
#include "base/result.h"
#include "routing/host_pattern.h"
#include "routing/path.h"
#include "routing/regex.h"

namespace seki::routing {

class Filter;

// Rules are asked by position first. `tree` is for those of a site; `pre` and `post` are for those that hold before all
// sites, or for what no site wanted.
enum class Position : uint8_t { pre, tree, post };

// A prefix is one of bytes: "/api" takes "/apis" too. All see the path with its query, in
// the form that the request has (path.h).
enum class PathKind : uint8_t { prefix, equals, regex };

// One condition on the values of a header, a cookie or a query parameter. For each name, one of the conditions must
// hold, and none of the inverted ones may: an inverted condition fails when any value matches, and holds when there is
// none.
struct FieldCondition {
    // A `predicate` is on a header too, but does not share its name with others: it must hold, whatever others say. A
    // rule that has one goes before all rules of its host that have none (path_rules.h).
    enum class Source : uint8_t { header, cookie, query, predicate };
    enum class Kind : uint8_t { exact, starts_with, matches, present };

    Source source = Source::header;
    std::string name;  // of a header, also in a predicate: in any case
    bool invert = false;
    Kind kind = Kind::exact;
    std::string value;  // `matches`: a regular expression for the whole value; `present`: empty

    auto operator<=>(const FieldCondition&) const = default;
};

// What a rule asks for beyond host and path.
struct Conditions {
    std::string method;  // empty: any
    std::vector<FieldCondition> fields;
    std::vector<Network> source_allow;  // empty: all
    std::vector<Network> source_deny;   // goes before allow
    // See in_both_forms(): the requests that the rule is for, by how they are compared; absent: both. And the path as
    // the operator wrote it, if `path` of the rule is another.
    std::optional<PathForm> path_form{};
    std::string written_path{};

    // How much they ask for. All networks together are one condition.
    [[nodiscard]] size_t count() const noexcept {
        return fields.size() + (source_allow.empty() && source_deny.empty() ? 0 : 1);
    }
    // In their normal form, in which predicates come last.
    [[nodiscard]] bool has_predicates() const noexcept {
        return !fields.empty() && fields.back().source == FieldCondition::Source::predicate;
    }
    [[nodiscard]] bool empty() const noexcept { return method.empty() && count() == 0 && !path_form; }

    auto operator<=>(const Conditions&) const = default;
};

struct Rule {
    std::string host;  // host_pattern.h
    PathKind kind = PathKind::prefix;
    std::string path;
    Conditions conditions;
    Position position = Position::tree;

    // What a rule does, and when it is asked, does not make it another one.
    bool operator==(const Rule& other) const {
        return host == other.host && kind == other.kind && path == other.path && conditions == other.conditions;
    }
};

// Far above what installations use.
inline constexpr size_t max_field_conditions = 64;
inline constexpr size_t max_networks = 1024;  // of each list

// The form in which equal rules are equal: host pattern, names of headers, order and repetition of conditions.
Result<Rule> normalise(Rule rule);

// A listener compares normal forms, or what was written. A rule whose path is not written in its normal form is
// therefore two, one for each; every other one is itself. Regular expressions are: they see what is compared.
std::vector<Rule> in_both_forms(Rule rule);

struct CompiledRule {
    Rule rule;                             // in its normal form, without the conditions, which the filter has
    HostRegex host_regex;                  // if there are regular expressions in the host
    Regex path_regex;                      // if the path is one
    std::unique_ptr<const Filter> filter;  // null: host and path say everything

    explicit CompiledRule(Rule&& normal);
    CompiledRule(CompiledRule&&) noexcept;
    CompiledRule& operator=(CompiledRule&&) noexcept;
    ~CompiledRule();

    // How many $HOST[n] and $PATH[n] a rewrite may name: n from 0, the whole, to below this.
    [[nodiscard]] size_t host_captures() const noexcept;
    [[nodiscard]] size_t path_captures() const noexcept;
};

Result<CompiledRule> compile(Rule rule);

}  // namespace seki::routing
