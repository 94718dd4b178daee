#pragma once

// Words of the tests about routing: rules in a line, requests with fields, and a router whose targets are numbers.

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "routing/router.h"

namespace seki::routing {

inline Rule prefix(std::string host, std::string path, Conditions conditions = {}) {
    return {std::move(host), PathKind::prefix, std::move(path), std::move(conditions), Position::tree};
}

inline Rule equals(std::string host, std::string path, Conditions conditions = {}) {
    return {std::move(host), PathKind::equals, std::move(path), std::move(conditions), Position::tree};
}

inline Rule regex(std::string host, std::string path, Conditions conditions = {}) {
    return {std::move(host), PathKind::regex, std::move(path), std::move(conditions), Position::tree};
}

inline Rule at(Position position, Rule rule) {
    rule.position = position;
    return rule;
}

inline Conditions method(std::string name) { return {std::move(name), {}, {}, {}}; }

inline Conditions fields(std::vector<FieldCondition> conditions) { return {{}, std::move(conditions), {}, {}}; }

inline std::vector<Network> networks(const std::vector<std::string>& texts) {
    std::vector<Network> parsed;
    for (const std::string& text : texts) parsed.push_back(Network::parse(text).value());
    return parsed;
}

inline Conditions sources(const std::vector<std::string>& allow, const std::vector<std::string>& deny) {
    return {{}, {}, networks(allow), networks(deny)};
}

inline FieldCondition is(FieldCondition::Source source, std::string name, std::string value) {
    return {source, std::move(name), false, FieldCondition::Kind::exact, std::move(value)};
}

inline FieldCondition starts(FieldCondition::Source source, std::string name, std::string value) {
    return {source, std::move(name), false, FieldCondition::Kind::starts_with, std::move(value)};
}

inline FieldCondition matches(FieldCondition::Source source, std::string name, std::string value) {
    return {source, std::move(name), false, FieldCondition::Kind::matches, std::move(value)};
}

inline FieldCondition present(FieldCondition::Source source, std::string name) {
    return {source, std::move(name), false, FieldCondition::Kind::present, {}};
}

inline FieldCondition no(FieldCondition condition) {
    condition.invert = true;
    return condition;
}

struct Headers final : HeaderFields {
    std::vector<std::pair<std::string, std::string>> lines;  // names in lower case

    void each(std::string_view name, See see) const override {
        for (const auto& [key, value] : lines) {
            if (key == name && !see(value)) return;
        }
    }
};

struct Routing : ::testing::Test {
    Router<int> router;
    Headers headers;

    void add(Rule rule, int target) {
        auto compiled = compile(std::move(rule));
        ASSERT_TRUE(compiled.has_value()) << compiled.error().message;
        ASSERT_FALSE(router.put(std::move(*compiled), target));
    }
    Request request(std::string_view host, std::string_view path, std::string_view method_name = "GET",
                    std::string_view source = "192.0.2.1") const {
        return {host, path, method_name, IpAddress::parse(source).value(), &headers};
    }
    // 0: nothing matches.
    int find(const Request& request) const {
        const auto match = router.find(request);
        return match ? *match.target : 0;
    }
    int find(std::string_view host, std::string_view path, std::string_view method_name = "GET",
             std::string_view source = "192.0.2.1") const {
        return find(request(host, path, method_name, source));
    }
};

}  // namespace seki::routing
