#include "routing/filter.h"

#include <algorithm>

namespace seki::routing {
namespace {

using Kind = FieldCondition::Kind;
using Source = FieldCondition::Source;

const Conditions no_conditions;

const Conditions& conditions_of(const Filter* filter) noexcept {
    return filter == nullptr ? no_conditions : filter->conditions();
}

void each_value(const FieldCondition& field, const Request& request, HeaderFields::See see) {
    if (field.source == Source::query) {
        each_query_parameter(request.path, field.name, see);
        return;
    }
    if (request.headers == nullptr) return;
    if (field.source == Source::header || field.source == Source::predicate)
        return request.headers->each(field.name, see);
    // HTTP/2 may spread cookies over several fields (RFC 9113 §8.2.3).
    request.headers->each("cookie", [&](std::string_view line) { return each_cookie(line, field.name, see); });
}

}  // namespace

Result<Filter> Filter::compile(Conditions conditions) {
    Filter filter(std::move(conditions));
    const Fields& fields = filter.conditions_.fields;
    if (std::ranges::find(fields, Kind::matches, &FieldCondition::kind) == fields.end()) return filter;
    filter.regexes_.resize(fields.size());
    for (size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].kind != Kind::matches) continue;
        Result<Regex> regex = Regex::compile(fields[i].value, Letters::as_written);
        if (!regex) return std::unexpected(regex.error());
        filter.regexes_[i] = std::move(*regex);
    }
    return filter;
}

bool Filter::accepts(const Request& request) const {
    if (!conditions_.method.empty() && conditions_.method != request.method) return false;
    if (conditions_.path_form && conditions_.path_form != request.path_form) return false;
    if (!accepts_client(request.client_address)) return false;
    const Fields& fields = conditions_.fields;
    for (size_t begin = 0; begin < fields.size();) {
        size_t end = begin + 1;
        const bool shares_name = fields[begin].source != Source::predicate;
        while (shares_name && end < fields.size() && fields[end].source == fields[begin].source &&
               fields[end].name == fields[begin].name) {
            ++end;
        }
        if (!accepts_field(begin, end, request)) return false;
        begin = end;
    }
    return true;
}

bool Filter::accepts_client(const IpAddress& client) const noexcept {
    return !deny_.contains(client) && (allow_.empty() || allow_.contains(client));
}

// The conditions from `begin` to `end` are those on one name.
bool Filter::accepts_field(size_t begin, size_t end, const Request& request) const {
    const Fields& fields = conditions_.fields;
    bool accepted = fields[begin].invert;  // alternatives come first: there is none of which one must hold
    bool refused = false;
    each_value(fields[begin], request, [&](std::string_view value) {
        for (size_t i = begin; i < end; ++i) {
            if (matches(i, value)) (fields[i].invert ? refused : accepted) = true;
        }
        return !refused;
    });
    return accepted && !refused;
}

bool Filter::matches(size_t index, std::string_view value) const noexcept {
    const FieldCondition& field = conditions_.fields[index];
    switch (field.kind) {
        case Kind::exact:
            return value == field.value;
        case Kind::starts_with:
            return value.starts_with(field.value);
        case Kind::matches:
            return regexes_[index].matches(value);
        case Kind::present:
            return true;
    }
    return false;
}

std::strong_ordering precedence(const Filter* a, const Filter* b) noexcept {
    if (a == b) return std::strong_ordering::equal;
    const Conditions& left = conditions_of(a);
    const Conditions& right = conditions_of(b);
    if (left.method.empty() != right.method.empty()) {
        return right.method.empty() ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (const auto order = right.count() <=> left.count(); order != 0) return order;
    return left <=> right;
}

bool same_conditions(const Filter* filter, const Conditions& conditions) noexcept {
    return conditions_of(filter) == conditions;
}

}  // namespace seki::routing
