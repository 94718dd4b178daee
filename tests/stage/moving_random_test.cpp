// A tunnel that moves at random between workers, while both ends speak, listen and end at random. SEKI_SEEDS says how
// many seeds are tried (40), SEKI_SEED which one alone.

#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stage/moving_tunnel.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

// One direction: what was said, and what has arrived of it.
struct Flow {
    WirePtr from;
    WirePtr to;
    std::string said;
    std::string got;
    bool finished = false;

    void say(Random& random, uint64_t tag) {
        if (finished) return;
        const std::string bytes = tagged_body(tag, 1 + random.below(20'000));
        said += bytes;
        from->send(bytes);
    }
    void finish() {
        if (!std::exchange(finished, true)) from->finish();
    }
    void hear(size_t most) { got += to->take(most); }
};

void play(uint64_t seed) {
    Random random(seed);
    const int room = random.below(2) == 0 ? 4096 : 300'000;
    std::vector<std::unique_ptr<TunnelScene>> scenes;
    for (int n = 0; n < 4; ++n) scenes.push_back(std::make_unique<TunnelScene>(Stage::Options{.seed = seed}, room));
    const auto turn = [&] {
        for (const auto& scene : scenes) {
            if (random.below(2) == 0) scene->loop.turn(Duration::zero());
        }
    };
    const auto settle_all = [&] {
        for (int rounds = 0; rounds < 4; ++rounds) {
            for (const auto& scene : scenes) scene->settle();
        }
    };
    const Pair pair(*scenes.front());
    Flow up{.from = pair.client, .to = pair.backend, .said = {}, .got = {}};
    Flow down{.from = pair.backend, .to = pair.client, .said = {}, .got = {}};
    for (Flow* flow : {&up, &down}) flow->to->take_at_most(1 + random.below(50'000));
    size_t owner = 0;
    for (int deed = 0; deed < 60; ++deed) {
        Flow& flow = random.below(2) == 0 ? up : down;
        switch (random.below(8)) {
            case 0:
            case 1:
            case 2:
                flow.say(random, static_cast<uint64_t>(deed));
                break;
            case 3:
            case 4:
                flow.hear(1 + random.below(30'000));
                break;
            case 5:
                if (random.below(10) == 0) flow.finish();
                break;
            case 6:
                if (owner + 1 == scenes.size() || random.below(4) != 0) break;
                begin_to_move(*scenes[owner], *scenes[owner + 1]);
                ++owner;
                break;
            default:
                break;
        }
        turn();
        ASSERT_TRUE(up.said.starts_with(up.got) && down.said.starts_with(down.got)) << "seed " << seed;
    }
    up.finish();
    down.finish();
    for (size_t quiet = 0; quiet < 3; ++quiet) {
        settle_all();
        const size_t before = up.got.size() + down.got.size();
        up.hear(SIZE_MAX);
        down.hear(SIZE_MAX);
        if (up.got.size() + down.got.size() != before) quiet = 0;
    }
    ASSERT_TRUE(up.got == up.said && down.got == down.said) << "seed " << seed;
    ASSERT_TRUE(pair.client->saw_end() && pair.backend->saw_end()) << "seed " << seed;
    for (const auto& scene : scenes) ASSERT_EQ(scene->worker->sessions().size(), 0U) << "seed " << seed;
}

TEST(MovingAtRandom, loses_no_byte_and_no_end_whenever_it_moves) {
    if (const char* const alone = std::getenv("SEKI_SEED")) return play(std::strtoull(alone, nullptr, 10));
    const char* const asked = std::getenv("SEKI_SEEDS");
    const uint64_t seeds = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 40;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        play(seed);
        if (testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace seki::stage
