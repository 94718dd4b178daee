#pragma once

// How bytes reach the peer of one connection: plain TCP here, TLS and simulations elsewhere. A transport moves bytes
// and says what stopped it; it knows nothing of what they mean, keeps no buffer of its own towards the caller, and
// never blocks.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "net/address.h"

namespace seki::net {

struct IoOutcome {
    enum class Stop : uint8_t {
        none,     // went well; `bytes` may still be fewer than asked for
        blocked,  // nothing now; the loop will report when it is worth trying again
        end,      // reading: the peer closed its sending side
        error     // the connection is broken; `error` is the errno value
    };
    size_t bytes = 0;
    Stop stop = Stop::none;
    int error = 0;
};

// Round trip as the kernel measured it, in microseconds (tcp(7), TCP_INFO).
using RoundTrip = std::optional<uint32_t>;

class Transport {
public:
    virtual ~Transport() = default;

    virtual IoOutcome read(std::span<char> into) = 0;
    virtual IoOutcome write(std::string_view bytes) = 0;
    // The same when our end follows at once: both may then travel together.
    virtual IoOutcome write_last(std::string_view bytes) { return write(bytes); }
    // The peer sees the end of our bytes; it may go on sending.
    virtual void shutdown_write() = 0;
    // Closing will reset the connection instead of ending it, so that the peer cannot take what it got for all there
    // was.
    virtual void reset_on_close() = 0;
    // The connection may be silent for long: the kernel shall notice when the peer is gone.
    virtual void notice_dead_peer() {}
    // 0 or the errno value of a connection attempt that has just become writable.
    virtual int connect_error() = 0;

    virtual Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) = 0;

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
    void shutdown_write() override;
    void reset_on_close() override;
    void notice_dead_peer() override;
    int connect_error() override;
    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override;
    [[nodiscard]] int plain_fd() const noexcept override { return socket_.get(); }
    [[nodiscard]] RoundTrip round_trip() const override;
    [[nodiscard]] std::optional<SocketAddress> local_address() const override;

private:
    IoOutcome send(std::string_view bytes, int flags);

    UniqueFd socket_;
};

}  // namespace seki::net
