#pragma once

// The things of one kind, ordered by key, with an index by cluster, or by name where the things are certificates: what
// belongs to a cluster is found without looking at anything else. There is one way to change a table, exchange(), which
// is its own inverse.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/kinds.h"

namespace seki::config {

template <typename KindOfThing>
class Table {
public:
    using Kind = KindOfThing;
    using Key = typename Kind::Key;
    using Message = typename Kind::Message;
    using Entries = std::map<Key, Message>;
    using Entry = typename Entries::value_type;

    Table() = default;
    Table(Table&&) noexcept = default;
    Table& operator=(Table&&) noexcept = default;
    Table(const Table& other) : entries_(other.entries_) {
        for (const Entry& entry : entries_) link(entry);
    }
    Table& operator=(const Table&) = delete;
    ~Table() = default;

    [[nodiscard]] const Entries& entries() const noexcept { return entries_; }

    [[nodiscard]] const Message* find(const Key& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second;
    }

    // Puts `next` in the place of `key`, or empties the place; returns what was there.
    std::optional<Message> exchange(const Key& key, std::optional<Message> next) {
        std::optional<Message> previous;
        auto place = entries_.find(key);
        if (place != entries_.end()) {
            unlink(*place);
            previous = std::move(place->second);
        }
        if (!next) {
            if (place != entries_.end()) entries_.erase(place);
            return previous;
        }
        if (place == entries_.end()) {
            place = entries_.try_emplace(key, std::move(*next)).first;
        } else {
            place->second = std::move(*next);
        }
        link(*place);
        return previous;
    }

    [[nodiscard]] bool has_any_of(std::string_view owner) const { return by_owner_.contains(owner); }

    // In the order of the keys.
    template <typename Visit>
    void for_each_of(std::string_view owner, Visit visit) const {
        const auto found = by_owner_.find(owner);
        if (found == by_owner_.end()) return;
        for (const Entry* entry : found->second) visit(entry->first, entry->second);
    }

private:
    struct ByKey {
        bool operator()(const Entry* a, const Entry* b) const { return a->first < b->first; }
    };

    void link(const Entry& entry) {
        for_each_owner<Kind>(
            entry.second, [&](const std::string& owner) { by_owner_.try_emplace(owner).first->second.insert(&entry); });
    }

    void unlink(const Entry& entry) {
        for_each_owner<Kind>(entry.second, [&](const std::string& owner) {
            const auto place = by_owner_.find(owner);
            place->second.erase(&entry);
            if (place->second.empty()) by_owner_.erase(place);
        });
    }

    Entries entries_;  // nodes do not move: the index points to them
    std::map<std::string, std::set<const Entry*, ByKey>, std::less<>> by_owner_;
};

}  // namespace seki::config
