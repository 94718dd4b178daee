#include "auth/hashing_thread.h"

#include <crypt.h>
#include <gtest/gtest.h>

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
    std::vector<std::pair<uint64_t, bool>> outcomes;
    hashing.on_done([&](uint64_t id, bool matches) { outcomes.emplace_back(id, matches); });
    const std::string sha512 = hashed("foo", "$6$rounds=1000$salt$");
    const std::string bcrypt = hashed("foo", "$2b$04$abcdefghijklmnopqrstuu");
    const std::string yescrypt = hashed("foo", "$y$j7T$salt$");
    hashing.begin({1, "foo", {sha512}});
    hashing.begin({2, "bar", {sha512, bcrypt}});
    hashing.begin({3, "foo", {"$9$nonsense", bcrypt}});
    hashing.begin({4, "foo", {yescrypt}});
    hashing.begin({5, "foo", {"$6$"}});
    while (outcomes.size() < 5) loop.turn();
    EXPECT_EQ(outcomes,
              (std::vector<std::pair<uint64_t, bool>>{{1, true}, {2, false}, {3, true}, {4, true}, {5, false}}));
}

TEST(HashingThread, that_ends_with_jobs_left_drops_them) {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop(clock, poller);
    HashingThread hashing(loop);
    hashing.on_done([](uint64_t, bool) {});
    for (uint64_t id = 0; id < 100; ++id) hashing.begin({id, "foo", {"$6$rounds=1000$salt$x"}});
}

}  // namespace
}  // namespace seki::auth
