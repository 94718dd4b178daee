#pragma once

// One client of the command socket. Its requests are answered one after another, in the order in which they came: while
// one is being worked on nothing more is read, so a client can neither overtake itself nor make us keep its questions.
// A client is told every half second that its answer is on the way, for it gives up when it hears nothing.

#include <functional>
#include <memory>
#include <string>

#include "command/channel.h"
#include "command/schema.h"
#include "event/event_loop.h"

namespace seki::supervisor {

class CommandSession final : public DeferredDeletable, private command::Channel::Owner, private Timer {
public:
    static constexpr Duration pulse = std::chrono::milliseconds(500);

    class Owner {
    public:
        virtual ~Owner() = default;
        // A request that names a verb. It is to be answered by answer(), now or later, once.
        virtual void on_request(CommandSession& session, command::Request request) = 0;
        virtual void on_session_ended(CommandSession& session) = 0;
    };

    // `peer`: who it is, for people. `unauthorized`: why every request of this client is refused; empty for who may
    // ask.
    CommandSession(EventLoop& loop, UniqueFd socket, size_t max_frame_bytes, std::string peer, std::string unauthorized,
                   Owner& owner);
    ~CommandSession() override;

    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

    // `response` is final: OK or FAILURE.
    void answer(const command::Response& response);
    // No more requests; ends when the answers so far are written.
    void finish();

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override;
    void on_closed(const std::string& reason) override;
    bool on_finished() override;
    void on_timer() override;

    void refuse(const std::string& reason);

    EventLoop& loop_;
    Owner& owner_;
    std::string peer_;
    std::string unauthorized_;
    command::Channel channel_;
    std::string verb_;
    bool busy_ = false;
    bool finished_ = false;
};

command::Response response_of(command::ResponseStatus status, std::string message);

}  // namespace seki::supervisor
