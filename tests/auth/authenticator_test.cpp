#include "auth/authenticator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace seki::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// "foo"
constexpr const char* hash_of_foo = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
constexpr const char* foo_by_fred = "Basic ZnJlZDpmb28=";        // fred:foo
constexpr const char* bar_by_fred = "Basic ZnJlZDpiYXI=";        // fred:bar
constexpr const char* foo_by_nobody = "Basic bm9ib2R5OmZvbw==";  // nobody:foo
constexpr const char* foo_by_slow = "Basic c2xvdzpmb28=";        // slow:foo
constexpr const char* bar_by_slow = "Basic c2xvdzpiYXI=";        // slow:bar

// Passwords of one letter, all wrong.
std::string guess_by(std::string_view user, uint32_t number) {
    constexpr std::string_view letters = "BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return fmt::format("Basic {}{}", user == "fred" ? "ZnJlZDp" : "c2xvdzp", letters[number]);
}

// Hashes when it is told to; "foo" is what matches.
struct ByHand final : Hasher {
    void on_done(Done done) override { tell = std::move(done); }
    Result<> begin(HashingJob job) override {
        if (unable) return failure("as the test wants");
        jobs.push_back(std::move(job));
        return {};
    }
    void finish() {
        const auto ready = std::exchange(jobs, {});
        for (const HashingJob& job : ready) {
            tell(job.id, job.password == "foo" ? HashingOutcome::matches : HashingOutcome::differs);
        }
    }
    void fail() {
        for (const HashingJob& job : std::exchange(jobs, {})) tell(job.id, HashingOutcome::failed);
    }
    bool unable = false;  // it refuses every job
    Done tell;
    std::vector<HashingJob> jobs;
};

struct AuthenticatorTest : testing::Test {
    AuthenticatorTest() {
        fast.add("fred", hash_of_foo);
        slow.add("slow", "$6$hash");
        slow.add("fred", hash_of_foo);
    }
    Verdict ask(const Credentials& credentials, std::string_view authorization, uint32_t waiter = 1,
                uint64_t source = 1) {
        return authenticator.check({&credentials, authorization, source, SlabId{waiter, 0}}, now);
    }
    ByHand hasher;
    std::vector<uint32_t> woken;
    Authenticator authenticator{hasher, 4096, [this](SlabId waiter) { woken.push_back(waiter.slot); }};
    Credentials fast;
    Credentials slow;
    Monotonic now{minutes(1)};
};

TEST_F(AuthenticatorTest, opens_and_stays_shut_at_once_by_hash_of_fooes) {
    EXPECT_EQ(ask(fast, foo_by_fred), Verdict::granted);
    EXPECT_EQ(ask(fast, bar_by_fred), Verdict::denied);
    EXPECT_EQ(ask(fast, foo_by_nobody), Verdict::denied);
    EXPECT_EQ(ask(fast, ""), Verdict::denied);
    EXPECT_EQ(ask(Credentials(), foo_by_fred), Verdict::denied);
    EXPECT_TRUE(hasher.jobs.empty());
}

TEST_F(AuthenticatorTest, waits_once_for_a_slow_hash) {
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_slow, 2), Verdict::pending);
    EXPECT_EQ(hasher.jobs.size(), 1U);
    hasher.finish();
    EXPECT_EQ(woken, (std::vector<uint32_t>{1, 2}));
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::granted);
    EXPECT_EQ(ask(slow, foo_by_slow, 3, 99), Verdict::granted);
    EXPECT_TRUE(hasher.jobs.empty());
}

TEST_F(AuthenticatorTest, remembers_for_a_while_and_not_beyond_a_change) {
    ask(slow, foo_by_slow);
    ask(slow, bar_by_slow);
    hasher.finish();
    EXPECT_EQ(ask(slow, bar_by_slow), Verdict::denied);
    Credentials changed;
    changed.add("slow", "$6$other");
    EXPECT_EQ(ask(changed, foo_by_slow), Verdict::pending);
    now += Authenticator::remembered_for;
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::pending);
}

TEST_F(AuthenticatorTest, does_not_tell_by_its_time_who_exists_and_lets_nobody_in_by_anothers_hash) {
    EXPECT_EQ(ask(slow, foo_by_nobody), Verdict::pending);
    hasher.finish();
    EXPECT_EQ(ask(slow, foo_by_nobody), Verdict::denied);
    EXPECT_EQ(ask(slow, bar_by_fred), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_fred), Verdict::granted);
}

TEST_F(AuthenticatorTest, is_busy_when_too_many_wait) {
    for (size_t i = 0; i < Authenticator::max_waiting; ++i)
        EXPECT_EQ(ask(slow, foo_by_slow, static_cast<uint32_t>(i)), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_slow, 1000), Verdict::busy);
    std::vector<std::unique_ptr<Credentials>> sets;
    for (size_t i = 1; i < Authenticator::max_pending; ++i) {
        sets.push_back(std::make_unique<Credentials>());
        sets.back()->add("slow", "$6$x");
        EXPECT_EQ(ask(*sets.back(), foo_by_slow, 1, i), Verdict::pending);
    }
    Credentials one_more;
    one_more.add("slow", "$6$x");
    EXPECT_EQ(ask(one_more, foo_by_slow, 1, 1000), Verdict::busy);
    hasher.finish();
    EXPECT_EQ(authenticator.pending(), 0U);
    EXPECT_EQ(ask(one_more, foo_by_slow, 1, 1000), Verdict::pending);
}

TEST_F(AuthenticatorTest, that_cannot_hash_decides_nothing_and_tries_again_after_a_while) {
    hasher.unable = true;
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::unable);
    EXPECT_EQ(authenticator.pending(), 0U);
    hasher.unable = false;
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::pending);
    hasher.fail();
    EXPECT_EQ(woken, (std::vector<uint32_t>{1}));
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::unable);
    EXPECT_TRUE(hasher.jobs.empty());
    now += Authenticator::given_up_for;
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::pending);
    hasher.finish();
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::granted);
}

TEST_F(AuthenticatorTest, that_cannot_hash_takes_nobody_a_guess_away) {
    for (uint32_t i = 0; i <= Authenticator::wrong_guesses; ++i) {
        EXPECT_EQ(ask(slow, bar_by_slow), Verdict::pending) << i;
        hasher.fail();
        now += Authenticator::given_up_for;
    }
}

TEST_F(AuthenticatorTest, bounds_how_often_a_source_may_guess) {
    std::vector<std::unique_ptr<Credentials>> sets;
    const auto guess = [&](uint64_t source) {
        sets.push_back(std::make_unique<Credentials>());
        sets.back()->add("slow", "$6$x");
        const Verdict verdict = ask(*sets.back(), bar_by_slow, 1, source);
        hasher.finish();
        return verdict;
    };
    for (uint32_t i = 0; i < Authenticator::wrong_guesses; ++i) EXPECT_EQ(guess(7), Verdict::pending) << i;
    EXPECT_EQ(guess(7), Verdict::exhausted);
    EXPECT_EQ(guess(8), Verdict::pending);
    now += Authenticator::per_guess;
    EXPECT_EQ(guess(7), Verdict::pending);
    EXPECT_EQ(guess(7), Verdict::exhausted);
}

TEST_F(AuthenticatorTest, bounds_guesses_of_hash_of_fooes_alike) {
    for (uint32_t i = 0; i < Authenticator::wrong_guesses; ++i)
        EXPECT_EQ(ask(fast, guess_by("fred", i), 1, 7), Verdict::denied) << i;
    EXPECT_EQ(ask(fast, guess_by("fred", 20), 1, 7), Verdict::exhausted);
    // A right guess does not show either.
    EXPECT_EQ(ask(fast, foo_by_fred, 1, 7), Verdict::exhausted);
    EXPECT_EQ(ask(slow, foo_by_fred, 1, 7), Verdict::exhausted);
    EXPECT_EQ(ask(fast, foo_by_fred, 1, 8), Verdict::granted);
    now += Authenticator::per_guess;
    EXPECT_EQ(ask(fast, guess_by("fred", 21), 1, 7), Verdict::denied);
    EXPECT_EQ(ask(fast, guess_by("fred", 22), 1, 7), Verdict::exhausted);
}

TEST_F(AuthenticatorTest, counts_one_wrong_password_once) {
    for (uint32_t i = 0; i < 3 * Authenticator::wrong_guesses; ++i)
        EXPECT_EQ(ask(fast, bar_by_fred, 1, 7), Verdict::denied) << i;
    EXPECT_EQ(ask(fast, foo_by_fred, 1, 7), Verdict::granted);
}

TEST_F(AuthenticatorTest, stays_open_to_who_passed_before_while_others_of_the_source_guess) {
    EXPECT_EQ(ask(fast, foo_by_fred, 1, 7), Verdict::granted);
    for (uint32_t i = 0; i <= Authenticator::wrong_guesses; ++i) ask(fast, guess_by("fred", i), 1, 7);
    EXPECT_EQ(ask(fast, guess_by("fred", 20), 1, 7), Verdict::exhausted);
    EXPECT_EQ(ask(fast, foo_by_fred, 1, 7), Verdict::granted);
}

TEST_F(AuthenticatorTest, counts_guesses_before_they_are_found_wrong) {
    for (uint32_t i = 0; i < Authenticator::wrong_guesses - 2; ++i) ask(fast, guess_by("fred", i), 1, 7);
    EXPECT_EQ(ask(slow, guess_by("slow", 0), 1, 7), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_slow, 1, 7), Verdict::pending);
    EXPECT_EQ(ask(slow, guess_by("slow", 1), 1, 7), Verdict::exhausted);
    hasher.finish();
    // One of the two was none.
    EXPECT_EQ(ask(slow, guess_by("slow", 1), 1, 7), Verdict::pending);
    EXPECT_EQ(ask(slow, guess_by("slow", 2), 1, 7), Verdict::exhausted);
}

TEST_F(AuthenticatorTest, lets_one_source_have_a_part_of_the_queue) {
    for (uint32_t i = 0; i < Authenticator::max_pending_of_source; ++i)
        EXPECT_EQ(ask(slow, guess_by("slow", i), 1, 7), Verdict::pending);
    EXPECT_EQ(ask(slow, guess_by("slow", 40), 1, 7), Verdict::busy);
    EXPECT_EQ(ask(slow, guess_by("slow", 0), 2, 7), Verdict::pending);
    EXPECT_EQ(ask(slow, foo_by_slow, 3, 8), Verdict::pending);
    EXPECT_EQ(authenticator.pending(), Authenticator::max_pending_of_source + 1);
}

TEST_F(AuthenticatorTest, lets_an_unknown_user_cost_what_a_known_one_does) {
    Credentials mixed;
    mixed.add("fred", hash_of_foo);
    mixed.add("slow", "$6$one");
    mixed.add("slow", "$6$other");
    ask(mixed, bar_by_slow);
    ask(mixed, foo_by_nobody);
    ask(mixed, bar_by_fred);
    ASSERT_EQ(hasher.jobs.size(), 3U);
    for (const HashingJob& job : hasher.jobs)
        EXPECT_EQ(job.hashes, (std::vector<std::string>{"$6$one", "$6$other"})) << job.id;
}

TEST_F(AuthenticatorTest, does_not_forget_by_guesses_who_may_pass) {
    ask(slow, foo_by_slow);
    hasher.finish();
    std::vector<std::unique_ptr<Credentials>> sets;
    for (size_t i = 0; i <= Authenticator::max_remembered; ++i) {
        sets.push_back(std::make_unique<Credentials>());
        sets.back()->add("fred", hash_of_foo);
        EXPECT_EQ(ask(*sets.back(), bar_by_fred, 1, i), Verdict::denied);
    }
    EXPECT_EQ(ask(slow, foo_by_slow), Verdict::granted);
}

}  // namespace
}  // namespace seki::auth
