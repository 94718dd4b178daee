// Sessions that nothing would end, and those that only look so.

#include <gtest/gtest.h>
#include <vector>

#include "config/convert.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

using observe::Counter;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration interval = minutes(30);

// Reads, and waits for nothing: a protocol as nobody should write it.
class Forgetful final : public net::Protocol {
    net::Next on_ready(net::Session& session) override {
        char bytes[100];
        while (session.read(bytes).bytes > 0) {
        }
        return net::Stay{};
    }
    net::Next on_deadline(net::Session&) override { return net::Stay{}; }
    void on_close(net::Session&, net::CloseReason) override {}
    void describe(std::string& line) const override { line += "forgetful"; }
    [[nodiscard]] bool paused() const noexcept override { return false; }
};

WirePtr leaked_session(Stage& stage) {
    WirePtr wire = stage.network.wire();
    net::Session* session = stage.worker->sessions().open(net::Session::Side::client, stage.network.transport(wire),
                                                          SocketAddress::v4(0xC0000201U, 1), true);
    session->start(std::make_unique<Forgetful>());
    return wire;
}

uint64_t leaked(Stage& stage) { return stage.metrics.value(Counter::zombies); }

TEST(LeakedSessions, are_closed_logged_and_counted_when_nothing_happened_for_an_interval) {
    Stage stage;
    const WirePtr session = leaked_session(stage);
    stage.pass(interval);
    EXPECT_FALSE(session->peer_closed()) << "it may have begun just now";
    stage.pass(interval);
    EXPECT_TRUE(session->peer_closed());
    EXPECT_EQ(leaked(stage), 1U);
    const std::string log = stage.log();
    EXPECT_NE(log.find("a session that would never end is closed: "), std::string::npos);
    EXPECT_NE(log.find("192.0.2.1:1"), std::string::npos);
    EXPECT_NE(log.find("forgetful"), std::string::npos);
}

TEST(LeakedSessions, are_not_those_on_which_bytes_move) {
    Stage stage;
    const WirePtr wire = leaked_session(stage);
    for (int n = 0; n < 5; ++n) {
        wire->send("x");
        stage.pass(interval);
        EXPECT_FALSE(wire->peer_closed());
    }
    stage.pass(interval);
    EXPECT_TRUE(wire->peer_closed());
}

TEST(LeakedSessions, are_not_those_whose_own_time_is_longer) {
    Stage stage;
    command::Request listen;
    command::TcpListenerConfig& listener = *listen.mutable_add_tcp_listener();
    *listener.mutable_address() = config::to_wire(Stage::tcp.address);
    listener.set_front_timeout(24 * 3600);
    listener.set_back_timeout(24 * 3600);
    ASSERT_TRUE(stage.change({listen}).has_done());
    stage.tunnel_to_backends(1);
    const WirePtr tunnel = stage.tunnel_client("hello");
    const WirePtr backend = stage.backend(1);
    for (Duration passed{}; passed < hours(23); passed += interval) stage.pass(interval);
    EXPECT_EQ(leaked(stage), 0U);
    backend->send("still there");
    stage.settle();
    EXPECT_EQ(tunnel->take(), "still there");
}

TEST(LeakedSessions, are_found_among_more_sessions_than_a_turn_looks_at) {
    constexpr uint32_t count = 2 * worker::LeakedSessions::slots_per_turn;
    Stage stage({.max_connections = count});
    std::vector<WirePtr> many;
    for (uint32_t n = 0; n < count; ++n) many.push_back(leaked_session(stage));
    stage.pass(interval);
    EXPECT_EQ(leaked(stage), 0U);
    stage.pass(interval);
    EXPECT_EQ(leaked(stage), count);
    for (const WirePtr& wire : many) EXPECT_TRUE(wire->peer_closed());
}

}  // namespace
}  // namespace seki::stage
