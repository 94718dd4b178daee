#include "net/session.h"

#include <netinet/in.h>
#include <vector>

#include "net/sockets.h"

namespace seki::net {
namespace {

TEST(Session, tells_its_protocol_when_bytes_come_and_forgets_that_when_they_are_read) {
    Kernel kernel;
    Sockets sockets;
    std::string got;
    auto script = std::make_unique<Script>();
    script->ready = [&](Session& session) -> Next {
        char bytes[100];
        got.append(bytes, session.read(bytes).bytes);
        return Stay{};
    };
    const Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    kernel.turn();
    EXPECT_FALSE(session.readable());
    sockets.say("hello");
    kernel.turn();
    EXPECT_EQ(got, "hello");
    EXPECT_FALSE(session.readable());
    EXPECT_EQ(session.bytes_read(), 5U);
}

TEST(Session, reads_on_after_a_budget_without_an_event) {
    Kernel kernel;
    Sockets sockets;
    std::string got;
    auto script = std::make_unique<Script>();
    script->ready = [&](Session& session) -> Next {
        char bytes[2];
        got.append(bytes, session.read(bytes).bytes);
        return Stay{};
    };
    kernel.open(sockets, Session::Side::client, std::move(script));
    sockets.say("hello world");
    kernel.turn(10);
    EXPECT_EQ(got, "hello world");
}

TEST(Session, sees_an_end_that_came_together_with_bytes) {
    Kernel kernel;
    Sockets sockets;
    bool ended = false;
    auto script = std::make_unique<Script>();
    script->ready = [&](Session& session) -> Next {
        char bytes[100];
        ended |= session.read(bytes).stop == IoOutcome::Stop::end;
        return Stay{};
    };
    kernel.open(sockets, Session::Side::client, std::move(script));
    kernel.turn();
    sockets.say("bye");
    ::shutdown(sockets.far.get(), SHUT_WR);
    kernel.turn();
    EXPECT_TRUE(ended);
}

TEST(Session, sends_what_waits_when_there_is_room_again) {
    Kernel kernel;
    Sockets sockets;
    BufferPool pool(BufferPool::Memory::map({}).value());
    auto script = std::make_unique<Script>();
    script->ready = [](Session& session) -> Next {
        session.flush();
        return Stay{};
    };
    Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    const std::string bulk(1'000'000, 'x');
    const size_t sent = session.write(bulk);
    EXPECT_GT(sent, 0U);
    EXPECT_LT(sent, bulk.size());
    EXPECT_FALSE(session.writable());
    session.unsent() = pool.try_acquire();
    session.unsent()->append("last");
    kernel.turn();
    EXPECT_TRUE(session.has_unsent());
    EXPECT_EQ(sockets.hear().size(), sent);
    kernel.turn();
    EXPECT_FALSE(session.has_unsent());
    EXPECT_EQ(sockets.hear(), "last");
    EXPECT_EQ(session.bytes_written(), sent + 4);
}

TEST(Session, follows_its_protocol_to_the_next_one_within_a_call) {
    Kernel kernel;
    Sockets sockets;
    std::string order;
    auto first = std::make_unique<Script>();
    first->ready = [&](Session&) -> Next {
        order += "first ";
        auto second = std::make_unique<Script>();
        second->ready = [&](Session&) -> Next {
            order += "second";
            return Close{CloseManner::now, CloseReason::finished};
        };
        return Become{std::move(second)};
    };
    kernel.open(sockets, Session::Side::client, std::move(first));
    EXPECT_EQ(order, "first second");
    kernel.turn(1);
    EXPECT_EQ(kernel.sessions.size(), 0U);
    EXPECT_TRUE(sockets.ended());
}

TEST(Session, is_found_by_its_id_until_it_ends) {
    Kernel kernel;
    Sockets sockets;
    CloseReason reason = CloseReason::finished;
    auto script = std::make_unique<Script>();
    script->closed = [&](CloseReason why) { reason = why; };
    Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    const SessionId id = session.id();
    EXPECT_EQ(kernel.sessions.find(id), &session);
    EXPECT_EQ(kernel.sessions.clients(), 1U);
    session.close(CloseManner::now, CloseReason::killed);
    kernel.turn(1);
    EXPECT_EQ(kernel.sessions.find(id), nullptr);
    EXPECT_EQ(kernel.sessions.clients(), 0U);
    EXPECT_EQ(reason, CloseReason::killed);
}

TEST(Session, that_flushes_ends_after_its_last_byte) {
    Kernel kernel;
    Sockets sockets;
    BufferPool pool(BufferPool::Memory::map({}).value());
    Session& session = kernel.open(sockets, Session::Side::client, std::make_unique<Script>());
    const size_t sent = session.write(std::string(1'000'000, 'x'));
    session.unsent() = pool.try_acquire();
    session.unsent()->append("last");
    session.close(CloseManner::flush, CloseReason::finished);
    kernel.turn();
    EXPECT_EQ(sockets.hear().size(), sent);
    kernel.turn();
    EXPECT_EQ(sockets.hear(), "last");
    EXPECT_TRUE(sockets.ended());
    EXPECT_EQ(kernel.sessions.size(), 0U);
}

TEST(Session, that_lingers_reads_on_until_the_peer_ends_or_time_is_up) {
    for (const bool peer_ends : {true, false}) {
        Kernel kernel;
        Sockets sockets;
        Session& session = kernel.open(sockets, Session::Side::client, std::make_unique<Script>());
        session.write("answer");
        session.close(CloseManner::linger, CloseReason::finished);
        kernel.turn();
        EXPECT_EQ(sockets.hear(), "answer");
        EXPECT_TRUE(sockets.ended());
        EXPECT_EQ(kernel.sessions.size(), 1U);
        sockets.say(std::string(100'000, 'x'));
        kernel.turn();
        EXPECT_EQ(kernel.sessions.size(), 1U);
        if (peer_ends) ::shutdown(sockets.far.get(), SHUT_WR);
        if (!peer_ends) kernel.clock.advance(std::chrono::seconds(3));
        kernel.turn();
        EXPECT_EQ(kernel.sessions.size(), 0U);
    }
}

TEST(Session, has_one_deadline) {
    Kernel kernel;
    Sockets sockets;
    int calls = 0;
    auto script = std::make_unique<Script>();
    script->deadline = [&](Session&) -> Next {
        ++calls;
        return Stay{};
    };
    Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    session.deadline(kernel.loop.now() + std::chrono::seconds(5));
    session.deadline(kernel.loop.now() + std::chrono::seconds(10));
    kernel.clock.advance(std::chrono::seconds(7));
    kernel.turn();
    EXPECT_EQ(calls, 0);
    kernel.clock.advance(std::chrono::seconds(7));
    kernel.turn();
    EXPECT_EQ(calls, 1);
}

TEST(Session, that_is_frozen_does_nothing_until_it_is_thawed) {
    Kernel kernel;
    Sockets sockets;
    std::string got;
    int late = 0;
    auto script = std::make_unique<Script>();
    script->ready = [&](Session& session) -> Next {
        char bytes[100];
        got.append(bytes, session.read(bytes).bytes);
        return Stay{};
    };
    script->deadline = [&](Session&) -> Next {
        ++late;
        return Stay{};
    };
    Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    session.deadline(kernel.loop.now() + std::chrono::milliseconds(1500));
    session.freeze();
    sockets.say("hello");
    session.wake();
    kernel.turn();
    kernel.clock.advance(std::chrono::seconds(2));
    kernel.turn();
    EXPECT_EQ(got, "");
    EXPECT_EQ(late, 0);
    EXPECT_FALSE(session.watched());
    session.thaw();
    kernel.turn();
    EXPECT_EQ(got, "hello");
    kernel.clock.advance(std::chrono::seconds(2));
    kernel.turn();
    EXPECT_EQ(late, 1);
}

TEST(Session, that_is_closed_while_it_is_frozen_ends_when_it_is_thawed) {
    Kernel kernel;
    Sockets sockets;
    Session& session = kernel.open(sockets, Session::Side::client, std::make_unique<Script>());
    session.freeze();
    session.close(CloseManner::now, CloseReason::killed);
    kernel.turn();
    EXPECT_EQ(kernel.sessions.size(), 1U);
    session.thaw();
    kernel.turn();
    EXPECT_EQ(kernel.sessions.size(), 0U);
    EXPECT_TRUE(sockets.ended());
}

TEST(Session, that_departs_leaves_its_connection_to_who_has_a_copy) {
    Kernel kernel;
    Sockets sockets;
    Session& session = kernel.open(sockets, Session::Side::client, std::make_unique<Script>());
    ASSERT_EQ(session.write("one"), 3U);
    session.shutdown_write();
    const UniqueFd copy(::dup(session.transport().plain_fd()));
    const Session::Carried carried = session.carried();
    session.freeze();
    session.depart();
    kernel.turn();
    EXPECT_EQ(kernel.sessions.size(), 0U);
    std::string got;
    auto script = std::make_unique<Script>();
    script->ready = [&](Session& next) -> Next {
        char bytes[100];
        got.append(bytes, next.read(bytes).bytes);
        return Stay{};
    };
    Session& next =
        *kernel.sessions.open(Session::Side::client, std::make_unique<PlainTransport>(UniqueFd(::dup(copy.get()))),
                              SocketAddress::v4(0x7F000001U, 1), true);
    next.start_frozen(std::move(script), carried);
    sockets.say("two");
    kernel.turn();
    EXPECT_EQ(got, "");
    next.thaw();
    kernel.turn();
    EXPECT_EQ(got, "two");
    EXPECT_EQ(next.bytes_written(), 3U);
    EXPECT_EQ(next.bytes_read(), 3U);
    EXPECT_TRUE(next.ulid() == carried.ulid && carried.output_ended && !carried.shutting_down);
}

TEST(Transport, knows_the_address_of_its_own_end) {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    const socklen_t size = SocketAddress::v4(INADDR_LOOPBACK, 0).to_kernel(address);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    const auto local = PlainTransport(std::move(socket)).local_address();
    ASSERT_TRUE(local);
    EXPECT_EQ(local->ip_text(), "127.0.0.1");
    EXPECT_NE(local->port(), 0);
    Sockets unnamed;
    EXPECT_FALSE(PlainTransport(std::move(unnamed.near)).local_address());
}

TEST(Sessions, are_no_more_than_their_capacity) {
    Kernel kernel;
    std::vector<Sockets> sockets(11);
    for (size_t n = 0; n < 10; ++n) kernel.open(sockets[n], Session::Side::backend, std::make_unique<Script>());
    EXPECT_EQ(kernel.sessions.size(), 10U);
    EXPECT_EQ(kernel.sessions.clients(), 0U);
    EXPECT_EQ(kernel.sessions.open(Session::Side::client, std::make_unique<PlainTransport>(std::move(sockets[10].near)),
                                   SocketAddress{}, true),
              nullptr);
    kernel.sessions.close_all(CloseManner::now, CloseReason::stopping);
    kernel.turn(2);
    EXPECT_EQ(kernel.sessions.size(), 0U);
}

}  // namespace
}  // namespace seki::net
