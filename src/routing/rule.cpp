#include "routing/rule.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "routing/filter.h"

namespace seki::routing {
namespace {

template <typename T>
void sort_without_repetition(std::vector<T>& values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

Result<> check(const FieldCondition& field) {
    if (field.name.empty()) return failure("a condition has no name");
    if (field.kind == FieldCondition::Kind::present && !field.value.empty()) {
        return failure("the condition on '{}' asks whether it is there and has a value, '{}'", field.name, field.value);
    }
    return {};
}

Result<> normalise(Conditions& conditions) {
    for (FieldCondition& field : conditions.fields) {
        if (auto checked = check(field); !checked) return checked;
        const bool on_header =
            field.source == FieldCondition::Source::header || field.source == FieldCondition::Source::predicate;
        if (!on_header) continue;
        write_lower(field.name, field.name.data());
    }
    sort_without_repetition(conditions.fields);
    sort_without_repetition(conditions.source_allow);
    sort_without_repetition(conditions.source_deny);
    if (conditions.fields.size() > max_field_conditions) {
        return failure("{} conditions are more than {}", conditions.fields.size(), max_field_conditions);
    }
    for (const auto* networks : {&conditions.source_allow, &conditions.source_deny}) {
        if (networks->size() > max_networks)
            return failure("{} networks are more than {}", networks->size(), max_networks);
    }
    return {};
}

}  // namespace

Result<Rule> normalise(Rule rule) {
    Result<std::string> host = normalise_host_pattern(rule.host);
    if (!host) return std::unexpected(host.error());
    rule.host = std::move(*host);
    if (auto normal = normalise(rule.conditions); !normal) return std::unexpected(normal.error());
    return rule;
}

std::vector<Rule> in_both_forms(Rule rule) {
    if (rule.kind == PathKind::regex) return {std::move(rule)};
    std::string storage;
    std::string normal =
        rule.kind == PathKind::prefix ? normal_prefix(rule.path) : std::string(normal_path(rule.path, storage));
    if (normal == rule.path) return {std::move(rule)};
    std::vector<Rule> both(2, std::move(rule));
    both[0].conditions.path_form = PathForm::as_written;
    both[1].conditions.path_form = PathForm::normal;
    both[1].conditions.written_path = std::exchange(both[1].path, std::move(normal));
    return both;
}

CompiledRule::CompiledRule(Rule&& normal) : rule(std::move(normal)) {}
CompiledRule::CompiledRule(CompiledRule&&) noexcept = default;
CompiledRule& CompiledRule::operator=(CompiledRule&&) noexcept = default;
CompiledRule::~CompiledRule() = default;

size_t CompiledRule::host_captures() const noexcept {
    switch (host_kind(rule.host)) {
        case HostKind::exact:
            return 1;
        case HostKind::wildcard:
        case HostKind::any:
            return 2;
        case HostKind::regex:
            return 1 + host_regex.groups();
    }
    return 0;
}

size_t CompiledRule::path_captures() const noexcept {
    switch (rule.kind) {
        case PathKind::equals:
            return 1;
        case PathKind::prefix:
            return 2;
        case PathKind::regex:
            return 1 + path_regex.groups();
    }
    return 0;
}

Result<CompiledRule> compile(Rule rule) {
    Result<Rule> normal = normalise(std::move(rule));
    if (!normal) return std::unexpected(normal.error());
    CompiledRule compiled(std::move(*normal));
    if (host_kind(compiled.rule.host) == HostKind::regex) {
        Result<HostRegex> host = HostRegex::compile(compiled.rule.host);
        if (!host) return std::unexpected(host.error());
        compiled.host_regex = std::move(*host);
    }
    if (compiled.rule.kind == PathKind::regex) {
        Result<Regex> path = Regex::compile(compiled.rule.path, Letters::as_written);
        if (!path) return std::unexpected(path.error());
        compiled.path_regex = std::move(*path);
    }
    if (!compiled.rule.conditions.empty()) {
        Result<Filter> filter = Filter::compile(std::move(compiled.rule.conditions));
        if (!filter) return std::unexpected(filter.error());
        compiled.filter = std::make_unique<const Filter>(std::move(*filter));
    }
    return compiled;
}

}  // namespace seki::routing
