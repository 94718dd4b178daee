#include "routing/regex_set.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/random.h"

namespace seki::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Regexes : ::testing::Test {
    RegexSet set{Letters::as_written};
    std::map<RegexSet::Id, std::unique_ptr<Regex>> members;

    RegexSet::Id add(const std::string& pattern) {
        auto regex = std::make_unique<Regex>(Regex::compile(pattern, Letters::as_written).value());
        const RegexSet::Id id = set.add(*regex);
        members[id] = std::move(regex);
        return id;
    }
    void remove(RegexSet::Id id) {
        set.remove(id);
        members.erase(id);
    }
    std::vector<RegexSet::Id> find(std::string_view text) const {
        RegexSet::Ids ids;
        set.find(text, ids);
        std::sort(ids.begin(), ids.end());
        return {ids.begin(), ids.end()};
    }
    std::vector<RegexSet::Id> one_by_one(std::string_view text) const {
        std::vector<RegexSet::Id> ids;
        for (const auto& [id, regex] : members) {
            if (regex->matches(text)) ids.push_back(id);
        }
        return ids;
    }
};

TEST_F(Regexes, all_that_match_the_whole_text_are_found) {
    EXPECT_THAT(find("a"), IsEmpty());
    for (const char* pattern : {"a+", "a", "ab*", "b", "", ".*", "xa"}) add(pattern);
    EXPECT_THAT(find("a"), ElementsAre(0, 1, 2, 5));
    EXPECT_THAT(find(""), ElementsAre(4, 5));
    EXPECT_THAT(find("ba"), ElementsAre(5));
}

TEST_F(Regexes, case_matters_or_not_as_the_set_says) {
    RegexSet any_case(Letters::any_case);
    std::vector<Regex> kept;
    for (int i = 0; i < 10; ++i) kept.push_back(Regex::compile("x" + std::to_string(i), Letters::any_case).value());
    for (const Regex& regex : kept) any_case.add(regex);
    RegexSet::Ids ids;
    any_case.find("X7", ids);
    EXPECT_THAT(ids, ElementsAre(7));
}

TEST_F(Regexes, an_id_that_is_free_is_given_again) {
    for (int i = 0; i < 10; ++i) add(std::to_string(i));
    remove(3);
    remove(9);
    EXPECT_THAT(find("3"), IsEmpty());
    EXPECT_EQ(add("three"), 3U);
    EXPECT_EQ(add("nine"), 9U);
    EXPECT_THAT(find("three"), ElementsAre(3));
    EXPECT_THAT(find("nine"), ElementsAre(9));
    EXPECT_THAT(find("4"), ElementsAre(4));
}

TEST_F(Regexes, groups_that_wait_are_asked_member_by_member) {
    const size_t count = 5 * RegexSet::group_size + 7;
    for (size_t i = 0; i < count; ++i) add("/" + std::to_string(i) + "/.*");
    for (size_t i = 0; i < count; i += 50) {
        EXPECT_THAT(find("/" + std::to_string(i) + "/x"), ElementsAre(i)) << i;
    }
    for (size_t i = 0; i < count; i += 2) remove(static_cast<RegexSet::Id>(i));
    for (size_t i = 0; i < count; i += 49) {
        const bool there = i % 2 == 1;
        EXPECT_EQ(find("/" + std::to_string(i) + "/x").size(), there ? 1U : 0U) << i;
    }
}

// Each of these programs is large, and together they are beyond what a group may take.
TEST_F(Regexes, a_group_that_needs_too_much_memory_is_asked_member_by_member) {
    for (size_t i = 0; i < RegexSet::group_size; ++i) add(std::to_string(i) + "-(?:[a-z0-9]{400}|x{900})");
    EXPECT_THAT(find("77-" + std::string(900, 'x')), ElementsAre(77));
    EXPECT_THAT(find("77-" + std::string(400, 'q')), ElementsAre(77));
    EXPECT_THAT(find("77-" + std::string(401, 'q')), IsEmpty());
}

// ".*a.{n}" doubles the states with every n: texts of random a and b soon fill any memory.
TEST_F(Regexes, texts_that_make_ever_more_states_give_right_answers) {
    Random random(1);
    for (int i = 0; i < 40; ++i)
        add(".*" + std::string(1, static_cast<char>('a' + i % 3)) + ".{" + std::to_string(i + 1) + "}");
    for (int round = 0; round < 20; ++round) {
        std::string text;
        for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + random.below(3));
        EXPECT_EQ(find(text), one_by_one(text)) << text;
    }
}

TEST_F(Regexes, agree_with_asking_one_by_one_through_changes) {
    Random random(20261126);
    const std::vector<std::string> pieces{"a", "b", "[ab]", ".", "a*", "b+", "(a|bb)", "(?:b|)", "a{2}", "\\w", "x?"};
    for (int round = 0; round < 400; ++round) {
        if (members.size() < 300 && random.below(3) > 0) {
            std::string pattern;
            for (uint32_t n = random.below(5); n > 0; --n)
                pattern += pieces[random.below(static_cast<uint32_t>(pieces.size()))];
            add(pattern);
        } else if (!members.empty()) {
            auto victim = members.begin();
            std::advance(victim, random.below(static_cast<uint32_t>(members.size())));
            remove(victim->first);
        }
        for (int n = 0; n < 3; ++n) {
            std::string text;
            for (uint32_t length = random.below(6); length > 0; --length) text += "abx"[random.below(3)];
            EXPECT_EQ(find(text), one_by_one(text)) << text;
        }
    }
}

}  // namespace
}  // namespace seki::routing
