#pragma once

// One end of exchanges: the protocol of a connection, to a client or to a backend, seen by the exchange as a place
// where bodies come from and go to. Both ends speak this same contract, whatever the wire format and whichever the
// direction:
//
//     as a sink      body_room() says how much send_body() surely takes, flush() lets it go
//     as a source    events of the codec are handed on while the exchange has room()
//
// A sink tells the exchange when it took bytes; resume() lets a source go on that had no room.
// Memory is bounded by that: nothing is read that could not be kept. What was read but cannot be used yet (a pipelined
// request, an unfinished head) waits in Session::unread(), what was written but not taken by the kernel in
// Session::unsent().

#include <optional>
#include <string_view>

#include "http/codec.h"
#include "net/session.h"
#include "proxy/context.h"

namespace seki::proxy {

enum class Direction : uint8_t { request, response };  // a request flows from client to backend

class Side : public net::Protocol {
public:
    // The longest trailer section that is passed on (HeadStorage keeps to it).
    static constexpr size_t max_trailer_bytes = 4096;

    Side(net::Session& session, Context& context) noexcept : session_(session), context_(context) {}

    [[nodiscard]] net::Session& session() noexcept { return session_; }
    [[nodiscard]] http::Codec& codec() const noexcept { return *wire_; }

    // ---- as a sink

    [[nodiscard]] size_t body_room(http::StreamId stream) const;
    void send_body(http::StreamId stream, std::string_view body);
    // The end of a body; body_room() leaves room for it.
    void send_end(http::StreamId stream, const http::FieldTable* trailers);
    void flush() {
        using Flush = net::Session::Flush;
        session_.flush(hold_ ? Flush::keep : last_ ? Flush::last : Flush::normal);
    }
    // The same, and whether the peer took any of it.
    bool flush_some() {
        const uint64_t before = session_.bytes_written();
        flush();
        return session_.bytes_written() != before;
    }
    [[nodiscard]] bool all_sent() const noexcept { return !session_.has_unsent(); }
    // The connection carries the bytes of other exchanges too, in a format that gives credit for bodies.
    [[nodiscard]] bool shared() const noexcept { return shared_; }

    // ---- as a source

    // There is room again. Costs nothing when the source did not wait for it.
    void resume() noexcept {
        if (!waits_for_room_) return;
        waits_for_room_ = false;
        session_.wake();
    }
    // The same where there is so much. With no more than was too little for its next event it is not asked again:
    // false.
    bool resume(size_t room) noexcept {
        if (!waits_for_room_ || room <= too_little_) return false;
        resume();
        return true;
    }
    [[nodiscard]] bool waits_for_room() const noexcept { return waits_for_room_; }
    [[nodiscard]] bool has_unread() const noexcept { return session_.unread() != nullptr; }

protected:
    // How many bytes may be read and handed on now; 0 pauses reading.
    [[nodiscard]] virtual size_t input_room() const = 0;
    // How many bytes the codec may see at once: as many as may be handed on. A head is seen whole or not at all.
    [[nodiscard]] virtual size_t window() const { return input_room(); }
    // Acts on one event of the codec. A value ends the reading.
    virtual std::optional<net::Next> handle(const http::Event& event) = 0;
    // After a batch of events: whoever got bytes may send them.
    virtual void batch_done() = 0;
    // The peer closed its side and the codec has said what it thinks of it.
    virtual net::Next handle_end_of_input(const http::Event& event) = 0;
    // The peer's socket broke.
    virtual net::Next handle_broken() = 0;
    // The end of a body found no room after all, since others have taken it: it shall follow as soon as it can.
    virtual void end_is_late(std::string_view end);
    // There is no memory for what was read behind what is being worked at.
    virtual net::Next drop_pipelined_input() { return out_of_memory; }
    // Lets an exchange move raw bytes of this source past the codec. True when it did: reading ends here.
    virtual bool move_raw() { return false; }

    // Nothing has come that was not handed on. Asks the socket; what it has to say is lost.
    bool nothing_waits();
    // Reads and hands on until nothing is there, nobody has room, or the budget is used up.
    net::Next pump();

    // The buffer of unsent bytes, taken from the pool when there is none.
    net::Buffer& outbox();
    // Runs `write(Output&)` on the room of the outbox; false when it did not fit.
    template <typename Write>
    bool append(Write write) {
        net::Buffer& out = outbox();
        http::Output output(out.room().data(), out.room().data() + out.room().size());
        write(output);
        if (output.overflow()) return false;
        out.commit(output.size());
        return true;
    }

    // The connection ends after what is in the outbox.
    void nothing_follows() noexcept { last_ = true; }
    [[nodiscard]] bool follows_nothing() const noexcept { return last_; }
    // Sent bytes stay in the outbox, because they may have to be sent again, until there is no room for them.
    [[nodiscard]] bool holds() const noexcept { return hold_; }
    void hold() noexcept { hold_ = true; }
    void release_hold() noexcept;

    // The connection speaks this from now on; it is the derived class that owns it.
    void speak(http::Codec& wire) noexcept { wire_ = &wire; }

    static constexpr net::Close out_of_memory{net::CloseManner::now, net::CloseReason::no_resources};

    net::Session& session_;
    Context& context_;

    bool shared_ = false;
    // The head at hand shall come again: its bytes stay unread, and nothing more is read until this is false.
    bool postponed_ = false;

private:
    struct Fed {
        size_t used = 0;
        std::optional<net::Next> next;
    };
    Fed feed(std::string_view input);
    Fed feed_unread();
    bool keep(std::string_view rest);
    bool make_room_to_read();

    http::Codec* wire_ = nullptr;
    bool last_ = false;
    bool hold_ = false;
    bool waits_for_room_ = false;
    size_t too_little_ = 0;             // of room, while it waits for it
    std::optional<bool> more_to_feed_;  // behind the event at hand; absent outside of feed()
    bool starved_ = false;              // what is unread is not enough for the codec to go on
};

}  // namespace seki::proxy
