#pragma once

// One connection of a worker, to a client or to a backend: its transport, what is known of its readiness, the bytes
// that wait in either direction, one timer, and the protocol that drives it at the moment. The protocol decides; only
// the session touches readiness, timers and deletion, in rearm(), after every call of the protocol. So nobody has to
// remember to re-arm anything.
//
//     event, timer, ready list ──► Protocol::on_…(session) ──► Next: Stay | Become{successor} | Close{manner, reason}
//     ──► rearm()
//
// Reading is edge-triggered (epoll(7)): the session knows that more may be there until a read says otherwise. A short
// read says so only when no end was reported with the event, for data and FIN come as one event, and then there is
// silence. Which edge makes the session readable or writable again, the transport says when it is blocked.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <variant>

#include "base/check.h"
#include "base/clock.h"
#include "base/slab.h"
#include "base/ulid.h"
#include "event/event_loop.h"
#include "net/address.h"
#include "net/buffer_pool.h"
#include "net/transport.h"

namespace seki::net {

class Session;
class Sessions;
using SessionId = SlabId;

// Why a connection ended; in logs, metrics and dumps.
enum class CloseReason : uint8_t {
    finished,  // the protocol said what it had to say
    peer_closed,
    peer_error,      // reset, or another error of the socket
    protocol_error,  // the peer broke the protocol
    idle,            // nothing happened for as long as allowed
    timeout,         // something was due and did not come
    no_resources,    // buffers, descriptors or memory are used up
    stopping,        // the worker ends
    stale,           // an idle backend connection that the backend ended, or that is not wanted any more
    killed,          // an operator asked for it
    limited,         // its source has as much as it may
    evicted,         // idle, and others wait for its place
    forgotten,       // it would never have ended by itself
    moved            // it has not ended: somebody else goes on with it
};
[[nodiscard]] std::string_view describe(CloseReason reason) noexcept;

// How a connection ends.
enum class CloseManner : uint8_t {
    now,     // what waits to be sent is dropped
    flush,   // after what waits to be sent was sent
    linger,  // flush, then end our side and read on for a while, so that a reset does not eat the answer (RFC 9112
             // §9.6)
    reset    // at once, and so that the peer cannot take it for a clean end
};

// What a connection that lingers may still receive, all of which is dropped. Once it is used up closing resets it.
struct Lingering {
    uint64_t bytes = 1U << 20U;
    Duration time = std::chrono::seconds(2);
};

class Protocol;

struct Stay {};
struct Become {
    std::unique_ptr<Protocol> successor;
};
struct Close {
    CloseManner manner;
    CloseReason reason;
};
using Next = std::variant<Stay, Become, Close>;

// What drives a session: a handshake, HTTP, a tunnel, a lingering close. It never destroys or replaces itself; it says
// what should be.
class Protocol : public DeferredDeletable {
public:
    // Something changed: bytes may be there, room may be there, somebody woke the session, or the protocol has just
    // begun.
    virtual Next on_ready(Session& session) = 0;
    // The deadline set with Session::deadline() has come.
    virtual Next on_deadline(Session& session) = 0;
    // The session ends now. Last call; the transport is still there.
    virtual void on_close(Session& session, CloseReason reason) = 0;
    // Its state in a few words, for Session::describe().
    virtual void describe(std::string& line) const = 0;
    // Since when nothing runs that an end of the connection would cut off; nothing while something does.
    [[nodiscard]] virtual std::optional<Monotonic> idle_since(const Session&) const { return std::nullopt; }
    // Asked before a close of the manner `linger`.
    [[nodiscard]] virtual Lingering lingering() const noexcept { return {}; }
    // Asked after every call: may the session rest although bytes may be there to be read? If not, it goes on in the
    // next turn.
    [[nodiscard]] virtual bool paused() const noexcept = 0;
};

class Session final : public EventHandler, public Runnable, public Timer {
public:
    enum class Side : uint8_t { client, backend };

    // `connected`: false while a connection attempt runs. Made by Sessions only.
    Session(SessionId id, Sessions& owner, Side side, std::unique_ptr<Transport> transport, const SocketAddress& peer,
            bool connected);
    ~Session() override;

    // Gives the session its first protocol and runs it at once.
    void start(std::unique_ptr<Protocol> protocol);
    // Runs the protocol in this turn's ready list (or the next one's).
    void wake() noexcept;
    // Lets the protocol see at once what has arrived, without waiting for the event that will tell. Not from within a
    // call of the protocol.
    void look();
    // Ends the session at the end of whatever it is doing: safe from anywhere.
    void close(CloseManner manner, CloseReason reason);

    // ---- for protocols

    [[nodiscard]] bool connected() const noexcept { return connected_; }
    // Reads what is there, at most into.size() bytes. After blocked, end or error the session is not readable.
    IoOutcome read(std::span<char> into);
    // Reads and forgets what is there, about `budget` bytes at most; stopped as the last read was.
    IoOutcome discard(size_t budget);
    // Bytes, an end or an error may be there to be read.
    [[nodiscard]] bool readable() const noexcept { return readable_; }
    // The same, though no event has said so.
    void suppose_readable() noexcept { readable_ = !read_closed_; }
    // The loop will report what happens. A client that waits for nothing but its answer is not watched before it has to
    // be, or until its protocol wants to know at least whether it still is there.
    [[nodiscard]] bool watched() const noexcept { return watch_.valid(); }
    void want_watch() noexcept { watch_wanted_ = true; }
    [[nodiscard]] bool read_closed() const noexcept { return read_closed_; }

    // What the kernel reported, whether or not all was read: the peer's orderly end (EPOLLRDHUP), the end of both
    // directions (EPOLLHUP), a reset or a failure of the connection (EPOLLERR).
    [[nodiscard]] bool peer_finished() const noexcept { return (ends_ & EPOLLRDHUP) != 0; }
    [[nodiscard]] bool hung_up() const noexcept { return (ends_ & EPOLLHUP) != 0; }
    [[nodiscard]] bool broken() const noexcept { return (ends_ & EPOLLERR) != 0; }
    [[nodiscard]] bool end_reported() const noexcept { return ends_ != 0; }

    // Sends as much as the socket takes now; returns how many bytes it took. Only while nothing waits in unsent().
    size_t write(std::string_view bytes);
    // Bytes that wait to be sent, or null. The protocol fills it, flush() sends it.
    BufferPtr& unsent() noexcept { return unsent_; }
    [[nodiscard]] bool has_unsent() const noexcept { return unsent_ != nullptr && !unsent_->empty(); }
    // Sends what waits. True when nothing waits any more. `keep`: hold on to the buffer and its sent bytes. `last`: the
    // session ends when nothing waits any more.
    enum class Flush : uint8_t { normal, keep, last };
    bool flush(Flush how = Flush::normal);
    [[nodiscard]] bool write_failed() const noexcept { return write_failed_; }
    [[nodiscard]] bool writable() const noexcept { return writable_; }
    // The socket took less than it was given: the next edge of that kind will say when it takes more.
    void write_blocked(Readiness awaits = Readiness::output) noexcept;
    void write_broke() noexcept;
    void read_blocked() noexcept { readable_ = false; }
    void read_ended() noexcept {
        readable_ = false;
        read_closed_ = true;
    }
    // The peer shall see the end of our bytes, at once or as soon as it can; more than once does nothing. Only while
    // nothing waits in unsent().
    void shutdown_write();
    // The same before the connection is closed. False: not everything of it has gone yet.
    bool finish();

    // Bytes that were read but not used yet, or null.
    BufferPtr& unread() noexcept { return unread_; }

    void deadline(Monotonic when);

    [[nodiscard]] SessionId id() const noexcept { return id_; }
    [[nodiscard]] Side side() const noexcept { return side_; }
    [[nodiscard]] const SocketAddress& peer() const noexcept { return peer_; }
    // Whom the connection is from, by the word of a proxy that is believed.
    void set_peer(const SocketAddress& peer) noexcept { peer_ = peer; }
    [[nodiscard]] const Ulid& ulid() const noexcept { return ulid_; }
    // It goes on with what was another session, of another process perhaps.
    void go_on_as(const Ulid& ulid) noexcept { ulid_ = ulid; }
    [[nodiscard]] Sessions& owner() noexcept { return owner_; }
    [[nodiscard]] EventLoop& loop() noexcept;
    [[nodiscard]] Transport& transport() noexcept { return *transport_; }
    // Puts a transport over the one at hand, before anything was read or written: make(inner) gives it.
    template <typename Make>
    void wrap_transport(Make make) {
        SEKI_CHECK(!watched());
        transport_ = make(std::move(transport_));
    }
    [[nodiscard]] Protocol* protocol() noexcept { return protocol_.get(); }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] bool closing() const noexcept { return closed_ || close_wanted_; }
    [[nodiscard]] uint64_t bytes_read() const noexcept { return bytes_read_; }
    [[nodiscard]] uint64_t bytes_written() const noexcept { return bytes_written_; }
    void count_read(uint64_t bytes) noexcept { bytes_read_ += bytes; }        // what went past read(), by splice
    void count_written(uint64_t bytes) noexcept { bytes_written_ += bytes; }  // likewise

    // Nobody reads, writes or decides until it is thawed: the connection may be somebody else's by then. What was to
    // end it ends it afterwards. Not from within a call of the protocol.
    void freeze();
    void thaw() noexcept;
    [[nodiscard]] bool frozen() const noexcept { return frozen_; }
    // Somebody else has gone on with the frozen connection: our descriptor goes, without a word to the peer.
    void depart();
    // What there is to know of it beside the bytes that wait in either direction, for who goes on with it elsewhere.
    struct Carried {
        Ulid ulid;
        uint64_t bytes_read = 0;
        uint64_t bytes_written = 0;
        bool read_closed = false;
        bool output_ended = false;   // the peer was told, or is to be told, of the end of our bytes,
        bool shutting_down = false;  // which waits for room
    };
    [[nodiscard]] Carried carried() const noexcept;
    // The same as start(), but frozen.
    void start_frozen(std::unique_ptr<Protocol> protocol, const Carried& carried);

    // The connection, for somebody else to go on with: alive, not watched any more, with the bytes that wait in either
    // direction. The session ends without it. Not from within a call of the protocol, and not while the end of our
    // bytes is on its way.
    struct Released {
        std::unique_ptr<Transport> transport;
        BufferPtr unread;
        BufferPtr unsent;
    };
    Released release();

    // One line: id, side, peer, state, bytes, age. The same in `seki sessions`, logs and crash lines.
    [[nodiscard]] std::string describe() const;

private:
    friend class Sessions;

    void on_event(uint32_t events) override;
    void run() override;
    void on_timer() override;

    // Whatever ends a connection, and what reading says of that, counts as input.
    static constexpr uint16_t end_events = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    static constexpr uint16_t events_of(Readiness readiness) noexcept {
        return readiness == Readiness::input ? EPOLLIN | end_events : EPOLLOUT;
    }

    void go_on_connecting(uint32_t events);
    void step();
    void follow(Next next);
    bool ends_at_once(CloseManner manner);
    void rearm();
    void continue_shutdown();
    void notify_closed(CloseReason reason);
    void release_resources(CloseReason reason);

    SessionId id_;
    Sessions& owner_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<Protocol> protocol_;
    BufferPtr unread_;
    BufferPtr unsent_;
    WatchId watch_;
    Ulid ulid_;
    Monotonic began_;
    uint64_t bytes_read_ = 0;
    uint64_t bytes_written_ = 0;
    SocketAddress peer_;
    // Of epoll: those that make it readable or writable again, and those of an end that came.
    uint16_t read_events_ = events_of(Readiness::input);
    uint16_t write_events_ = events_of(Readiness::output);
    uint16_t ends_ = 0;
    Side side_;
    bool connected_ : 1;
    bool stands_ : 1 = false;  // the socket does; until it is connected there may be more to do
    bool readable_ : 1;
    bool writable_ : 1;
    bool read_closed_ : 1 = false;
    bool output_ended_ : 1 = false;
    bool shutting_down_ : 1 = false;  // the end of our bytes waits for room
    bool finish_waits_ : 1 = false;   // likewise what is said before the connection is closed
    bool write_failed_ : 1 = false;
    bool running_ : 1 = false;
    bool watch_wanted_ : 1 = false;
    bool frozen_ : 1 = false;
    bool closed_ : 1 = false;
    bool close_wanted_ : 1 = false;
    CloseManner wanted_manner_ = CloseManner::now;
    CloseReason wanted_reason_ = CloseReason::finished;
};

// All sessions of a worker. A session that ended is deleted at the end of the turn; its id finds nothing from the
// moment it ended.
class Sessions {
public:
    // `linger_places`: so many may linger for as long as their protocols say; others do so as Lingering{} has it. So a
    // flood of clients that are refused in the middle of what they send leaves places for those who are served.
    Sessions(EventLoop& loop, Random& random, uint32_t capacity, uint32_t linger_places);
    Sessions(EventLoop& loop, Random& random, uint32_t capacity) : Sessions(loop, random, capacity, capacity) {}
    ~Sessions();

    // Null when there are `capacity` sessions already. The caller starts it.
    Session* open(Session::Side side, std::unique_ptr<Transport> transport, const SocketAddress& peer, bool connected);
    [[nodiscard]] Session* find(SessionId id) noexcept;
    [[nodiscard]] uint32_t size() const noexcept { return slab_.size(); }
    [[nodiscard]] uint32_t clients() const noexcept { return clients_; }  // of the open ones
    [[nodiscard]] uint32_t capacity() const noexcept { return slab_.capacity(); }
    [[nodiscard]] EventLoop& loop() noexcept { return loop_; }

    template <typename Visit>
    void for_each(Visit visit) {
        slab_.for_each([&](SlabId, Session& session) {
            if (!session.closed()) visit(session);
        });
    }
    // The same for a part of them: `count` places from `first` on. Returns where the next part begins, 0 after the
    // last.
    template <typename Visit>
    uint32_t for_some(uint32_t first, uint32_t count, Visit visit) {
        return slab_.for_some(first, count, [&](SlabId, Session& session) {
            if (!session.closed()) visit(session);
        });
    }
    // False when all places are taken.
    bool take_linger_place() noexcept;
    void leave_linger_place() noexcept { ++linger_places_; }

    void close_all(CloseManner manner, CloseReason reason);
    // All at once, outside of any turn: before those go whom protocols refer to.
    void end_all();

private:
    friend class Session;
    void delete_ended();

    EventLoop& loop_;
    Random& random_;
    Slab<Session> slab_;
    std::vector<SessionId> ended_;
    uint32_t clients_ = 0;
    uint32_t linger_places_;  // that are free
};

}  // namespace seki::net
