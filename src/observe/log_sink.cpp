#include "observe/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include "base/unix_address.h"

namespace seki::observe {

namespace {
constexpr std::string_view file_scheme = "file://";
constexpr std::string_view unix_scheme = "unix://";
constexpr mode_t log_file_mode = 0640;

using FileId = std::pair<dev_t, ino_t>;

FileId file_id(int fd) {
    struct stat about = {};
    fstat(fd, &about);
    return {about.st_dev, about.st_ino};
}
}  // namespace

LogSink::LogSink(std::string target, LineHead& head, size_t capacity)
    : target_(std::move(target)),
      head_(head),
      buffer_(std::make_unique_for_overwrite<char[]>(std::max(capacity, 2 * max_line_size))),
      capacity_(std::max(capacity, 2 * max_line_size)) {}

LogSink::~LogSink() {
    stalled_ = false;
    flush(stalled_at_);
}

// ---- opening

Result<std::unique_ptr<LogSink>> LogSink::open(std::string_view target, LineHead& head, size_t capacity) {
    std::unique_ptr<LogSink> sink(new LogSink(std::string(target), head, capacity));
    if (const auto opened = sink->open_target(); !opened) return std::unexpected(opened.error());
    return sink;
}

Result<std::unique_ptr<LogSink>> LogSink::over(int fd, LineHead& head, size_t capacity) {
    std::unique_ptr<LogSink> sink(new LogSink(fmt::format("descriptor {}", fd), head, capacity));
    if (const auto adopted = sink->adopt(fd); !adopted) return std::unexpected(adopted.error());
    return sink;
}

Result<> LogSink::open_target() {
    const std::string_view target = target_;
    if (target == "stdout") return adopt(STDOUT_FILENO);
    if (target == "stderr") return adopt(STDERR_FILENO);
    if (target.starts_with(file_scheme)) return open_file();
    if (target.starts_with(unix_scheme)) return open_socket();
    if (target.starts_with("udp://") || target.starts_with("tcp://")) {
        return failure("log target '{}': udp:// and tcp:// are not available yet", target);
    }
    return failure("log target '{}': it must be stdout, stderr, file://PATH or unix://PATH", target);
}

Result<> LogSink::adopt(int fd) {
    struct stat about = {};
    if (fstat(fd, &about) != 0) return failure("log target '{}': {}", target_, system_error(errno));
    fd_ = fd;
    if (S_ISREG(about.st_mode)) {
        kind_ = Kind::file;
        return {};
    }
    if (S_ISSOCK(about.st_mode)) {
        int type = 0;
        socklen_t size = sizeof type;
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
        kind_ = type == SOCK_STREAM ? Kind::stream : Kind::datagrams;
        return {};
    }
    const std::string again = fmt::format("/proc/self/fd/{}", fd);
    own_.reset(::open(again.c_str(), O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC | O_NOCTTY));
    kind_ = own_.valid() ? Kind::own : Kind::shared;
    if (own_.valid()) fd_ = own_.get();
    return {};
}

Result<> LogSink::open_file() {
    const std::string path = target_.substr(file_scheme.size());
    if (path.empty()) return failure("log target '{}': the path is missing", target_);
    UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, log_file_mode));
    if (!file.valid()) return failure("log target '{}': {}", target_, system_error(errno));
    struct stat about = {};
    if (fstat(file.get(), &about) != 0) return failure("log target '{}': {}", target_, system_error(errno));
    kind_ = S_ISREG(about.st_mode) ? Kind::file : Kind::own;
    own_ = std::move(file);
    fd_ = own_.get();
    return {};
}

Result<> LogSink::open_socket() {
    const auto address = UnixAddress::at(std::string_view(target_).substr(unix_scheme.size()));
    if (!address) return failure("log target '{}': {}", target_, address.error().message);
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid() || address->connect(socket.get()) != 0) {
        return failure("log target '{}': {}", target_, system_error(errno));
    }
    kind_ = Kind::datagrams;
    own_ = std::move(socket);
    fd_ = own_.get();
    return {};
}

Result<> LogSink::reopen(WallTime now) {
    flush(now);
    stalled_ = false;
    if (target_.starts_with(unix_scheme)) return open_socket();
    if (!target_.starts_with(file_scheme)) return {};
    const FileId before = file_id(fd_);
    auto opened = open_file();
    // In the same file the other half stands already.
    if (opened && file_id(fd_) != before) begin_ = line_begin_;
    return opened;
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
    LineWriter line({buffer_.get() + end_, max_line_size});
    head_.write(line, now, "WARN ");
    line.add_number(unreported_);
    line.add(unreported_ == 1 ? " line of this log is" : " lines of this log are");
    line.add(" lost: its target did not take them in time");
    line.end_line();
    end_ += line.size();
    unreported_ = 0;
}

void LogSink::flush(WallTime now) {
    if (pausing(now)) return;
    write_out(now);
    if (unreported_ == 0 || stalled_) return;
    report_losses(now);
    write_out(now);
}

// The wall clock may be set back: then the pause is over, too.
bool LogSink::pausing(WallTime now) const noexcept {
    return stalled_ && now >= stalled_at_ && now - stalled_at_ < pause;
}

// ---- writing

void LogSink::write_out(WallTime now) {
    stalled_ = false;
    bool reopened = false;
    while (begin_ != end_) {
        const size_t size = next_chunk();
        const ssize_t written = write_chunk(size);
        if (written > 0) {
            wrote(static_cast<size_t>(written));
            continue;
        }
        if (written == 0) errno = EAGAIN;
        if (errno == EINTR) continue;
        if (kind_ == Kind::datagrams && errno == EMSGSIZE) {
            lose_first_line();
            continue;
        }
        const bool would_block = errno == EAGAIN || errno == ENOBUFS;
        if (kind_ == Kind::datagrams && own_.valid() && !would_block && !std::exchange(reopened, true) &&
            open_socket()) {
            continue;
        }
        stalled_ = true;
        stalled_at_ = now;
        return;
    }
    line_begin_ = begin_ = end_ = 0;
}

void LogSink::wrote(size_t bytes) noexcept {
    const char* const first = buffer_.get() + begin_;
    begin_ += bytes;
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
    const char* const first = buffer_.get() + begin_;
    if (kind_ == Kind::file) return waiting;
    const size_t most = std::min(waiting, max_line_size);
    const void* line_end = kind_ == Kind::datagrams ? memchr(first, '\n', most) : memrchr(first, '\n', most);
    return line_end == nullptr ? most : static_cast<size_t>(static_cast<const char*>(line_end) - first) + 1;
}

ssize_t LogSink::write_chunk(size_t size) noexcept {
    const char* const first = buffer_.get() + begin_;
    switch (kind_) {
        case Kind::file:
        case Kind::own:
            return ::write(fd_, first, size);
        case Kind::shared:
            return write_shared(size);
        case Kind::stream:
        case Kind::datagrams:
            return ::send(fd_, first, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return -1;
}

// Kernels before 6.4 do not know RWF_NOWAIT for pipes. There, a pipe that poll(2) calls writable has room for PIPE_BUF
// bytes, unless another holder is quicker than we are.
ssize_t LogSink::write_shared(size_t size) noexcept {
    char* const first = buffer_.get() + begin_;
    const iovec piece{first, size};
    const ssize_t written = ::pwritev2(fd_, &piece, 1, -1, RWF_NOWAIT);
    if (written >= 0 || errno != EOPNOTSUPP) return written;
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0) return ::write(fd_, first, size);
    errno = EAGAIN;
    return -1;
}

}  // namespace seki::observe
