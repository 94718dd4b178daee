#pragma once

// Connected sockets of the kernel, a loop, and a protocol that does what a test says.

#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "event/event_loop.h"
#include "net/session.h"

namespace seki::net {

struct Sockets {
    UniqueFd near;  // the session's
    UniqueFd far;   // the test's

    Sockets() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        near = UniqueFd(ends[0]);
        far = UniqueFd(ends[1]);
    }

    void say(std::string_view bytes) const {
        ASSERT_EQ(::send(far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    [[nodiscard]] std::string hear(size_t most = 1U << 24U) const {
        std::string all;
        char part[65536];
        while (all.size() < most) {
            const ssize_t got = ::recv(far.get(), part, std::min(sizeof part, most - all.size()), 0);
            if (got <= 0) break;
            all.append(part, static_cast<size_t>(got));
        }
        return all;
    }
    [[nodiscard]] bool ended() const {
        char byte = 0;
        return ::recv(far.get(), &byte, 1, MSG_PEEK) == 0;
    }
};

class Script final : public Protocol {
public:
    std::function<Next(Session&)> ready = [](Session&) { return Stay{}; };
    std::function<Next(Session&)> deadline = [](Session&) { return Stay{}; };
    std::function<void(CloseReason)> closed = [](CloseReason) {};
    bool pauses = false;

    Next on_ready(Session& session) override { return ready(session); }
    Next on_deadline(Session& session) override { return deadline(session); }
    void on_close(Session&, CloseReason reason) override { closed(reason); }
    void describe(std::string& line) const override { line += "script"; }
    [[nodiscard]] bool paused() const noexcept override { return pauses; }
};

struct Kernel {
    FakeClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    Random random{1};
    Sessions sessions{loop, random, 10};

    Session& open(Sockets& sockets, Session::Side side, std::unique_ptr<Script> script) {
        Session* session =
            sessions.open(side, std::make_unique<PlainTransport>(std::move(sockets.near)), SocketAddress{}, true);
        EXPECT_NE(session, nullptr);
        session->start(std::move(script));
        return *session;
    }
    void turn(int times = 3) {
        for (int n = 0; n < times; ++n) loop.turn(Duration::zero());
    }
};

}  // namespace seki::net
