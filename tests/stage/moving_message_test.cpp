// What one worker tells another of a tunnel, and what the other one does not take.

#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "command/channel.h"
#include "stage/message.h"
#include "stage/moving_tunnel.h"
#include "stage/swarm.h"

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
        if (!moved.IsInitialized()) return;
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

// ---- changed at random

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

uint64_t some_number(Random& random) {
    constexpr uint64_t numbers[] = {0, 1, 2, 3, 7, 255, 256, 65'535, 1'000'000, UINT32_MAX, UINT64_MAX};
    return numbers[random.below(std::size(numbers))];
}

void change_value(Message& message, const FieldDescriptor& field, Random& random) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection.SetBool(&message, &field, random.below(2) == 0);
        case FieldDescriptor::CPPTYPE_UINT32:
            return reflection.SetUInt32(&message, &field, static_cast<uint32_t>(some_number(random)));
        case FieldDescriptor::CPPTYPE_UINT64:
            return reflection.SetUInt64(&message, &field, some_number(random));
        case FieldDescriptor::CPPTYPE_ENUM:
            return reflection.SetEnumValue(
                &message, &field,
                field.enum_type()->value(static_cast<int>(random.below(field.enum_type()->value_count())))->number());
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.SetString(&message, &field, std::string(random.below(100), 'x'));
        default:
            return;
    }
}

// One of its fields, or of those of the messages in it.
void change_something(Message& message, Random& random) {
    const auto& type = *message.GetDescriptor();
    const FieldDescriptor& field =
        *type.field(static_cast<int>(random.below(static_cast<uint32_t>(type.field_count()))));
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.ClearField(&message, &field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        if (!field.is_required() && random.below(6) == 0) return reflection.ClearField(&message, &field);
        if (reflection.HasField(message, &field))
            change_something(*reflection.MutableMessage(&message, &field), random);
        return;
    }
    if (!field.is_required() && random.below(4) == 0) return reflection.ClearField(&message, &field);
    change_value(message, field, random);
}

// What another worker says, which somebody may have taken over: its own connections may suffer, and nothing else.
TEST(MovingMessage, changed_at_random_harms_nobody_else) {
    const char* const asked = std::getenv("SEKI_SEEDS");
    const uint64_t seeds = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 150;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Random random(seed);
        TunnelScene from;
        TunnelScene to;
        const bool tunnel = random.below(4) == 0;
        const std::string answered = answer(tagged_body(seed, 20'000));
        const std::string first =
            random.below(2) == 0 ? get() : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234";
        const WirePtr client = tunnel ? from.tunnel_client("hello") : from.client(first);
        const WirePtr backend = from.backend(1);
        from.settle();
        if (random.below(2) == 0) client->take_at_most(100);
        if (random.below(2) == 0) backend->send(std::string_view(answered).substr(0, 1 + random.below(20'000)));
        from.pass(proxy::ExchangeMove::worthwhile);
        const Meddler meddler(from, to, [&](worker::MovedExchange& told, std::vector<UniqueFd>&) {
            for (uint32_t changes = 1 + random.below(3); changes > 0; --changes) change_something(told, random);
        });
        client->send("56789");
        backend->send(answered);
        client->take_at_most(SIZE_MAX);
        for (int count = 0; count < 3; ++count) {
            settle(from, to);
            client->take();
            backend->take();
        }
        const WirePtr other = to.client(get());
        // Unless it got the connection that moved.
        if (to.has_connection(1)) {
            const WirePtr its = to.backend(1);
            EXPECT_TRUE(take_request(its).whole);
            its->send(answer("served"));
            to.settle();
            EXPECT_EQ(take_answer(other).body, "served");
        }
        for (TunnelScene* scene : {&from, &to}) scene->pass(std::chrono::seconds(61));
    }
}

}  // namespace
}  // namespace seki::stage
