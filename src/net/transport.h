#pragma once

// How bytes reach the peer of one connection: plain TCP here, TLS and simulations elsewhere. A transport moves bytes
// and says what stopped it; it knows nothing of what they mean, keeps no buffer of its own towards the caller, and
// never blocks.
//
// One that is more than a socket may have to read before it can write, and the other way round: what was blocked says
// which readiness of the socket it waits for. What it sends before closing (close_notify of TLS) may have to wait for
// room as well.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "net/address.h"

namespace seki::net {

// What a socket can be ready for (EPOLLIN, EPOLLOUT).
enum class Readiness : uint8_t { input, output };

struct IoOutcome {
    enum class Stop : uint8_t {
        none,     // went well; `bytes` may still be fewer than asked for
        blocked,  // nothing now; it is worth trying again when the socket is ready for what `awaits` says
        end,      // reading: the peer closed its sending side
        error     // the connection is broken; `error` is the errno value
    };
    size_t bytes = 0;
    Stop stop = Stop::none;
    Readiness awaits = Readiness::input;
    int error = 0;

    static constexpr IoOutcome blocked(Readiness awaits) noexcept { return {0, Stop::blocked, awaits, 0}; }
    static constexpr IoOutcome ended() noexcept { return {.stop = Stop::end}; }
    static constexpr IoOutcome failed(int error) noexcept { return {.stop = Stop::error, .error = error}; }
};

// Round trip as the kernel measured it, in microseconds (tcp(7), TCP_INFO).
using RoundTrip = std::optional<uint32_t>;

class Transport {
public:
    virtual ~Transport() = default;

    virtual IoOutcome read(std::span<char> into) = 0;
    // What was taken in part is blocked, and comes again unchanged at its front.
    virtual IoOutcome write(std::string_view bytes) = 0;
    // The same when our end follows at once: both may then travel together.
    virtual IoOutcome write_last(std::string_view bytes) { return write(bytes); }
    // The peer sees the end of our bytes; it may go on sending. Blocked: not yet, and this is to be called again.
    virtual IoOutcome shutdown_write() = 0;
    // Nothing follows, and the connection will be closed: the last thing to be said of that, where the format has words
    // for it. Blocked: as above.
    virtual IoOutcome finish() { return {}; }
    // Closing will reset the connection instead of ending it, so that the peer cannot take what it got for all there
    // was.
    virtual void reset_on_close() = 0;
    // The connection may be silent for long: the kernel shall notice when the peer is gone.
    virtual void notice_dead_peer() {}
    // What has to be agreed upon with the peer once the socket stands, before contents (a handshake). Blocked: this is
    // to be called again, whatever the socket is ready for; nothing is read or written before.
    virtual IoOutcome establish() { return {}; }
    // 0 or the errno value of a connection attempt that has just become writable, or that failed to establish.
    virtual int connect_error() = 0;
    // Why the attempt failed, or what it waits for, where that takes words. Good as long as the transport.
    [[nodiscard]] virtual std::string_view connect_problem() const { return {}; }

    virtual Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) = 0;
    // Before the connection goes to somebody else: a copy of its descriptor would keep the loop hearing of it.
    virtual void unwatch(EventLoop& loop, WatchId id) = 0;

    // What somebody else needs to go on with the connection: its descriptor, which stays ours, and what goes beside it
    // (keys and counters of TLS), made for the other end only. Nothing while it cannot be left to anybody.
    struct Export {
        int fd;
        std::string beside;
    };
    [[nodiscard]] virtual std::optional<Export> to_export() const { return std::nullopt; }

    // After a read that gave less than was asked for: that was all there is, unless an end was reported with the event.
    [[nodiscard]] virtual bool drained() const noexcept { return plain_fd() >= 0; }
    // So many bytes of those that come next have begun to leave, though they were not taken yet: it must be these.
    [[nodiscard]] virtual size_t begun() const noexcept { return 0; }

    // The socket, when bytes pass through it unchanged and splice(2) may be used; else -1.
    [[nodiscard]] virtual int plain_fd() const noexcept { return -1; }
    [[nodiscard]] virtual RoundTrip round_trip() const { return std::nullopt; }
    // Our end of the connection, where there is one with an address.
    [[nodiscard]] virtual std::optional<SocketAddress> local_address() const { return std::nullopt; }
};

class PlainTransport final : public Transport {
public:
    explicit PlainTransport(UniqueFd socket) noexcept : socket_(std::move(socket)) {}

    IoOutcome read(std::span<char> into) override;
    IoOutcome write(std::string_view bytes) override;
    IoOutcome write_last(std::string_view bytes) override;
    IoOutcome shutdown_write() override;
    void reset_on_close() override;
    void notice_dead_peer() override;
    int connect_error() override;
    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override;
    void unwatch(EventLoop& loop, WatchId id) override { loop.unwatch(socket_.get(), id); }
    [[nodiscard]] std::optional<Export> to_export() const override { return Export{socket_.get(), {}}; }
    [[nodiscard]] bool drained() const noexcept override { return true; }
    [[nodiscard]] int plain_fd() const noexcept override { return socket_.get(); }
    [[nodiscard]] RoundTrip round_trip() const override;
    [[nodiscard]] std::optional<SocketAddress> local_address() const override;

private:
    IoOutcome send(std::string_view bytes, int flags);

    UniqueFd socket_;
};

}  // namespace seki::net
