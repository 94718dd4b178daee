#pragma once

// Where lines go: a buffer of fixed size, and behind it a file, a pipe, a terminal or a socket that may be slower than
// we are. A line is written straight into the buffer; the buffer is written out at the end of each turn of the loop.
// Nothing here waits: when the target stalls, the buffer fills, then new lines are dropped and counted, and when the
// target takes lines again the first thing it gets is a line that says how many are missing.
//
//     open_line ─► [ … the rest of a line | line | line | room ] ─► flush ─► target
//
// A line is never torn, but at the end of a file that may not grow (a full disk): what was written of it stays in front
// in the buffer, and when the file is opened again by its name the line goes there as a whole. Except to regular files,
// whole lines of at most PIPE_BUF bytes go in one write, which pipes keep together also when several workers share one
// (pipe(7)); what a short write leaves is kept and goes first. Nothing is done to an inherited descriptor that its
// other holders would notice: O_NONBLOCK belongs to the open file that we share with the shell that started us, so the
// file is opened anew through /proc where that is allowed.

#include <climits>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "observe/line.h"

namespace seki::observe {

class LogSink {
public:
    static constexpr size_t max_line_size = PIPE_BUF;
    // Pages that were never filled cost nothing.
    static constexpr size_t default_capacity = 256 * 1024;
    // After a stall the target is left alone for so long: a stalled one would otherwise cost a failing write every
    // turn.
    static constexpr Duration pause = std::chrono::milliseconds(1);

    // "stdout", "stderr", "file:///path" (appended, created), "unix:///path" (datagrams). `head` begins the lines about
    // losses; it outlives the sink.
    static Result<std::unique_ptr<LogSink>> open(std::string_view target, LineHead& head,
                                                 size_t capacity = default_capacity);
    // Over a descriptor that stays the caller's.
    static Result<std::unique_ptr<LogSink>> over(int fd, LineHead& head, size_t capacity = default_capacity);

    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;
    ~LogSink();  // tries once to write out what is left

    // A window for one line, to be given back with close_line() in the same breath; empty when the line is lost.
    [[nodiscard]] std::span<char> open_line(WallTime now);
    // The window's first `size` bytes are a line, its line end included.
    void close_line(size_t size) noexcept { end_ += size; }

    // Writes out as much as the target takes now.
    void flush(WallTime now);
    // After a rotation of logs: the file is opened by its name again. On failure the old one stays.
    Result<> reopen(WallTime now);

    [[nodiscard]] const std::string& target() const noexcept { return target_; }
    [[nodiscard]] uint64_t lost_lines() const noexcept { return lost_; }
    [[nodiscard]] size_t pending_bytes() const noexcept { return end_ - begin_; }

private:
    enum class Kind : uint8_t {
        file,      // takes what it is given, as one batch
        own,       // a pipe, terminal or device, opened by us and non-blocking
        shared,    // the same, but as others hold it: asked first whether it would block
        stream,    // a socket
        datagrams  // a socket, one line each
    };

    LogSink(std::string target, LineHead& head, size_t capacity);

    Result<> open_target();
    Result<> adopt(int fd);
    Result<> open_file();
    Result<> open_socket();

    void make_room() noexcept;
    void wrote(size_t bytes) noexcept;
    void write_out(WallTime now);
    void report_losses(WallTime now);
    [[nodiscard]] size_t next_chunk() const noexcept;
    ssize_t write_chunk(size_t size) noexcept;
    ssize_t write_shared(size_t size) noexcept;
    void lose_first_line() noexcept;
    [[nodiscard]] bool pausing(WallTime now) const noexcept;

    std::string target_;
    LineHead& head_;
    Kind kind_ = Kind::file;
    UniqueFd own_;
    int fd_ = -1;
    std::unique_ptr<char[]> buffer_;
    size_t capacity_;
    size_t line_begin_ = 0;  // of the line that is written in part; else it is begin_
    size_t begin_ = 0;       // of what is not written
    size_t end_ = 0;
    uint64_t lost_ = 0;
    uint64_t unreported_ = 0;
    bool stalled_ = false;
    WallTime stalled_at_{};
};

}  // namespace seki::observe
