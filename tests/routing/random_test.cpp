// The router against a matcher that asks every rule and sorts those that match, over random rules and changes. A
// failure prints the seed of its round.

#include "base/random.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <tuple>

#include "routing/rules.h"

namespace seki::routing {
namespace {

// ---- the naive matcher, written from docs/configuration.md

struct NaiveRule {
    Rule rule;
    int target;
};

bool regex_matches(const std::string& pattern, Letters letters, std::string_view text) {
    static std::map<std::pair<std::string, Letters>, Regex> known;
    auto found = known.find({pattern, letters});
    if (found == known.end()) {
        found = known.emplace(std::pair(pattern, letters), Regex::compile(pattern, letters).value()).first;
    }
    return found->second.matches(text);
}

std::vector<std::string> labels_of(std::string_view text) {
    std::vector<std::string> labels(1);
    bool in_regex = false;
    for (const char c : text) {
        if (c == '/') in_regex = !in_regex;
        if (c == '.' && !in_regex) {
            labels.emplace_back();
        } else {
            labels.back() += c;
        }
    }
    return labels;
}

bool label_matches(const std::string& pattern, const std::string& label) {
    if (label.empty()) return false;
    if (pattern == "*") return true;
    if (!pattern.starts_with('/')) return pattern == label;
    return regex_matches(pattern.substr(1, pattern.size() - 2), Letters::any_case, label);
}

bool host_matches(const std::string& pattern, std::string_view host) {
    if (pattern == "*") return true;
    const auto patterns = labels_of(pattern);
    const auto labels = labels_of(host);
    return std::ranges::equal(patterns, labels, label_matches);
}

auto host_order(const std::string& pattern) {
    const bool has_regex = pattern.contains('/');
    const int kind = pattern == "*" ? 3 : has_regex ? 2 : pattern.starts_with('*') ? 1 : 0;
    return std::tuple(kind, has_regex ? -static_cast<int>(pattern.size()) : 0, pattern);
}

bool path_matches(const Rule& rule, std::string_view path) {
    if (rule.kind == PathKind::equals) return path == rule.path;
    if (rule.kind == PathKind::prefix) return path.starts_with(rule.path);
    return regex_matches(rule.path, Letters::as_written, path);
}

auto rule_order(const Rule& rule) {
    const int kind = rule.kind == PathKind::equals ? 0 : rule.kind == PathKind::regex ? 1 : 2;
    const bool any_method = rule.conditions.method.empty();
    return std::tuple(kind, rule.kind == PathKind::regex && any_method, -static_cast<int>(rule.path.size()), rule.path,
                      any_method, -static_cast<int>(rule.conditions.count()), rule.conditions);
}

std::vector<std::string> values_of(const FieldCondition& field, const Request& request, const Headers& headers) {
    std::vector<std::string> values;
    if (field.source == FieldCondition::Source::query) {
        if (request.path.contains("?q=")) values.emplace_back(request.path.substr(request.path.find("?q=") + 3));
        return values;
    }
    const std::string before = field.source == FieldCondition::Source::cookie ? "c=" : "";
    const std::string name = field.source == FieldCondition::Source::cookie ? "cookie" : field.name;
    for (const auto& [key, value] : headers.lines) {
        if (key == name) values.push_back(value.substr(before.size()));
    }
    return values;
}

bool holds(const FieldCondition& field, const std::string& value) {
    switch (field.kind) {
        case FieldCondition::Kind::exact:
            return value == field.value;
        case FieldCondition::Kind::starts_with:
            return value.starts_with(field.value);
        case FieldCondition::Kind::matches:
            return regex_matches(field.value, Letters::as_written, value);
        case FieldCondition::Kind::present:
            break;
    }
    return true;
}

bool fields_match(const Conditions& conditions, const Request& request, const Headers& headers) {
    for (const FieldCondition& one : conditions.fields) {
        bool some_wanted = false;
        bool some_held = false;
        for (const FieldCondition& other : conditions.fields) {
            if (other.source != one.source || other.name != one.name) continue;
            const auto values = values_of(other, request, headers);
            const bool held = std::ranges::any_of(values, [&](const auto& value) { return holds(other, value); });
            if (other.invert && held) return false;
            some_wanted |= !other.invert;
            some_held |= !other.invert && held;
        }
        if (some_wanted && !some_held) return false;
    }
    return true;
}

bool conditions_match(const Conditions& conditions, const Request& request, const Headers& headers) {
    if (!conditions.method.empty() && conditions.method != request.method) return false;
    const auto within = [&](const Network& network) { return network.contains(request.client_address); };
    if (std::ranges::any_of(conditions.source_deny, within)) return false;
    if (!conditions.source_allow.empty() && std::ranges::none_of(conditions.source_allow, within)) return false;
    return fields_match(conditions, request, headers);
}

int naive_find(const std::vector<NaiveRule>& rules, const Request& request, const Headers& headers) {
    for (const Position position : {Position::pre, Position::tree, Position::post}) {
        std::vector<const NaiveRule*> candidates;
        for (const NaiveRule& each : rules) {
            if (each.rule.position == position && host_matches(each.rule.host, request.host))
                candidates.push_back(&each);
        }
        const auto by_host = [](const NaiveRule* each) { return host_order(each->rule.host); };
        if (position == Position::tree && !candidates.empty()) {
            const std::string decides = (*std::ranges::min_element(candidates, {}, by_host))->rule.host;
            std::erase_if(candidates, [&](const NaiveRule* each) { return each->rule.host != decides; });
        }
        std::erase_if(candidates, [&](const NaiveRule* each) {
            return !path_matches(each->rule, request.path) ||
                   !conditions_match(each->rule.conditions, request, headers);
        });
        const auto first = std::ranges::min_element(
            candidates, {}, [&](const NaiveRule* each) { return std::tuple(by_host(each), rule_order(each->rule)); });
        if (first != candidates.end()) return (*first)->target;
    }
    return 0;
}

// ---- random rules and requests, of so few words that many of them meet

struct Words {
    Random random;

    bool one_in(uint32_t n) { return random.below(n) == 0; }
    template <typename T>
    const T& any(const std::vector<T>& values) {
        return values[random.below(static_cast<uint32_t>(values.size()))];
    }

    std::string host_pattern() {
        static const std::vector<std::string> fixed{"a", "b", "ab"};
        static const std::vector<std::string> regexes{"/[ab]/", "/a.*/", "/.*b/", "/.*/", "/a|b|c/", "/a.?/"};
        if (one_in(8)) return "*";
        std::string pattern = one_in(3) ? any(regexes) : one_in(3) ? "*" : any(fixed);
        const uint32_t labels = random.below(3) + (pattern == "*" ? 1 : 0);
        for (uint32_t n = 0; n < labels; ++n) pattern += "." + (one_in(5) ? any(regexes) : any(fixed));
        return pattern;
    }
    std::string host() {
        static const std::vector<std::string> labels{"a", "b", "ab", "c"};
        std::string name = any(labels);
        for (uint32_t n = random.below(4); n > 0; --n) name += "." + any(labels);
        return name;
    }
    std::string path() {
        static const std::vector<std::string> parts{"/", "a", "b", "/a", "ab"};
        std::string text = "/";
        for (uint32_t n = random.below(5); n > 0; --n) text += any(parts);
        return text;
    }
    std::string path_regex() {
        static const std::vector<std::string> parts{"/", "[ab]", ".*", "a+", "(?:/b)?", "b"};
        std::string text = "/";
        for (uint32_t n = random.below(4); n > 0; --n) text += any(parts);
        return text;
    }
    FieldCondition condition() {
        using Source = FieldCondition::Source;
        static const std::vector<std::string> values{"1", "2", "12"};
        static const std::vector<std::string> headers{"x", "y"};
        const Source source = any(std::vector{Source::header, Source::cookie, Source::query});
        const std::string name = source == Source::header ? any(headers) : source == Source::cookie ? "c" : "q";
        FieldCondition condition = any(std::vector{is(source, name, any(values)), starts(source, name, any(values)),
                                                   matches(source, name, "[1-9]"), present(source, name)});
        condition.invert = one_in(3);
        return condition;
    }
    Conditions conditions() {
        static const std::vector<std::string> nets{"10.0.0.0/8", "10.1.0.0/16", "::/0"};
        Conditions made;
        if (one_in(3)) made.method = one_in(2) ? "GET" : "POST";
        while (one_in(3)) made.fields.push_back(condition());
        if (one_in(6)) made.source_allow = networks({any(nets)});
        if (one_in(6)) made.source_deny = networks({any(nets)});
        return made;
    }
    Rule rule() {
        const PathKind kind = any(std::vector{PathKind::prefix, PathKind::equals, PathKind::regex});
        const Position position = any(std::vector{Position::pre, Position::tree, Position::tree, Position::post});
        return {host_pattern(), kind, kind == PathKind::regex ? path_regex() : path(), conditions(), position};
    }
};

struct RoutingAtRandom : Routing, ::testing::WithParamInterface<uint64_t> {
    Words words{Random(GetParam())};
    std::vector<NaiveRule> rules;
    int next_target = 1;

    void add_one() {
        const Rule rule = normalise(words.rule()).value();
        put(rule);
    }
    void put(const Rule& rule) {
        const auto known = std::ranges::find(rules, rule, &NaiveRule::rule);
        const auto replaced = known == rules.end() ? std::nullopt : std::optional(known->target);
        EXPECT_EQ(router.put(compile(rule).value(), next_target), replaced);
        if (known != rules.end()) rules.erase(known);
        rules.push_back({rule, next_target});
        ++next_target;
    }
    void remove_one() {
        if (rules.empty()) return;
        const auto victim = rules.begin() + words.random.below(static_cast<uint32_t>(rules.size()));
        EXPECT_EQ(router.remove(victim->rule), victim->target);
        EXPECT_EQ(router.remove(victim->rule), std::nullopt);
        rules.erase(victim);
    }
    void ask() {
        headers.lines.clear();
        for (const char* name : {"x", "y"}) {
            while (words.one_in(2)) headers.lines.emplace_back(name, words.any(std::vector{"1", "2", "12", "3"}));
        }
        if (words.one_in(2)) headers.lines.emplace_back("cookie", words.any(std::vector{"c=1", "c=2", "c=12"}));
        const std::string host = words.host();
        const std::string path = words.path() + (words.one_in(4) ? words.any(std::vector{"?q=1", "?q=12"}) : "");
        const auto view = request(host, path, words.any(std::vector{"GET", "POST", "PUT"}),
                                  words.any(std::vector{"10.0.0.1", "10.1.0.1", "192.0.2.1", "2001:db8::1"}));
        EXPECT_EQ(find(view), naive_find(rules, view, headers)) << host << path;
    }
};

TEST_P(RoutingAtRandom, agrees_with_asking_every_rule) {
    const size_t most = GetParam() % 2 == 0 ? 8 : 80;
    for (int round = 0; round < 150; ++round) {
        const bool grow = rules.size() < most && !words.one_in(3);
        grow ? add_one() : remove_one();
        EXPECT_EQ(router.size(), rules.size());
        for (int n = 0; n < 4; ++n) ask();
        if (HasFailure()) break;
    }
    while (!rules.empty()) remove_one();
    EXPECT_EQ(router.size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoutingAtRandom, ::testing::Range<uint64_t>(1, 31));

// Many rules for one host: the search for prefixes jumps, and expressions are asked as sets.
TEST_P(RoutingAtRandom, agrees_on_one_host_with_many_rules) {
    for (int n = 0; n < 120; ++n) {
        Rule rule = words.rule();
        rule.host = "a.b";
        rule.position = Position::tree;
        if (rule.kind != PathKind::regex) {
            for (uint32_t more = words.random.below(12); more > 0; --more)
                rule.path += words.any(std::vector{"a", "b", "/"});
        }
        put(normalise(rule).value());
    }
    for (int n = 0; n < 150; ++n) {
        std::string path = words.any(rules).rule.path;
        for (uint32_t more = words.random.below(3); more > 0; --more)
            path += words.any(std::vector{"a", "b", "/", "0", "~"});
        const auto view = request("a.b", path);
        EXPECT_EQ(find(view), naive_find(rules, view, headers)) << path;
        if (n % 3 == 0) remove_one();
    }
}

}  // namespace
}  // namespace seki::routing
