#pragma once

// What a rule asks of a request beyond host and path, ready to be asked. Most rules have none, so that this lies apart
// from the tables that lookups walk.

#include <compare>
#include <vector>

#include "base/network.h"
#include "base/result.h"
#include "routing/regex.h"
#include "routing/request.h"
#include "routing/rule.h"

namespace seki::routing {

class Filter {
public:
    // `conditions` in their normal form.
    static Result<Filter> compile(Conditions conditions);

    [[nodiscard]] bool accepts(const Request& request) const;
    [[nodiscard]] const Conditions& conditions() const noexcept { return conditions_; }

private:
    using Fields = std::vector<FieldCondition>;

    explicit Filter(Conditions&& conditions)
        : conditions_(std::move(conditions)), allow_(conditions_.source_allow), deny_(conditions_.source_deny) {}

    [[nodiscard]] bool accepts_client(const IpAddress& client) const noexcept;
    [[nodiscard]] bool accepts_field(size_t begin, size_t end, const Request& request) const;
    [[nodiscard]] bool matches(size_t index, std::string_view value) const noexcept;

    Conditions conditions_;
    std::vector<Regex>
        regexes_;  // parallel to the fields; none where nothing is to be matched, empty if there are none
    NetworkSet allow_;
    NetworkSet deny_;
};

// Which of two rules for the same host and path is asked first (less): the one with a method, then the one with more
// conditions, then by text, so that the order does not depend on the order of adding. Equal: the same rule.
std::strong_ordering precedence(const Filter* a, const Filter* b) noexcept;

[[nodiscard]] bool same_conditions(const Filter* filter, const Conditions& conditions) noexcept;

}  // namespace seki::routing
