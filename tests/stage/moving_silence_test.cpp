// A worker that gives its connections, and another one that does not answer, or not in time: nobody is lost by it.

#include <gtest/gtest.h>
#include <memory>
#include <sys/socket.h>
#include <vector>

#include "command/frame.h"
#include "stage/moving_tunnel.h"
#include "stage/swarm.h"

namespace seki::stage {
namespace {

using std::chrono::seconds;

// A successor that is played by hand.
class Successor {
public:
    explicit Successor(UniqueFd socket) : socket_(std::move(socket)) {}

    // Reads so many bytes of what comes.
    size_t read(size_t most) const {
        std::vector<char> bytes(most);
        const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return got > 0 ? static_cast<size_t>(got) : 0;
    }
    void take(uint64_t id) const {
        worker::Taken taken;
        taken.set_id(id);
        std::string frame;
        ASSERT_TRUE(command::append_frame(frame, taken, 1000));
        ASSERT_EQ(::send(socket_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }

private:
    UniqueFd socket_;
};

TEST(MovingInSilence, nobody_is_lost_who_was_taken_and_not_told_to_be_taken) {
    TunnelScene from;
    TunnelScene nobody;
    std::vector<std::unique_ptr<Pair>> pairs;
    for (int count = 0; count < 60; ++count) {
        pairs.push_back(std::make_unique<Pair>(from));
        pairs.back()->backend->take_at_most(0);
        pairs.back()->client->send(tagged_body(1, 30'000));
    }
    from.settle();
    auto [ours, its] = socket_pair();
    const int small = 1;
    ASSERT_EQ(::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    hand_over(from, std::move(ours));
    from.settle();
    {
        const Successor successor(std::move(its));
        ASSERT_GT(successor.read(1000), 0U);
        // It has taken them, and reads nothing any more.
        for (uint64_t id = 1; id <= 10; ++id) successor.take(id);
        from.settle();
        EXPECT_EQ(from.tunnels().tcp, 60U);
        from.pass(seconds(2));
    }
    from.settle();
    EXPECT_EQ(from.tunnels().tcp, 60U);
    for (const auto& pair : pairs) {
        pair->backend->take_at_most(SIZE_MAX);
        std::string got;
        for (from.settle(); !pair->backend->received().empty(); from.settle()) got += pair->backend->take();
        EXPECT_TRUE(got == tagged_body(1, 30'000));
    }
}

TEST(MovingInSilence, an_answer_that_came_while_its_own_worker_stood_still_counts) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    begin_to_move(from, to);
    from.settle();
    to.settle();
    EXPECT_EQ(to.tunnels().tcp, 1U) << "the answer is on its way";
    from.clock.advance(seconds(5));
    settle(from, to);
    EXPECT_EQ(from.tunnels().tcp, 0U);
    EXPECT_EQ(to.tunnels().tcp, 1U);
    pair.works_through(from, to);
}

// Clients at rest have no session before they are said to be ours.
TEST(MovingInSilence, a_worker_does_not_end_while_somebody_waits_in_it) {
    TunnelScene from;
    TunnelScene to;
    const WirePtr client = from.client();
    from.settle();
    begin_to_move(from, to);
    from.settle();
    to.settle();
    to.worker->stop(false);
    to.loop.turn(Duration::zero());
    EXPECT_FALSE(to.worker->done());
    settle(from, to);
    settle(from, to);
    EXPECT_TRUE(to.worker->done());
    EXPECT_TRUE(client->peer_closed() || client->peer_finished());
}

}  // namespace
}  // namespace seki::stage
