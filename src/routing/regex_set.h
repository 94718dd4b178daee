#pragma once

// Which of many regular expressions match a text, at the price of few: RE2 walks the text once for all expressions of a
// group. Groups have a fixed size, so that a change makes only one of them anew, and that happens when a text is looked
// up the next time: a lookup makes at most one group and asks the members of the others that wait one after another.
// That is also what happens where a group needs too much memory.

#include <absl/container/inlined_vector.h>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "routing/regex.h"

namespace seki::routing {

class RegexSet {
public:
    using Id = uint32_t;
    using Ids = absl::InlinedVector<Id, 16>;

    // Making a group costs in proportion to its size, and a lookup to the number of groups.
    static constexpr size_t group_size = 128;
    // A set of so few is not worth a group.
    static constexpr size_t max_one_by_one = 4;
    // For the program and the states of one group, which come into being while texts pass.
    static constexpr int64_t max_group_memory = 4 << 20U;

    explicit RegexSet(Letters letters) noexcept;
    RegexSet(const RegexSet&) = delete;
    RegexSet& operator=(const RegexSet&) = delete;
    ~RegexSet();

    // `regex` stays where it is until it is removed. The id is the lowest that is free.
    Id add(const Regex& regex);
    void remove(Id id);

    // Appends the ids of all that match, in no order.
    void find(std::string_view text, Ids& found) const;

private:
    struct Group;

    [[nodiscard]] size_t groups() const noexcept;
    void make(size_t index) const;
    void ask_members(size_t begin, size_t end, std::string_view text, Ids& found) const;
    bool ask_group(size_t index, std::string_view text, Ids& found) const;
    void changed(Id id);

    std::vector<const Regex*> members_;  // by id; null: free
    mutable std::vector<Group> groups_;  // of ids [n × group_size, (n + 1) × group_size); none: waits
    Letters letters_;
};

}  // namespace seki::routing
