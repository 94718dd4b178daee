#pragma once

// Where lines go: a buffer of fixed size, and behind it a target (log_target.h) that may be slower than we are, or not
// there. A line is written straight into the buffer; the buffer is written out at the end of each turn of the loop.
// Nothing here waits: when the target stalls, or is gone, the buffer fills, then new lines are dropped and counted, and
// when the target takes lines again the first thing it gets is a line that says how many are missing. A socket that is
// gone is tried again by and by.
//
//     open_line ─► [ … the rest of a line | line | line | room ] ─► flush ─► target
//
// A line is never torn, but at the end of a file that may not grow (a full disk): what was written of it stays in front
// in the buffer, and when the file is opened again by its name the line goes there as a whole; likewise at the end of a
// connection. Except to regular files, whole lines of at most PIPE_BUF bytes go in one write, which pipes keep together
// also when several workers share one (pipe(7)); what a short write leaves is kept and goes first.

#include <climits>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "observe/line.h"
#include "observe/log_target.h"

namespace seki::observe {

class LogSink {
public:
    static constexpr size_t max_line_size = PIPE_BUF;
    // Pages that were never filled cost nothing.
    static constexpr size_t default_capacity = 256 * 1024;
    // After a stall the target is left alone for so long: a stalled one would otherwise cost a failing write every
    // turn. One that is gone is left alone for longer.
    static constexpr Duration pause = std::chrono::milliseconds(1);
    static constexpr Duration absence = std::chrono::seconds(1);

    // What a line is: text that ends with a line end, or a record of a stream of protobuf, that is the varint of a
    // length, as many bytes, and two zero bytes. Losses are told in text only.
    enum class Framing : uint8_t { text, records };
    // A file that is opened here is there from the start, or it is an error. One that is given (give) may come later;
    // until then lines wait, as they do for sockets.
    enum class Files : uint8_t { opened, given };

    // `target`: log_target.h. `head` begins the lines about losses; it outlives the sink.
    static Result<std::unique_ptr<LogSink>> open(std::string_view target, LineHead& head, Files files = Files::opened,
                                                 size_t capacity = default_capacity);
    // Over a descriptor that stays the caller's.
    static Result<std::unique_ptr<LogSink>> over(int fd, LineHead& head, size_t capacity = default_capacity);

    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;
    ~LogSink();  // tries once to write out what is left

    void set_framing(Framing framing) noexcept { framing_ = framing; }

    // A window for one line, to be given back with close_line() in the same breath; empty when the line is lost.
    [[nodiscard]] std::span<char> open_line(WallTime now);
    // The window's first `size` bytes are a line, its line end included.
    void close_line(size_t size) noexcept { end_ += size; }

    // Writes out as much as the target takes now.
    void flush(WallTime now);
    // After a rotation of logs: the file is opened by its name again. On failure the old one stays.
    Result<> reopen(WallTime now);
    // Likewise with this file, where files are given.
    Result<> give(UniqueFd file, WallTime now) {
        target_.give(std::move(file));
        return reopen(now);
    }

    [[nodiscard]] const std::string& target() const noexcept { return target_.text(); }
    [[nodiscard]] uint64_t lost_lines() const noexcept { return lost_; }
    [[nodiscard]] size_t pending_bytes() const noexcept { return end_ - begin_; }
    // There is nothing to write to now; it is tried again.
    [[nodiscard]] bool is_absent() const noexcept { return !target_.is_open(); }
    // How long to leave what is pending alone.
    [[nodiscard]] Duration retry_after() const noexcept { return pause_; }

private:
    LogSink(LogTarget target, LineHead& head, size_t capacity);

    bool connect(WallTime now);
    void make_room() noexcept;
    void wrote(size_t bytes) noexcept;
    void write_out(WallTime now);
    void report_losses(WallTime now);
    [[nodiscard]] size_t next_chunk() const noexcept;
    [[nodiscard]] size_t whole_lines(size_t most) const noexcept;
    [[nodiscard]] size_t whole_records(size_t most) const noexcept;
    [[nodiscard]] bool overcome(int error, WallTime now);
    void lose_first_line() noexcept;
    void leave_alone(Duration time, WallTime now) noexcept;
    [[nodiscard]] bool pausing(WallTime now) const noexcept;

    LogTarget target_;
    LineHead& head_;
    Framing framing_ = Framing::text;
    std::unique_ptr<char[]> buffer_;
    size_t capacity_;
    size_t line_begin_ = 0;  // of the line that is written in part; else it is begin_
    size_t begin_ = 0;       // of what is not written
    size_t end_ = 0;
    uint64_t lost_ = 0;
    uint64_t unreported_ = 0;
    bool took_any_ = false;  // the target, since it was opened
    Duration pause_{};       // zero: it is not stalled
    WallTime stalled_at_{};
};

}  // namespace seki::observe
