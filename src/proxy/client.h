#pragma once

// A client's connection as its exchanges see it: where an answer goes, whatever the wire format. ClientSide has one
// exchange at a time (HTTP/1, tunnels), StreamClient has many (formats with numbered streams).

#include <memory>
#include <optional>
#include <span>

#include "http/scheme.h"
#include "proxy/listener.h"
#include "proxy/own_connection.h"
#include "proxy/sessions_of.h"
#include "proxy/side.h"
#include "proxy/source_limits.h"
#include "tls/connection_info.h"

namespace seki::proxy {

class Client : public Side {
public:
    Client(net::Session& session, Context& context, ListenerPtr listener, std::unique_ptr<http::ServerCodec> codec,
           http::Scheme scheme)
        : Side(session, context), listener_(std::move(listener)), codec_(std::move(codec)), scheme_(scheme) {
        speak(*codec_);
    }

    // Of its requests.
    [[nodiscard]] http::Scheme scheme() const noexcept { return scheme_; }
    // What TLS has agreed upon, good as long as the session; null: nothing is secured.
    [[nodiscard]] const tls::ConnectionInfo* secured() const noexcept { return secured_; }
    void secured_by(const tls::ConnectionInfo* info) noexcept { secured_ = info; }

    bool send_interim(http::StreamId stream, const http::ResponseHead& head) {
        return append([&](http::Output& out) { codec_->write_interim(stream, head, out); });
    }
    // False when the head does not fit into what the outbox has left.
    bool send_head(http::StreamId stream, const http::ResponseHead& head, std::span<const http::AddedField> added,
                   bool close) {
        answer_at_ = session_.bytes_written() + waiting_bytes();
        return append([&](http::Output& out) { codec_->write_head(stream, head, added, close || ending_, out); });
    }
    // Forgets what was written of the answer, so that another one may be given. False when some of it has left, or what
    // others say may stand behind it.
    [[nodiscard]] bool take_back();
    // All of the answer is in the outbox.
    void answer_complete() {
        if (end_if_spoke_ahead() || !codec_->persistent()) nothing_follows();
        asks_to_switch_ = false;
    }
    // How long the head of an answer may be that is read now; 0: none can be written yet.
    [[nodiscard]] virtual size_t head_room() const = 0;
    // What was written needs its exchange no more.
    [[nodiscard]] virtual bool delivered() const noexcept = 0;
    // The exchange ends. `reusable`: it ended well, and everything of the answer was written.
    virtual void exchange_ended(http::StreamId stream, bool reusable) = 0;
    // What has ended badly, and all that depends on it, goes. Comes after exchange_ended().
    virtual void give_up(net::CloseManner manner, net::CloseReason reason) = 0;
    // The exchange can take `room` bytes of the request's body.
    virtual void grant_credit(http::StreamId stream, size_t room) = 0;
    // The exchange wants to be asked at that time whether the client is late.
    virtual void due(Monotonic when) = 0;
    // From here on the bytes of the stream are just bytes, both ways.
    virtual void become_tunnel(http::StreamId stream) = 0;
    // No more bytes will follow what was written on this stream, a tunnel.
    virtual void end_output() = 0;
    // The client has told how much of this stream it takes, and has got that: nothing goes on before it tells more.
    [[nodiscard]] virtual bool withholds_credit(http::StreamId) const { return false; }
    // This is not the first request of the connection.
    [[nodiscard]] bool asked_before() const noexcept { return requests_ > 1; }
    // Behind a request that asks for another protocol something may have come before its answer: bytes of that
    // protocol, and no next request. Then an answer that does not switch ends the connection: true. What comes behind
    // the answer is a request again.
    bool end_if_spoke_ahead() {
        if (!asks_to_switch_ || !codec_->request_complete(0) || nothing_waits()) return false;
        asks_to_switch_ = false;
        ending_ = input_dropped_ = true;
        return true;
    }
    // Since when the client is known to send nothing more, after a request that is complete.
    [[nodiscard]] std::optional<Monotonic> half_closed_since() const noexcept {
        return half_closed_since_ == Monotonic{} ? std::nullopt : std::optional(half_closed_since_);
    }
    [[nodiscard]] virtual Concern concern_with(const SessionsOf& sessions) = 0;
    // The connection ends when what runs on it has ended, and at once when nothing does.
    void leave() noexcept {
        leaving_ = true;
        session_.wake();
    }
    [[nodiscard]] bool leaving() const noexcept { return leaving_ || context_.draining; }
    // As what the connection counts among those of its source.
    [[nodiscard]] SourceLimits& source_limits() noexcept { return source_limits_; }
    [[nodiscard]] OwnConnection& own() noexcept { return own_; }

protected:
    static constexpr uint8_t most_turns_waited = 16;  // for an exchange

    // The connection ends, and with it what belongs to it.
    void let_go() {
        source_limits_.leave();
        own_.close(context_);
    }
    // No exchange is to be had for what was asked, but there may be in the next turn: it waits for that. False: there
    // will be none, or it has waited long enough, for others may be first in each.
    [[nodiscard]] bool wait_a_turn() noexcept {
        if (!context_.more_next_turn() || waited_ == most_turns_waited) return false;
        ++waited_;
        context_.note_waiting();
        return true;
    }
    [[nodiscard]] net::Lingering lingering() const noexcept override { return listener_->lingering; }
    // The peer's end is no orderly one, and no read will say so: nobody is there to whom anything could be sent.
    [[nodiscard]] bool lost() const noexcept { return session_.broken() && (paused() || !session_.readable()); }
    // An orderly end may be all that is ever seen of a client that is gone (RFC 9293 §3.6): its time begins.
    void note_half_close() {
        if (session_.end_reported() && !half_closed_since()) half_closed_since_ = context_.loop.now();
    }
    [[nodiscard]] net::CloseReason reason_to_leave() const noexcept {
        return context_.draining ? net::CloseReason::stopping : net::CloseReason::killed;
    }
    // Of a connection without an exchange: whether it was theirs before. A backend is told by the connection to it that
    // the client has of its own.
    [[nodiscard]] bool belonged_to(const SessionsOf& sessions);
    [[nodiscard]] size_t waiting_bytes() const noexcept {
        return session_.has_unsent() ? session_.unsent()->size() : 0;
    }

    ListenerPtr listener_;
    std::unique_ptr<http::ServerCodec> codec_;
    Monotonic half_closed_since_{};  // the epoch: it is not
    SourceLimits source_limits_;
    OwnConnection own_;
    const tls::ConnectionInfo* secured_ = nullptr;
    uint64_t answer_at_ = 0;  // where the last answer begins, of all bytes to the client
    uint32_t requests_ = 0;
    http::Scheme scheme_;
    bool leaving_ = false;        // as if the worker stopped
    bool ending_ = false;         // no more requests
    bool input_dropped_ = false;  // something it sent: more may be on its way
    bool asks_to_switch_ = false;
    uint8_t waited_ = 0;  // turns, for an exchange
};

}  // namespace seki::proxy
