// A tunnel, or requests, that move at random between workers, while both ends speak, listen and end at random.
// SEKI_SEEDS says how many seeds are tried (40), SEKI_SEED which one alone.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stage/message.h"
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

// ---- requests

std::string in_chunks(Random& random, std::string_view body) {
    std::string text;
    while (!body.empty()) {
        const std::string_view data = body.substr(0, 1 + random.below(3000));
        text += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
        body.remove_prefix(data.size());
    }
    return text + "0\r\n\r\n";
}

std::string framed(Random& random, std::string_view body) {
    if (random.below(2) == 0) return "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(random, body);
    return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

// What is said in pieces.
class Speech {
public:
    void add(std::string_view text) { rest_ += text; }
    void say_some(Random& random, Wire& to) {
        const size_t size = std::min<size_t>(rest_.size(), 1 + random.below(8000));
        to.send(std::string_view(rest_).substr(0, size));
        rest_.erase(0, size);
    }
    [[nodiscard]] bool over() const { return rest_.empty(); }

private:
    std::string rest_;
};

// A client with one request after the other on its connection.
class Asker {
public:
    Asker(WirePtr wire, uint64_t first_tag, int requests)
        : wire_(std::move(wire)), tag_(first_tag), left_(requests), asked_(false) {}

    void act(Random& random) {
        if (!asked_ && left_ > 0) ask(random);
        if (!speech_.over()) speech_.say_some(random, *wire_);
        if (random.below(2) == 0) got_ += wire_->take(1 + random.below(9000));
        look();
    }
    void hear_all() {
        got_ += wire_->take();
        look();
    }
    [[nodiscard]] bool content() const { return left_ == 0 && !asked_; }

private:
    // The path says what there is to be.
    void ask(Random& random) {
        asked_ = true;
        --left_;
        ++tag_;
        length_ = random.below(3) == 0 ? 0 : random.below(40'000);
        answer_length_ = random.below(3) == 0 ? random.below(300) : random.below(40'000);
        const std::string line = fmt::format("{} /{}/{}/{} HTTP/1.1\r\nHost: a\r\n", length_ > 0 ? "POST" : "GET", tag_,
                                             length_, answer_length_);
        speech_.add(line + (length_ > 0 ? framed(random, tagged_body(tag_, length_)) : "\r\n"));
    }
    void look() {
        const Message answer = read_answer(got_);
        if (!answer.whole) return;
        ASSERT_TRUE(asked_);
        ASSERT_EQ(answer.status(), 200);
        ASSERT_TRUE(answer.body == tagged_body(tag_ + 1'000'000, answer_length_));
        got_.erase(0, answer.size);
        asked_ = false;
    }

    WirePtr wire_;
    uint64_t tag_;
    int left_;
    bool asked_;
    size_t length_ = 0;
    size_t answer_length_ = 0;
    Speech speech_;
    std::string got_;
};

class Answerer {
public:
    explicit Answerer(WirePtr wire) : wire_(std::move(wire)) {}

    void act(Random& random) {
        if (!speech_.over()) speech_.say_some(random, *wire_);
        if (speech_.over() && ends_) wire_->finish();
        if (random.below(2) == 0) got_ += wire_->take(1 + random.below(9000));
        look(random);
    }

private:
    void look(Random& random) {
        const Message request = read_request(got_);
        if (!request.whole || ends_) return;
        unsigned long tag = 0;
        unsigned long length = 0;
        unsigned long answer_length = 0;
        const size_t path = request.first_line.find('/');
        ASSERT_EQ(std::sscanf(request.first_line.c_str() + path, "/%lu/%lu/%lu", &tag, &length, &answer_length), 3);
        ASSERT_TRUE(request.body == tagged_body(tag, length));
        got_.erase(0, request.size);
        const std::string body = tagged_body(tag + 1'000'000, answer_length);
        ends_ = random.below(5) == 0;
        speech_.add("HTTP/1.1 200 OK\r\n" + (ends_ ? "\r\n" + body : framed(random, body)));
    }

    WirePtr wire_;
    Speech speech_;
    std::string got_;
    bool ends_ = false;
};

void play_requests(uint64_t seed) {
    Random random(seed);
    const int room = random.below(2) == 0 ? 4096 : 300'000;
    std::vector<std::unique_ptr<TunnelScene>> scenes;
    for (int n = 0; n < 4; ++n) scenes.push_back(std::make_unique<TunnelScene>(Stage::Options{.seed = seed}, room));
    std::vector<Asker> askers;
    for (uint64_t n = 0; n < 3; ++n)
        askers.emplace_back(scenes.front()->client(), n * 1000, 1 + static_cast<int>(random.below(3)));
    std::vector<Answerer> answerers;
    size_t owner = 0;
    const auto deed = [&] {
        for (const auto& scene : scenes) {
            while (scene->has_connection(1)) answerers.emplace_back(scene->backend(1));
        }
        if (random.below(2) == 0) askers[random.below(static_cast<uint32_t>(askers.size()))].act(random);
        if (!answerers.empty()) answerers[random.below(static_cast<uint32_t>(answerers.size()))].act(random);
        if (random.below(15) == 0) {
            for (const auto& scene : scenes) scene->clock.advance(proxy::ExchangeMove::worthwhile / 2);
        }
        if (owner + 1 < scenes.size() && random.below(40) == 0) {
            begin_to_move(*scenes[owner], *scenes[owner + 1]);
            ++owner;
        }
        for (const auto& scene : scenes) {
            if (random.below(2) == 0) scene->loop.turn(Duration::zero());
        }
    };
    const auto content = [&] { return std::ranges::all_of(askers, &Asker::content); };
    for (int deeds = 0; deeds < 20'000 && !content(); ++deeds) {
        deed();
        if (testing::Test::HasFatalFailure()) break;
        if (deeds % 64 == 0) {
            for (Asker& asker : askers) asker.hear_all();
        }
    }
    std::string logs;
    if (testing::Test::HasFatalFailure()) {
        for (const auto& scene : scenes) logs += scene->log();
    }
    ASSERT_TRUE(content()) << "seed " << seed << '\n' << logs;
    for (int rounds = 0; rounds < 4; ++rounds) {
        for (const auto& scene : scenes) scene->settle();
    }
    for (const auto& scene : scenes) ASSERT_EQ(scene->worker->context().running_exchanges(), 0U) << "seed " << seed;
}

void play_seeds(void (*play)(uint64_t seed)) {
    if (const char* const alone = std::getenv("SEKI_SEED")) return play(std::strtoull(alone, nullptr, 10));
    const char* const asked = std::getenv("SEKI_SEEDS");
    const uint64_t seeds = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 40;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        play(seed);
        if (testing::Test::HasFatalFailure()) return;
    }
}

TEST(MovingAtRandom, loses_no_byte_and_no_end_whenever_it_moves) { play_seeds(play); }

TEST(MovingAtRandom, loses_no_request_and_no_answer_whenever_it_moves) { play_seeds(play_requests); }

}  // namespace
}  // namespace seki::stage
