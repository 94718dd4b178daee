#pragma once

// The rules of one host pattern, in order of precedence; those with predicates (rule.h) go before all others, and among
// each other by the same order:
//
//     1. the exact path
//     2. regular expressions: one with a method before one without, the longer before the shorter, then by text
//     3. the longer prefix before the shorter one
//     4. for the same path, the one with a method, then the one that asks for more (filter.h)
//
// Exact paths and prefixes lie in one vector, sorted by text, and what goes first lies last: a prefix of the path sorts
// before the path and before every longer prefix, so that the first one that is met from behind is the longest. Rules
// that come sorted by path, as a worker gets them, are appended. One rule, the usual number, lies in the host itself.

#include <absl/container/inlined_vector.h>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "routing/filter.h"
#include "routing/regex_set.h"
#include "routing/request.h"
#include "routing/rule.h"

namespace seki::routing {

template <typename Target>
struct Entry {
    std::string path;
    std::unique_ptr<const Filter> filter;  // null: accepts everything
    Target target;
    PathKind kind;

    [[nodiscard]] bool accepts(const Request& request) const { return filter == nullptr || filter->accepts(request); }
};

template <typename Target>
struct RegexEntry : Entry<Target> {
    Regex regex;
    RegexSet::Id id = 0;
};

// Those with regular expressions. A change costs in proportion to their number.
template <typename Target>
class RegexRules {
public:
    void add(std::unique_ptr<RegexEntry<Target>> entry) {
        entry->id = set_.add(entry->regex);
        sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), entry, precedes), std::move(entry));
        rank();
    }

    std::optional<Target> remove(std::string_view path, const Conditions& conditions) {
        const auto found = locate(path, conditions);
        if (found == sorted_.end()) return std::nullopt;
        set_.remove((*found)->id);
        Target target = std::move((*found)->target);
        sorted_.erase(found);
        rank();
        return target;
    }

    [[nodiscard]] const Entry<Target>* find(const Request& request) const {
        if (sorted_.size() <= RegexSet::max_one_by_one) return find_one_by_one(request);
        RegexSet::Ids ids;
        set_.find(request.path, ids);
        for (RegexSet::Id& id : ids) id = rank_of_[id];
        std::sort(ids.begin(), ids.end());
        for (const uint32_t rank : ids) {
            if (sorted_[rank]->accepts(request)) return sorted_[rank].get();
        }
        return nullptr;
    }

    [[nodiscard]] bool empty() const noexcept { return sorted_.empty(); }

private:
    using Pointer = std::unique_ptr<RegexEntry<Target>>;

    // Few are usual, and each host has its own: the set would only be more memory to touch.
    [[nodiscard]] const Entry<Target>* find_one_by_one(const Request& request) const {
        for (const Pointer& entry : sorted_) {
            if (entry->accepts(request) && entry->regex.matches(request.path)) return entry.get();
        }
        return nullptr;
    }

    static bool precedes(const Pointer& a, const Pointer& b) noexcept {
        const auto any_method = [](const Pointer& entry) {
            return entry->filter == nullptr || entry->filter->conditions().method.empty();
        };
        if (any_method(a) != any_method(b)) return any_method(b);
        if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
        if (const auto order = a->path <=> b->path; order != 0) return order < 0;
        return precedence(a->filter.get(), b->filter.get()) < 0;
    }

    [[nodiscard]] auto locate(std::string_view path, const Conditions& conditions) const {
        return std::find_if(sorted_.begin(), sorted_.end(), [&](const Pointer& entry) {
            return entry->path == path && same_conditions(entry->filter.get(), conditions);
        });
    }

    void rank() {
        rank_of_.clear();
        for (uint32_t rank = 0; rank < sorted_.size(); ++rank) {
            const RegexSet::Id id = sorted_[rank]->id;
            if (id >= rank_of_.size()) rank_of_.resize(id + 1);
            rank_of_[id] = rank;
        }
    }

    RegexSet set_{Letters::as_written};
    absl::InlinedVector<Pointer, 1> sorted_;  // what goes first lies first
    std::vector<uint32_t> rank_of_;           // by id: the place in sorted_
};

template <typename Target>
class PathRules {
public:
    // There is no such rule yet.
    void add(CompiledRule&& rule, Target&& target) {
        if (rule.filter != nullptr && rule.filter->conditions().has_predicates()) {
            if (predicated_ == nullptr) predicated_ = std::make_unique<PathRules>();
            return predicated_->add_here(std::move(rule), std::move(target));
        }
        add_here(std::move(rule), std::move(target));
    }

    std::optional<Target> remove(PathKind kind, std::string_view path, const Conditions& conditions) {
        if (!conditions.has_predicates()) return remove_here(kind, path, conditions);
        auto target = predicated_ == nullptr ? std::nullopt : predicated_->remove_here(kind, path, conditions);
        if (target && predicated_->empty()) predicated_ = nullptr;
        return target;
    }

    [[nodiscard]] const Entry<Target>* find(const Request& request) const {
        if (const auto* found = find_predicated(request)) return found;
        if (texts_.size() > prefixes_) {
            if (const auto* found = find_equal(request)) return found;
        }
        if (regexes_ != nullptr) {
            if (const auto* found = regexes_->find(request)) return found;
        }
        return find_prefix(request);
    }
    // Among those with predicates only.
    [[nodiscard]] const Entry<Target>* find_predicated(const Request& request) const {
        return predicated_ == nullptr ? nullptr : predicated_->find(request);
    }

    [[nodiscard]] bool empty() const noexcept {
        return texts_.empty() && regexes_ == nullptr && predicated_ == nullptr;
    }

private:
    // So few prefixes are walked; more are searched.
    static constexpr size_t max_walked = 8;

    void add_here(CompiledRule&& rule, Target&& target) {
        const PathKind kind = rule.rule.kind;
        Entry<Target> entry{std::move(rule.rule.path), std::move(rule.filter), std::move(target), kind};
        if (kind == PathKind::regex) {
            if (regexes_ == nullptr) regexes_ = std::make_unique<RegexRules<Target>>();
            regexes_->add(std::make_unique<RegexEntry<Target>>(std::move(entry), std::move(rule.path_regex)));
            return;
        }
        texts_.insert(std::upper_bound(texts_.begin(), texts_.end(), entry, yields), std::move(entry));
        if (kind == PathKind::prefix) ++prefixes_;
    }

    std::optional<Target> remove_here(PathKind kind, std::string_view path, const Conditions& conditions) {
        if (kind == PathKind::regex) {
            if (regexes_ == nullptr) return std::nullopt;
            auto target = regexes_->remove(path, conditions);
            if (regexes_->empty()) regexes_ = nullptr;
            return target;
        }
        const size_t place = locate(kind, path, conditions);
        if (place == texts_.size()) return std::nullopt;
        Target target = std::move(texts_[place].target);
        texts_.erase(texts_.begin() + static_cast<ptrdiff_t>(place));
        if (kind == PathKind::prefix) --prefixes_;
        return target;
    }

    // Whether `a` is asked after `b`, or stands before it in the order of texts.
    static bool yields(const Entry<Target>& a, const Entry<Target>& b) noexcept {
        if (a.kind != b.kind) return a.kind == PathKind::prefix;
        if (const int order = a.path.compare(b.path); order != 0) return order < 0;
        return precedence(b.filter.get(), a.filter.get()) < 0;
    }

    // How many of the first `end` entries stand before or at `path`.
    [[nodiscard]] size_t up_to(size_t begin, size_t end, std::string_view path) const noexcept {
        const auto after = std::upper_bound(
            texts_.begin() + static_cast<ptrdiff_t>(begin), texts_.begin() + static_cast<ptrdiff_t>(end), path,
            [](std::string_view text, const Entry<Target>& entry) { return text < entry.path; });
        return static_cast<size_t>(after - texts_.begin());
    }

    [[nodiscard]] size_t locate(PathKind kind, std::string_view path, const Conditions& conditions) const {
        const size_t begin = kind == PathKind::prefix ? 0 : prefixes_;
        const size_t end = kind == PathKind::prefix ? prefixes_ : texts_.size();
        for (size_t i = up_to(begin, end, path); i > begin && texts_[i - 1].path == path; --i) {
            if (same_conditions(texts_[i - 1].filter.get(), conditions)) return i - 1;
        }
        return texts_.size();
    }

    [[nodiscard]] const Entry<Target>* find_equal(const Request& request) const {
        for (size_t i = up_to(prefixes_, texts_.size(), request.path); i > prefixes_; --i) {
            const Entry<Target>& entry = texts_[i - 1];
            if (entry.path != request.path) return nullptr;
            if (entry.accepts(request)) return &entry;
        }
        return nullptr;
    }

    // When the last entry before the path is no prefix of it, no prefix of the path is longer than what both begin
    // with: all others can be skipped.
    [[nodiscard]] const Entry<Target>* find_prefix(const Request& request) const {
        const std::string_view path = request.path;
        size_t end = prefixes_;
        if (end > max_walked) end = up_to(0, end, path);
        while (end > 0) {
            const Entry<Target>& entry = texts_[end - 1];
            --end;
            if (path.starts_with(entry.path)) {
                if (entry.accepts(request)) return &entry;
            } else if (end > max_walked) {
                const auto common = std::mismatch(path.begin(), path.end(), entry.path.begin(), entry.path.end());
                end = up_to(0, end, path.substr(0, static_cast<size_t>(common.first - path.begin())));
            }
        }
        return nullptr;
    }

    absl::InlinedVector<Entry<Target>, 1> texts_;  // prefixes, then exact paths
    uint32_t prefixes_ = 0;
    std::unique_ptr<RegexRules<Target>> regexes_;
    std::unique_ptr<PathRules> predicated_;  // rules with predicates; null: there are none
};

}  // namespace seki::routing
