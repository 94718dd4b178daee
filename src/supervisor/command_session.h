#pragma once

// One client of the command socket. Its requests are answered one after another, in the order in which they came: while
// one is being worked on nothing more is read, so a client can neither overtake itself nor make us keep its questions.
// A client is told every half second that its answer is on the way, for it gives up when it hears nothing.
//
// One that subscribed gets events besides, in the order in which they happen, between its answers. Those that it does
// not read in time are dropped, and it is told how many.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "command/channel.h"
#include "command/schema.h"
#include "event/event_loop.h"
#include "handover.pb.h"
#include "supervisor/peer.h"

namespace seki::supervisor {

class CommandSession final : public DeferredDeletable, private command::Channel::Owner, private Timer {
public:
    static constexpr Duration pulse = std::chrono::milliseconds(500);
    // Of events, and what else it has not read; what comes then is dropped.
    static constexpr size_t max_backlog_bytes = 256 * 1024;

    class Owner {
    public:
        virtual ~Owner() = default;
        // A request that names a verb. It is to be answered by answer(), now or later, once.
        virtual void on_request(CommandSession& session, command::Request request) = 0;
        // Why this one may not ask for that; empty when it may.
        virtual std::string why_refused(const CommandSession& session, const command::Request& request) = 0;
        virtual void on_session_ended(CommandSession& session) = 0;
    };

    CommandSession(EventLoop& loop, UniqueFd socket, size_t max_frame_bytes, Peer peer, Owner& owner);
    ~CommandSession() override;

    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }

    // `response` is final: OK or FAILURE.
    void answer(const command::Response& response);
    // The answer to its request is that it hears of events from now on.
    void subscribe();
    // Tells it, if it has subscribed.
    void tell(const command::Response& event);
    // What comes is not read until another call says so; what is being worked on is answered.
    void hold(bool holds);
    [[nodiscard]] bool busy() const noexcept { return busy_; }
    // For the next supervisor, and from the former one: before the first turn. Who had asked it something, asks us.
    void hand_over(handover::CommandClient& left) const;
    void take_over(const handover::CommandClient& left);
    void ask_again(command::Request request) { ask(std::move(request)); }

    // No more requests; ends when the answers so far are written.
    void finish();

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override;
    void on_closed(const std::string& reason) override;
    bool on_finished() override;
    void on_timer() override;

    void ask(command::Request request);
    void refuse(const std::string& reason);
    void done();
    void tell_losses();

    EventLoop& loop_;
    Owner& owner_;
    Peer peer_;
    command::Channel channel_;
    std::string verb_;
    std::optional<command::Request> asked_;  // which the next supervisor may be asked again
    bool busy_ = false;
    bool held_ = false;
    bool finished_ = false;
    bool subscribed_ = false;
    uint64_t lost_events_ = 0;  // not told yet
};

command::Response response_of(command::ResponseStatus status, std::string message);

}  // namespace seki::supervisor
