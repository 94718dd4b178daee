#include "routing/regex_set.h"

#include <algorithm>

#include <re2/set.h>

#include "base/check.h"
#include "routing/regex_options.h"

namespace seki::routing {

struct RegexSet::Group {
    bool made = false;
    std::unique_ptr<re2::RE2::Set> set;  // null though made: it needs too much memory
    std::vector<Id> ids;                 // by the number that RE2 gave
    std::vector<int> matched;            // scratch
};

RegexSet::RegexSet(Letters letters) noexcept : letters_(letters) {}
RegexSet::~RegexSet() = default;

RegexSet::Id RegexSet::add(const Regex& regex) {
    const auto id = static_cast<Id>(std::ranges::find(members_, nullptr) - members_.begin());
    if (id == members_.size()) members_.push_back(nullptr);
    members_[id] = &regex;
    changed(id);
    return id;
}

void RegexSet::remove(Id id) {
    SEKI_CHECK(id < members_.size() && members_[id] != nullptr);
    members_[id] = nullptr;
    changed(id);
    while (!members_.empty() && members_.back() == nullptr) members_.pop_back();
    if (groups_.size() > groups()) groups_.resize(groups());
}

void RegexSet::changed(Id id) {
    const size_t index = id / group_size;
    if (index < groups_.size()) groups_[index] = Group();
}

size_t RegexSet::groups() const noexcept {
    return members_.size() <= max_one_by_one ? 0 : (members_.size() + group_size - 1) / group_size;
}

void RegexSet::find(std::string_view text, Ids& found) const {
    if (members_.size() <= max_one_by_one) return ask_members(0, members_.size(), text, found);
    groups_.resize(groups());
    bool may_make = true;
    for (size_t index = 0; index < groups_.size(); ++index) {
        if (!groups_[index].made && may_make) {
            make(index);
            may_make = false;
        }
        if (ask_group(index, text, found)) continue;
        ask_members(index * group_size, std::min((index + 1) * group_size, members_.size()), text, found);
    }
}

void RegexSet::make(size_t index) const {
    Group& group = groups_[index];
    group.made = true;
    auto set = std::make_unique<re2::RE2::Set>(regex_options(letters_, max_group_memory), re2::RE2::ANCHOR_BOTH);
    const size_t end = std::min((index + 1) * group_size, members_.size());
    for (size_t id = index * group_size; id < end; ++id) {
        if (members_[id] == nullptr) continue;
        const std::string_view pattern = members_[id]->pattern();
        SEKI_CHECK(set->Add({pattern.data(), pattern.size()}, nullptr) >= 0);
        group.ids.push_back(static_cast<Id>(id));
    }
    if (set->Compile()) group.set = std::move(set);
}

// False when the group cannot tell.
bool RegexSet::ask_group(size_t index, std::string_view text, Ids& found) const {
    Group& group = groups_[index];
    if (group.set == nullptr) return false;
    re2::RE2::Set::ErrorInfo error{};
    if (!group.set->Match({text.data(), text.size()}, &group.matched, &error))
        return error.kind == re2::RE2::Set::kNoError;
    for (const int number : group.matched) found.push_back(group.ids[static_cast<size_t>(number)]);
    return true;
}

void RegexSet::ask_members(size_t begin, size_t end, std::string_view text, Ids& found) const {
    for (size_t id = begin; id < end; ++id) {
        if (members_[id] != nullptr && members_[id]->matches(text)) found.push_back(static_cast<Id>(id));
    }
}

}  // namespace seki::routing
