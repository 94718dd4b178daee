#pragma once

// Framed messages over a stream socket of the UNIX family, in the loop, with descriptors that ride along (unix(7),
// SCM_RIGHTS). Both the command socket's clients and the workers are at the other end of one.
//
// Nothing here waits and nothing grows without a bound: what is not written yet is limited, and while more than
// `pause_reading_bytes` of it wait, nothing more is read, so that a peer that does not take its answers cannot ask for
// more. A frame that is too large is skipped without being kept. Between messages no buffer is held.
//
// What the peer sent before it hung up is delivered first. Descriptors arrive in the order of the frames that they were
// sent with; the owner takes as many as the message names. They go with the last bytes of their frame, each of which is
// a write of its own: no read goes on behind such a byte (unix(7)), so that a frame is delivered before those of the
// next one can come, and where there was no room for its own it has too few, and never others.

#include <cstdint>
#include <deque>
#include <google/protobuf/message_lite.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "command/byte_queue.h"
#include "command/schema.h"
#include "event/event_loop.h"

namespace seki::command {

class Channel final : private EventHandler, private Runnable {
public:
    struct Limits {
        size_t max_frame_bytes = 2'000'000;                   // prefix included, both ways
        size_t max_pending_bytes = 8'000'000;                 // not written yet
        size_t pause_reading_bytes = 256 * 1024;              // not written yet, and reading stops
        size_t max_waiting_fds = 0;                           // received and not taken; 0: none are accepted
        const char* frame_limit = "max_command_buffer_size";  // what max_frame_bytes is called
        bool secret = false;                                  // what has passed, or never will, is wiped

        // Between supervisor and worker, who trust each other: nobody stops reading because the other is slow (both
        // would wait for ever), and an order is larger than the request in it.
        static Limits between_processes() noexcept {
            return {.max_frame_bytes = 1U << 30U,
                    .max_pending_bytes = SIZE_MAX,
                    .pause_reading_bytes = SIZE_MAX,
                    .max_waiting_fds = 4096,
                    .frame_limit = "the limit between processes"};
        }
        // Between two workers: connections pass with their keys, and with what waits in four buffers, as large as these
        // may be.
        static Limits between_workers() noexcept {
            Limits limits = between_processes();
            limits.max_frame_bytes = 65U << 20U;
            limits.secret = true;
            return limits;
        }
    };

    // Descriptors that go with one write: what the kernel takes (SCM_MAX_FD).
    static constexpr size_t max_fds_per_write = 253;

    // The owner may send, pause and close within these, but not destroy the channel (EventLoop::deferred_delete does).
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void on_frame(std::string_view payload) = 0;
        // A frame of a size that is not allowed came; it is skipped.
        virtual void on_malformed(const std::string& reason) = 0;
        // The channel is dead; nothing more comes. Not called after close().
        virtual void on_closed(const std::string& reason) = 0;
        // Some of what was queued is written (written_bytes).
        virtual void on_written() {}
        // The peer sends no more but may still read. `false`: that is as good as closed.
        virtual bool on_finished() { return false; }
    };

    // `owner` and `loop` outlive the channel. Nothing is delivered before the loop's next step.
    Channel(EventLoop& loop, UniqueFd socket, const Limits& limits, Owner& owner);
    ~Channel() override;

    // Queues it; written in this turn if the socket takes it. Fails when the frame is too large or too much is pending.
    // Any number of descriptors goes with it, within the limits of the other end.
    Result<> send(const google::protobuf::MessageLite& message, std::vector<UniqueFd> fds = {});
    // Writes what the socket takes now: for a process that is about to end.
    void flush();
    [[nodiscard]] size_t pending_bytes() const noexcept { return out_.size(); }
    // Of all that was ever queued, as far as the socket took it.
    [[nodiscard]] uint64_t written_bytes() const noexcept { return written_; }
    [[nodiscard]] uint64_t queued_bytes() const noexcept { return written_ + pending_bytes(); }

    // The oldest `count` descriptors received; fewer when there are not so many: this process had no room for more.
    std::vector<UniqueFd> take_fds(size_t count);

    // The owner's own reasons not to read. Frames that are here already wait too.
    void pause() noexcept { paused_ = true; }
    void resume();

    // What another one at the same socket needs to go on: the bytes of a frame that is not whole yet, how many more are
    // to be skipped, and what is not written. Descriptors that wait are no part of it.
    struct Rest {
        std::string unread;
        uint64_t skip = 0;
        std::string unsent;
    };
    [[nodiscard]] Rest rest() const { return {std::string(in_.bytes()), skip_, std::string(out_.bytes())}; }
    // Before anything else.
    void go_on_from(const Rest& rest);

    [[nodiscard]] bool is_open() const noexcept { return socket_.valid(); }
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    void close();
    // Reads no more, and is closed (with on_closed) when all is written.
    void close_after_flush();

private:
    // Bytes taken in one turn, so that no peer keeps the others waiting.
    static constexpr size_t turn_bytes = 256 * 1024;
    static constexpr size_t read_bytes = 64 * 1024;

    enum class Reading : uint8_t { open, ended, stopped };

    struct Attached {
        uint64_t position;  // of the byte that they go with, counted from the channel's first byte
        std::vector<UniqueFd> fds;
    };

    void on_event(uint32_t events) override;
    void run() override;

    void attach(std::vector<UniqueFd> fds, uint64_t frame_end);
    void write_out();
    ssize_t write_some();
    void write_failed(const std::string& reason);
    void read_in();
    ssize_t read_some(char* into, size_t size);
    void deliver();
    bool deliver_one();
    void peer_ended();
    void fail(const std::string& reason);
    void finish_turn();
    [[nodiscard]] bool may_read() const noexcept;

    EventLoop& loop_;
    UniqueFd socket_;
    Limits limits_;
    Owner& owner_;
    WatchId watch_;
    std::string failure_;  // of the watch; told in the first turn

    ByteQueue in_;
    uint64_t skip_ = 0;  // of a frame that is not wanted
    std::deque<UniqueFd> fds_;

    ByteQueue out_;
    uint64_t written_ = 0;
    std::deque<Attached> attached_;

    bool readable_ = true;
    bool writable_ = true;
    bool hung_up_ = false;  // nothing that is written arrives any more
    bool paused_ = false;
    bool closing_ = false;
    Reading reading_ = Reading::open;
};

}  // namespace seki::command
