#pragma once

// One answer out of many: the same question went to several members, each answers once or is lost, and when nobody is
// missing the join is complete. An answer that nobody expects (of a member that was given up, or a second one) is
// recognised as such.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "command/schema.h"

namespace seki::command {

using MemberId = uint32_t;

template <typename Answer>
class RequestJoin {
public:
    void expect(MemberId member) { members_.try_emplace(member); }

    // False when this member is not waited for.
    bool answer(MemberId member, Answer answer) {
        const auto found = members_.find(member);
        if (found == members_.end() || found->second.done) return false;
        found->second = {true, std::move(answer)};
        ++done_;
        return true;
    }

    // It died, or is waited for no longer.
    bool lose(MemberId member) {
        const auto found = members_.find(member);
        if (found == members_.end() || found->second.done) return false;
        found->second.done = true;
        ++done_;
        return true;
    }

    [[nodiscard]] bool complete() const noexcept { return done_ == members_.size(); }
    [[nodiscard]] std::vector<MemberId> missing() const {
        return select([](const Member& member) { return !member.done; });
    }
    [[nodiscard]] std::vector<MemberId> lost() const {
        return select([](const Member& member) { return member.done && !member.answer; });
    }

    // In the order of the members; `visit(member, answer)`.
    template <typename Visit>
    void for_each_answer(Visit visit) {
        for (auto& [id, member] : members_) {
            if (member.answer) visit(id, *member.answer);
        }
    }

private:
    struct Member {
        bool done = false;
        std::optional<Answer> answer;
    };

    template <typename Which>
    std::vector<MemberId> select(Which which) const {
        std::vector<MemberId> chosen;
        for (const auto& [id, member] : members_) {
            if (which(member)) chosen.push_back(id);
        }
        return chosen;
    }

    std::map<MemberId, Member> members_;
    size_t done_ = 0;
};

}  // namespace seki::command
