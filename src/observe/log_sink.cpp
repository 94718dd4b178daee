#include "observe/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace seki::observe {

namespace {

// Of the record that begins at `at`; 0 when not all of it is there.
size_t record_size(const char* at, size_t available) noexcept {
    constexpr size_t mark = 2;
    uint64_t length = 0;
    for (size_t i = 0; i < std::min<size_t>(available, 10); ++i) {
        const auto byte = static_cast<uint8_t>(at[i]);
        length |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
        if (byte >= 0x80) continue;
        const size_t size = i + 1 + length + mark;
        return size <= available ? size : 0;
    }
    return 0;
}

}  // namespace

LogSink::LogSink(LogTarget target, LineHead& head, size_t capacity)
    : target_(std::move(target)),
      head_(head),
      buffer_(std::make_unique_for_overwrite<char[]>(std::max(capacity, 2 * max_line_size))),
      capacity_(std::max(capacity, 2 * max_line_size)) {}

LogSink::~LogSink() {
    pause_ = {};
    flush(stalled_at_);
}

// ---- opening

Result<std::unique_ptr<LogSink>> LogSink::open(std::string_view text, LineHead& head, Files files, size_t capacity) {
    auto target = LogTarget::parse(text);
    if (!target) return std::unexpected(target.error());
    std::unique_ptr<LogSink> sink(new LogSink(std::move(*target), head, capacity));
    if (files == Files::given) sink->target_.expect_files();
    auto opened = sink->target_.open();
    const bool may_come = sink->target_.is_socket() || (files == Files::given && sink->target_.is_file());
    if (!opened && !may_come) return std::unexpected(opened.error());
    return sink;
}

Result<std::unique_ptr<LogSink>> LogSink::over(int fd, LineHead& head, size_t capacity) {
    std::unique_ptr<LogSink> sink(new LogSink(LogTarget::over(fd), head, capacity));
    if (auto opened = sink->target_.open(); !opened) return std::unexpected(opened.error());
    return sink;
}

// Where there is nothing open, and nothing can be, it stays as it is.
bool LogSink::connect(WallTime now) {
    took_any_ = false;
    if (target_.open()) {
        // Another end has seen nothing of a line that was cut.
        begin_ = line_begin_;
        return true;
    }
    target_.close();
    leave_alone(absence, now);
    return false;
}

Result<> LogSink::reopen(WallTime now) {
    flush(now);
    if (!target_.is_file() && !target_.is_socket()) return {};
    pause_ = {};
    const bool was_open = target_.is_open();
    const auto before = was_open && target_.is_file() ? target_.file_id() : std::pair<dev_t, ino_t>{};
    if (auto opened = target_.open(); !opened) return target_.is_socket() ? Result<>() : opened;
    // In the same file the other half stands already.
    if (target_.is_socket() || target_.file_id() != before) begin_ = line_begin_;
    took_any_ = false;
    return {};
}

// ---- lines

void LogSink::make_room() noexcept {
    if (line_begin_ == 0) return;
    memmove(buffer_.get(), buffer_.get() + line_begin_, end_ - line_begin_);
    end_ -= line_begin_;
    begin_ -= line_begin_;
    line_begin_ = 0;
}

std::span<char> LogSink::open_line(WallTime now) {
    const auto wanted = [this] { return unreported_ == 0 ? max_line_size : 2 * max_line_size; };
    if (capacity_ - end_ < wanted()) {
        flush(now);
        if (capacity_ - end_ < wanted()) make_room();
    }
    if (capacity_ - end_ < wanted()) {
        ++lost_;
        ++unreported_;
        return {};
    }
    if (unreported_ != 0) report_losses(now);
    return {buffer_.get() + end_, max_line_size};
}

void LogSink::report_losses(WallTime now) {
    const uint64_t missing = std::exchange(unreported_, 0);
    if (framing_ != Framing::text) return;
    LineWriter line({buffer_.get() + end_, max_line_size});
    head_.write(line, now, "WARN ");
    line.add_number(missing);
    line.add(missing == 1 ? " line of this log is" : " lines of this log are");
    line.add(" lost: its target did not take them in time");
    line.end_line();
    end_ += line.size();
}

void LogSink::flush(WallTime now) {
    if (pausing(now)) return;
    pause_ = {};
    write_out(now);
    // A datagram was found to be lost only while the others went: there is room for the line.
    if (unreported_ == 0 || pause_ != Duration::zero() || capacity_ - end_ < max_line_size) return;
    report_losses(now);
    write_out(now);
}

// The wall clock may be set back: then the pause is over, too.
bool LogSink::pausing(WallTime now) const noexcept {
    return pause_ != Duration::zero() && now >= stalled_at_ && now - stalled_at_ < pause_;
}

void LogSink::leave_alone(Duration time, WallTime now) noexcept {
    pause_ = time;
    stalled_at_ = now;
}

// ---- writing

void LogSink::write_out(WallTime now) {
    if (begin_ == end_) return;
    if (!target_.is_open() && !connect(now)) return;
    if (target_.has_hung_up() && !overcome(EPIPE, now)) return;
    while (begin_ != end_) {
        const ssize_t written = target_.write(buffer_.get() + begin_, next_chunk());
        if (written > 0) {
            wrote(static_cast<size_t>(written));
            took_any_ = true;
            continue;
        }
        const int error = written == 0 ? EAGAIN : errno;
        if (!overcome(error, now)) return;
    }
    line_begin_ = begin_ = end_ = 0;
}

// Whether to go on at once.
bool LogSink::overcome(int error, WallTime now) {
    if (error == EINTR) return true;
    const bool datagrams = target_.kind() == LogTarget::Kind::datagrams;
    if (datagrams && error == EMSGSIZE) {
        lose_first_line();
        return true;
    }
    if (error == EAGAIN || error == ENOBUFS || error == ENOMEM || !target_.is_socket()) {
        leave_alone(pause, now);
        return false;
    }
    // What came back is the fate of the datagram before (udp(7)); ours has not left.
    if (target_.is_udp() && error == ECONNREFUSED) {
        if (std::exchange(took_any_, false)) {
            ++lost_;
            ++unreported_;
        }
        leave_alone(absence, now);
        return false;
    }
    // Who took something before may have been made anew; who never did is not there.
    const bool may_be_back = std::exchange(took_any_, false);
    target_.close();
    if (may_be_back) return connect(now);
    leave_alone(absence, now);
    return false;
}

void LogSink::wrote(size_t bytes) noexcept {
    const char* const first = buffer_.get() + begin_;
    begin_ += bytes;
    if (framing_ == Framing::records) {
        while (line_begin_ < begin_) {
            const size_t size = record_size(buffer_.get() + line_begin_, begin_ - line_begin_);
            if (size == 0) return;
            line_begin_ += size;
        }
        return;
    }
    const void* last = memrchr(first, '\n', bytes);
    if (last != nullptr) line_begin_ = static_cast<size_t>(static_cast<const char*>(last) - buffer_.get()) + 1;
}

void LogSink::lose_first_line() noexcept {
    begin_ += next_chunk();
    line_begin_ = begin_;
    ++lost_;
    ++unreported_;
}

// What may go in one write and be kept together.
size_t LogSink::next_chunk() const noexcept {
    const size_t waiting = end_ - begin_;
    if (target_.kind() == LogTarget::Kind::file) return waiting;
    const size_t most = std::min(waiting, max_line_size);
    return framing_ == Framing::text ? whole_lines(most) : whole_records(most);
}

size_t LogSink::whole_lines(size_t most) const noexcept {
    const char* const first = buffer_.get() + begin_;
    const bool single = target_.kind() == LogTarget::Kind::datagrams;
    const void* line_end = single ? memchr(first, '\n', most) : memrchr(first, '\n', most);
    return line_end == nullptr ? most : static_cast<size_t>(static_cast<const char*>(line_end) - first) + 1;
}

size_t LogSink::whole_records(size_t most) const noexcept {
    const bool single = target_.kind() == LogTarget::Kind::datagrams;
    size_t end = line_begin_;
    while (end < begin_ + most) {
        const size_t size = record_size(buffer_.get() + end, end_ - end);
        if (size == 0 || end + size > begin_ + most) break;
        end += size;
        if (single) break;
    }
    return end > begin_ ? end - begin_ : most;
}

}  // namespace seki::observe
