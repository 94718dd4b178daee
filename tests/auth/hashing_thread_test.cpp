#include "auth/hashing_thread.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include "base/few_descriptors.h"
#include "event/poller.h"

namespace seki::auth {
namespace {

std::string hashed(const char* password, const char* setting) {
    crypt_data space{};
    return ::crypt_r(password, setting, &space);
}

TEST(HashingThread, finds_out_off_the_loop_whether_a_password_matches) {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop(clock, poller);
    HashingThread hashing(loop);
    std::vector<std::pair<uint64_t, HashingOutcome>> outcomes;
    hashing.on_done([&](uint64_t id, HashingOutcome outcome) { outcomes.emplace_back(id, outcome); });
    const std::string sha512 = hashed("foo", "$6$rounds=1000$salt$");
    const std::string bcrypt = hashed("foo", "$2b$04$abcdefghijklmnopqrstuu");
    const std::string yescrypt = hashed("foo", "$y$j7T$salt$");
    ASSERT_TRUE(hashing.begin({1, "foo", {sha512}}));
    ASSERT_TRUE(hashing.begin({2, "bar", {sha512, bcrypt}}));
    ASSERT_TRUE(hashing.begin({3, "foo", {"$9$nonsense", bcrypt}}));
    ASSERT_TRUE(hashing.begin({4, "foo", {yescrypt}}));
    ASSERT_TRUE(hashing.begin({5, "foo", {"$6$"}}));
    while (outcomes.size() < 5) loop.turn();
    using enum HashingOutcome;
    EXPECT_EQ(outcomes, (std::vector<std::pair<uint64_t, HashingOutcome>>{
                            {1, matches}, {2, differs}, {3, matches}, {4, matches}, {5, differs}}));
}

TEST(HashingThread, that_has_no_descriptor_refuses_and_begins_when_there_is_one) {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop(clock, poller);
    HashingThread hashing(loop);
    size_t done = 0;
    hashing.on_done([&](uint64_t, HashingOutcome) { ++done; });
    {
        const FewDescriptors none(0);
        EXPECT_FALSE(hashing.begin({1, "foo", {"$6$rounds=1000$salt$x"}}));
    }
    ASSERT_TRUE(hashing.begin({2, "foo", {"$6$rounds=1000$salt$x"}}));
    while (done == 0) loop.turn();
}

TEST(HashingThread, that_ends_with_jobs_left_drops_them) {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop(clock, poller);
    HashingThread hashing(loop);
    hashing.on_done([](uint64_t, HashingOutcome) {});
    for (uint64_t id = 0; id < 100; ++id) EXPECT_TRUE(hashing.begin({id, "foo", {"$6$rounds=1000$salt$x"}}));
}

}  // namespace
}  // namespace seki::auth
