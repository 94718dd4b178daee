#pragma once

// Which frontend a request belongs to: host, path, method, client address and fields → Target. Which rule wins does not
// depend on the order in which rules came:
//
//     1. `pre` rules, then those of the tree, then `post` rules
//     2. within each, the more specific host (host_table.h). In the tree it decides: a less specific one is not asked
//        any more. Before and after the tree it is; there, rules with predicates go first, whatever their host.
//     3. within a host, see path_rules.h
//
// Hosts are compared without regard to case and a trailing dot, IPv6 addresses by their value, paths in the form that
// the request has (path.h). Finding allocates nothing where no regular expression is asked.

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "routing/captures.h"
#include "routing/host_literal.h"
#include "routing/host_table.h"
#include "routing/request.h"
#include "routing/rule.h"

namespace seki::routing {

// Lower case, no trailing dot, an address in its one spelling, into `storage`. Nothing when it is longer than any name
// may be.
inline std::optional<std::string_view> normalise_host(std::string_view host, HostStorage& storage) noexcept {
    if (is_host_literal(host)) return normalise_host_literal(host, std::span(storage).first<max_host_literal_bytes>());
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() > storage.size()) return std::nullopt;
    write_lower(host, storage.data());
    return std::string_view(storage.data(), host.size());
}

// Good until the next change.
template <typename Target>
struct Match {
    const Target* target = nullptr;  // null: nothing matches
    const Host<Target>* host = nullptr;
    const Entry<Target>* entry = nullptr;

    explicit operator bool() const noexcept { return target != nullptr; }
};

// `Target` is what a match gives: cheap to move, owned by whoever routes.
template <typename Target>
class Router {
public:
    // In the place of the same rule, if there is one, in whatever position; what that led to.
    std::optional<Target> put(CompiledRule&& rule, Target target) {
        const Conditions& conditions = rule.filter == nullptr ? rule.rule.conditions : rule.filter->conditions();
        auto replaced = take(rule.rule.host, rule.rule.kind, rule.rule.path, conditions);
        ++sizes_[static_cast<size_t>(rule.rule.position)];
        predicated_[static_cast<size_t>(rule.rule.position)] += conditions.has_predicates() ? 1 : 0;
        ++size_;
        auto& rules = table_of(rule.rule.position).obtain(rule.rule.host, std::move(rule.host_regex));
        rules.add(std::move(rule), std::move(target));
        return replaced;
    }

    // What the rule led to; nothing when there is no such rule, in whatever position.
    std::optional<Target> remove(const Rule& rule) {
        const auto normal = normalise(rule);
        if (!normal) return std::nullopt;
        return take(normal->host, normal->kind, normal->path, normal->conditions);
    }

    [[nodiscard]] Match<Target> find(const Request& request) const noexcept {
        HostStorage storage;
        const auto name = normalise_host(request.host, storage);
        if (!name) return {};
        if (sizes_[static_cast<size_t>(Position::pre)] > 0) {
            if (const auto match = find(Position::pre, *name, request)) return match;
        }
        if (const auto match = find(Position::tree, *name, request)) return match;
        if (sizes_[static_cast<size_t>(Position::post)] > 0) return find(Position::post, *name, request);
        return {};
    }

    // Of what find() has found for this request.
    static void captures(const Match<Target>& match, const Request& request, Captures& captures) {
        captures.host_.fill({});
        captures.path_.fill({});
        capture_host(*match.host, normalise_host(request.host, captures.storage_).value_or(std::string_view()),
                     captures.host_);
        capture_path(*match.entry, request.path, captures.path_);
    }

    [[nodiscard]] size_t size() const noexcept { return size_; }

private:
    using Values = std::span<std::string_view, Captures::capacity>;

    HostTable<Target>& table_of(Position position) noexcept { return tables_[static_cast<size_t>(position)]; }

    std::optional<Target> take(std::string_view host, PathKind kind, std::string_view path,
                               const Conditions& conditions) {
        for (HostTable<Target>& table : tables_) {
            auto* rules = table.find(host);
            auto target = rules == nullptr ? std::nullopt : rules->remove(kind, path, conditions);
            if (!target) continue;
            if (rules->empty()) table.erase(host);
            --sizes_[static_cast<size_t>(&table - tables_.data())];
            predicated_[static_cast<size_t>(&table - tables_.data())] -= conditions.has_predicates() ? 1 : 0;
            --size_;
            return target;
        }
        return std::nullopt;
    }

    [[nodiscard]] Match<Target> find(Position position, std::string_view name, const Request& request) const {
        const HostTable<Target>& table = tables_[static_cast<size_t>(position)];
        Match<Target> match;
        const auto look = [&](const Host<Target>& host, const Entry<Target>* entry) {
            if (entry != nullptr) match = {&entry->target, &host, entry};
            return entry != nullptr || position == Position::tree;
        };
        if (position != Position::tree && predicated_[static_cast<size_t>(position)] > 0) {
            table.each(name, [&](const auto& host) { return look(host, host.rules.find_predicated(request)); });
            if (match) return match;
        }
        table.each(name, [&](const auto& host) { return look(host, host.rules.find(request)); });
        return match;
    }

    static void capture_host(const Host<Target>& host, std::string_view name, Values values) {
        values[0] = name;
        if (host.kind == HostKind::any) values[1] = name;
        if (host.kind == HostKind::wildcard) values[1] = name.substr(0, name.find('.'));
        if (host.kind != HostKind::regex) return;
        const auto& of_regex = static_cast<const RegexHost<Target>&>(host);
        const size_t suffix = fixed_suffix(host.name).size();
        const std::string_view head = name.substr(0, name.size() - suffix - (suffix == 0 ? 0 : 1));
        of_regex.regex.capture(head, values.template subspan<1>());
    }

    static void capture_path(const Entry<Target>& entry, std::string_view path, Values values) {
        values[0] = path;
        if (entry.kind == PathKind::prefix) values[1] = path.substr(entry.path.size());
        if (entry.kind == PathKind::regex)
            static_cast<const RegexEntry<Target>&>(entry).regex.capture(path, values.template subspan<1>());
    }

    std::array<HostTable<Target>, 3> tables_;  // by position
    std::array<size_t, 3> sizes_{};            // likewise, of rules
    std::array<size_t, 3> predicated_{};       // of these, with predicates
    size_t size_ = 0;
};

}  // namespace seki::routing
