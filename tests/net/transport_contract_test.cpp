// What a session does for transports that are more than a socket: TLS, and whatever moves to another process.

#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

#include "net/demanding_transport.h"
#include "net/sockets.h"

namespace seki::net {
namespace {

// A session over a demanding transport, whose protocol sends what waits and reads what is there.
struct Demanding {
    Kernel kernel;
    Sockets sockets;
    BufferPool pool{BufferPool::Memory::map({}).value()};
    DemandingTransport* transport = nullptr;
    Session* session = nullptr;
    std::string got;
    bool ended = false;

    Demanding() {
        auto made = std::make_unique<DemandingTransport>(std::move(sockets.near));
        transport = made.get();
        session = kernel.sessions.open(Session::Side::client, std::move(made), SocketAddress{}, true);
        auto script = std::make_unique<Script>();
        script->ready = [this](Session& open) -> Next {
            open.flush();
            char bytes[1000];
            const IoOutcome outcome = open.read(bytes);
            got.append(bytes, outcome.bytes);
            ended |= outcome.stop == IoOutcome::Stop::end;
            return Stay{};
        };
        session->start(std::move(script));
        kernel.turn();
    }
    void queue(std::string_view bytes) {
        session->unsent() = pool.try_acquire();
        session->unsent()->append(bytes);
        session->wake();
        kernel.turn();
    }
};

TEST(Readiness, that_a_write_waits_for_may_be_input) {
    Demanding it;
    it.transport->of_write = {1, Readiness::input};
    it.queue("answer");
    EXPECT_FALSE(it.session->writable());
    const int tried = it.transport->writes;
    it.session->wake();
    it.kernel.turn();
    EXPECT_EQ(it.transport->writes, tried);  // that the socket has room is nothing new
    it.sockets.say("more");
    it.kernel.turn();
    EXPECT_EQ(it.sockets.hear(), "answer");
    EXPECT_EQ(it.got, "more");
}

TEST(Readiness, that_a_read_waits_for_may_be_output) {
    Demanding it;
    it.queue("");
    // Full, so that room is an event.
    const std::string bulk(1'000'000, 'x');
    const size_t sent = it.session->write(bulk);
    it.transport->of_read = {1, Readiness::output};
    it.sockets.say("request");
    it.kernel.turn();
    EXPECT_FALSE(it.session->readable());
    it.sockets.say(", and more of it");
    it.kernel.turn();
    EXPECT_EQ(it.got, "");  // that there is more to read changes nothing
    EXPECT_EQ(it.sockets.hear().size(), sent);
    it.kernel.turn();
    EXPECT_EQ(it.got, "request, and more of it");
}

TEST(Readiness, is_the_usual_one_again_after_the_other_has_come) {
    Demanding it;
    it.transport->of_write = {1, Readiness::input};
    it.queue("one");
    it.sockets.say("x");
    it.kernel.turn();
    EXPECT_EQ(it.sockets.hear(), "one");
    it.session->write(std::string(1'000'000, 'x'));
    it.sockets.say("y");
    it.kernel.turn();
    EXPECT_FALSE(it.session->writable());  // input is not what this write waits for
    static_cast<void>(it.sockets.hear());
    it.kernel.turn();
    EXPECT_TRUE(it.session->writable());
}

TEST(EndOfOutput, that_finds_no_room_follows_when_there_is_some) {
    Demanding it;
    it.transport->of_shutdown = {2, Readiness::input};
    it.session->shutdown_write();
    it.session->shutdown_write();
    it.kernel.turn();
    EXPECT_FALSE(it.sockets.ended());
    it.sockets.say("1");
    it.kernel.turn();
    EXPECT_FALSE(it.sockets.ended());
    it.sockets.say("2");
    it.kernel.turn();
    EXPECT_TRUE(it.sockets.ended());
    EXPECT_EQ(it.got, "12");  // and reading went on
}

TEST(LastWords, are_said_before_the_connection_is_closed) {
    for (const CloseManner manner : {CloseManner::now, CloseManner::flush, CloseManner::linger, CloseManner::reset}) {
        Demanding it;
        it.transport->closing_bytes = "bye";
        if (manner == CloseManner::linger) ::shutdown(it.sockets.far.get(), SHUT_WR);
        it.kernel.turn();
        it.session->close(manner, CloseReason::finished);
        it.kernel.turn();
        EXPECT_EQ(it.sockets.hear(), manner == CloseManner::reset ? "" : "bye");
        EXPECT_EQ(it.kernel.sessions.size(), 0U);
    }
}

TEST(LastWords, are_not_said_over_bytes_that_did_not_leave) {
    Demanding it;
    it.transport->closing_bytes = "bye";
    it.transport->of_write = {100, Readiness::input};
    it.queue("the beginning of something");
    it.session->close(CloseManner::now, CloseReason::killed);
    it.kernel.turn();
    EXPECT_EQ(it.sockets.hear(), "");
    EXPECT_TRUE(it.sockets.ended());
}

TEST(LastWords, that_find_no_room_are_waited_for_where_the_end_is_an_orderly_one) {
    Demanding it;
    it.transport->closing_bytes = "bye";
    it.transport->of_finish = {1, Readiness::input};
    it.session->close(CloseManner::flush, CloseReason::finished);
    it.kernel.turn();
    EXPECT_EQ(it.kernel.sessions.size(), 1U);
    EXPECT_EQ(it.sockets.hear(), "");
    it.sockets.say("x");
    it.kernel.turn();
    EXPECT_EQ(it.sockets.hear(), "bye");
    EXPECT_EQ(it.kernel.sessions.size(), 0U);
}

// ---- ends

struct TcpPair {
    UniqueFd near;
    UniqueFd far;

    TcpPair() {
        UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        auto* const name = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listening.get(), name, size), 0);
        EXPECT_EQ(::listen(listening.get(), 1), 0);
        EXPECT_EQ(::getsockname(listening.get(), name, &size), 0);
        far = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(far.get(), name, size), 0);
        near = UniqueFd(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }
};

TEST(Ends, of_the_peer_and_of_the_connection_are_told_apart) {
    for (const bool orderly : {true, false}) {
        TcpPair pair;
        Kernel kernel;
        Session* session = kernel.sessions.open(
            Session::Side::client, std::make_unique<PlainTransport>(std::move(pair.near)), SocketAddress{}, true);
        session->start(std::make_unique<Script>());
        kernel.turn();
        EXPECT_FALSE(session->end_reported());
        const linger at_once{1, 0};
        if (!orderly) ::setsockopt(pair.far.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        orderly ? static_cast<void>(::shutdown(pair.far.get(), SHUT_WR)) : pair.far.reset();
        kernel.turn();
        EXPECT_TRUE(session->peer_finished());
        EXPECT_TRUE(session->end_reported());
        EXPECT_EQ(session->broken(), !orderly);
        EXPECT_EQ(session->hung_up(), !orderly);
        if (!orderly) continue;
        session->shutdown_write();
        kernel.turn();
        EXPECT_TRUE(session->hung_up());  // both directions are over, and nothing is broken
        EXPECT_FALSE(session->broken());
    }
}

// ---- moving

TEST(Released, connections_go_on_elsewhere_with_the_bytes_that_waited) {
    Kernel kernel;
    Sockets sockets;
    BufferPool pool(BufferPool::Memory::map({}).value());
    CloseReason reason = CloseReason::finished;
    auto script = std::make_unique<Script>();
    script->closed = [&](CloseReason why) { reason = why; };
    Session& first = kernel.open(sockets, Session::Side::client, std::move(script));
    kernel.turn();
    first.unread() = pool.try_acquire();
    first.unread()->append("half a requ");
    Session::Released released = first.release();
    EXPECT_EQ(reason, CloseReason::moved);
    EXPECT_EQ(kernel.sessions.find(first.id()), nullptr);
    EXPECT_EQ(kernel.sessions.clients(), 0U);
    kernel.turn();
    EXPECT_FALSE(sockets.ended());

    // The other process has a copy of the descriptor, and nothing else.
    const auto left = released.transport->to_export();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->beside, "");
    UniqueFd copy(::fcntl(left->fd, F_DUPFD_CLOEXEC, 0));
    Kernel other;
    std::string got(released.unread->data());
    released.transport.reset();
    auto successor = std::make_unique<Script>();
    successor->ready = [&](Session& session) -> Next {
        char bytes[100];
        got.append(bytes, session.read(bytes).bytes);
        return Stay{};
    };
    Session* second = other.sessions.open(Session::Side::client, std::make_unique<PlainTransport>(std::move(copy)),
                                          SocketAddress{}, true);
    second->start(std::move(successor));
    sockets.say("est");
    kernel.turn();  // who has released it hears of nothing
    other.turn();
    EXPECT_EQ(got, "half a request");
    EXPECT_FALSE(sockets.ended());
}

TEST(Released, connections_need_not_have_been_watched) {
    Kernel kernel;
    Sockets sockets;
    auto script = std::make_unique<Script>();
    script->pauses = true;
    Session& session = kernel.open(sockets, Session::Side::client, std::move(script));
    ASSERT_FALSE(session.watched());
    const Session::Released released = session.release();
    kernel.turn();
    EXPECT_FALSE(sockets.ended());
    EXPECT_EQ(kernel.sessions.size(), 0U);
}

}  // namespace
}  // namespace seki::net
