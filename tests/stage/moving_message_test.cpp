// What one worker tells another of a tunnel, and what the other one does not take.

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "command/channel.h"
#include "stage/moving_tunnel.h"

namespace seki::stage {
namespace {

// Between two workers: changes what one gives before the other one sees it.
class Meddler {
public:
    using Meddle = std::function<void(worker::MovedExchange& told, std::vector<UniqueFd>& fds)>;

    Meddler(TunnelScene& from, TunnelScene& to, Meddle meddle) : meddle_(std::move(meddle)) {
        auto [given, ours] = socket_pair();
        auto [passed_on, its] = socket_pair();
        EXPECT_TRUE(take_over(to, std::move(its)));
        giver_.emplace(from.loop, std::move(ours), [this](std::string_view frame) { give(frame); });
        taker_.emplace(to.loop, std::move(passed_on), [this](std::string_view frame) { take(frame); });
        hand_over(from, std::move(given));
        settle(from, to);
        settle(from, to);
    }
    [[nodiscard]] const std::string& refused() const { return refused_; }

private:
    struct End final : command::Channel::Owner {
        End(EventLoop& loop, UniqueFd socket, std::function<void(std::string_view)> on_frame)
            : hear(std::move(on_frame)),
              channel(loop, std::move(socket), command::Channel::Limits::between_workers(), *this) {}
        void on_frame(std::string_view frame) override { hear(frame); }
        void on_malformed(const std::string&) override {}
        void on_closed(const std::string&) override {}

        std::function<void(std::string_view)> hear;
        command::Channel channel;
    };

    void give(std::string_view frame) {
        worker::Moved moved;
        ASSERT_TRUE(moved.ParseFromArray(frame.data(), static_cast<int>(frame.size())));
        std::vector<UniqueFd> fds = giver_->channel.take_fds(moved.descriptors());
        if (moved.has_exchange()) meddle_(*moved.mutable_exchange(), fds);
        if (moved.has_exchange()) moved.set_descriptors(static_cast<uint32_t>(fds.size()));
        ASSERT_TRUE(taker_->channel.send(moved, std::move(fds)));
    }
    void take(std::string_view frame) {
        worker::Taken taken;
        ASSERT_TRUE(taken.ParseFromArray(frame.data(), static_cast<int>(frame.size())));
        refused_ = taken.refused();
        ASSERT_TRUE(giver_->channel.send(taken));
    }

    Meddle meddle_;
    std::string refused_;
    std::optional<End> giver_;
    std::optional<End> taker_;
};

void add_unknown_field(google::protobuf::Message& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(1000, 1);
}

TEST(MovingMessage, is_taken_as_it_was_told) {
    TunnelScene from;
    TunnelScene to;
    const Pair pair(from);
    const Meddler meddler(from, to, [](worker::MovedExchange& told, std::vector<UniqueFd>& fds) {
        EXPECT_EQ(fds.size(), 2U);
        EXPECT_EQ(told.cluster_id(), "c");
        EXPECT_EQ(told.backend_id(), "b1");
        EXPECT_EQ(told.client().bytes_read(), 5U);
        EXPECT_EQ(told.backend().bytes_written(), 5U);
        EXPECT_FALSE(told.client().has_tls() || told.client().ended());
    });
    EXPECT_EQ(meddler.refused(), "");
    EXPECT_EQ(to.tunnels().tcp, 1U);
    pair.works_through(from, to);
}

TEST(MovingMessage, is_not_taken_when_it_is_not_understood_in_full) {
    const auto refusal = [](const Meddler::Meddle& meddle) {
        TunnelScene from;
        TunnelScene to;
        const Pair pair(from);
        std::string refused = Meddler(from, to, meddle).refused();
        EXPECT_EQ(from.tunnels().tcp, 1U);
        EXPECT_EQ(to.tunnels().tcp, 0U);
        EXPECT_EQ(to.worker->sessions().size(), 0U);
        pair.works_through(to, from);
        return refused;
    };
    using Fds = std::vector<UniqueFd>;
    const char* const other_version = "it is of another version";
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { add_unknown_field(told); }), other_version);
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { add_unknown_field(*told.mutable_backend()); }),
              other_version);
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { add_unknown_field(*told.mutable_story()); }),
              other_version);
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { told.mutable_listener()->set_port(9); }),
              "there is no listener 127.0.0.1:9");
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { told.mutable_client()->set_tls("secrets"); }),
              "the listener is of another kind");
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { told.mutable_backend()->set_tls("secrets"); }),
              "a TLS connection came in a form that this version does not know");
    EXPECT_EQ(refusal([](worker::MovedExchange&, Fds& fds) { fds.pop_back(); }), "too many descriptors are open");
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds&) { told.mutable_client()->set_piped(1); }),
              "too many descriptors are open");
    EXPECT_EQ(refusal([](worker::MovedExchange& told, Fds& fds) {
                  told.mutable_client()->set_piped(1);
                  auto [one, other] = socket_pair();
                  fds.push_back(std::move(one));
                  fds.push_back(std::move(other));
              }),
              "what comes as a pipe is none");
    EXPECT_EQ(
        refusal([](worker::MovedExchange& told, Fds&) { told.mutable_client()->set_unsent(std::string(50'000, 'x')); }),
        "more waits than a buffer has room for");
    EXPECT_EQ(
        refusal([](worker::MovedExchange& told, Fds&) { told.mutable_client()->set_unread(std::string(50'000, 'x')); }),
        "there is no buffer for what waits");
}

}  // namespace
}  // namespace seki::stage
