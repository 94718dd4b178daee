#include "observe/log_target.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/unix_address.h"

namespace seki::observe {

namespace {

struct Named {
    std::string_view prefix;
    LogTarget::Scheme scheme;
};
constexpr std::array schemes{
    Named{"file://", LogTarget::Scheme::file},
    Named{"unix://", LogTarget::Scheme::unix_socket},
    Named{"udp://", LogTarget::Scheme::udp},
    Named{"tcp://", LogTarget::Scheme::tcp},
};
constexpr mode_t log_file_mode = 0640;
// After so long without an acknowledgement a connection is given up, and made anew.
constexpr unsigned patience_ms = 30'000;

Failure system_failure(int error) { return Failure{system_error(error)}; }

}  // namespace

Result<LogTarget> LogTarget::parse(std::string_view text) {
    if (text == "stdout" || text == "stderr") {
        LogTarget target(Scheme::descriptor, std::string(text));
        target.inherited_ = text == "stdout" ? STDOUT_FILENO : STDERR_FILENO;
        return target;
    }
    for (const auto& [prefix, scheme] : schemes) {
        if (!text.starts_with(prefix)) continue;
        LogTarget target(scheme, std::string(text));
        if (target.rest().empty()) return failure("'{}' is no log target: what follows {} is missing", text, prefix);
        if (scheme != Scheme::udp && scheme != Scheme::tcp) return target;
        const auto address = SocketAddress::parse(target.rest());
        if (!address) return failure("'{}' is no log target: {}", text, address.error().message);
        if (address->port() == 0) return failure("'{}' is no log target: the port must not be 0", text);
        target.address_ = *address;
        return target;
    }
    return failure("'{}' is no log target (stdout, stderr, file://PATH, unix://PATH, udp://IP:PORT or tcp://IP:PORT)",
                   text);
}

LogTarget LogTarget::over(int fd) {
    LogTarget target(Scheme::descriptor, fmt::format("descriptor {}", fd));
    target.inherited_ = fd;
    return target;
}

std::string_view LogTarget::rest() const noexcept {
    const std::string_view text = text_;
    return text.substr(text.find("://") + 3);
}

// ---- opening

Result<> LogTarget::open() {
    Result<> opened;
    switch (scheme_) {
        case Scheme::descriptor:
            opened = open_descriptor();
            break;
        case Scheme::file:
            opened = open_file();
            break;
        case Scheme::unix_socket:
            opened = open_unix_socket();
            break;
        case Scheme::udp:
        case Scheme::tcp:
            opened = open_network_socket();
            break;
    }
    if (!opened) return failure("log target '{}': {}", text_, opened.error().message);
    return {};
}

void LogTarget::take(UniqueFd fd, Kind kind) noexcept {
    own_ = std::move(fd);
    fd_ = own_.get();
    kind_ = kind;
}

void LogTarget::close() noexcept {
    own_.reset();
    fd_ = -1;
}

Result<> LogTarget::open_descriptor() {
    if (is_open()) return {};
    struct stat about = {};
    if (fstat(inherited_, &about) != 0) return std::unexpected(system_failure(errno));
    fd_ = inherited_;
    if (S_ISREG(about.st_mode)) {
        kind_ = Kind::file;
        return {};
    }
    if (S_ISSOCK(about.st_mode)) {
        int type = 0;
        socklen_t size = sizeof type;
        getsockopt(inherited_, SOL_SOCKET, SO_TYPE, &type, &size);
        kind_ = type == SOCK_STREAM ? Kind::stream : Kind::datagrams;
        return {};
    }
    const std::string again = fmt::format("/proc/self/fd/{}", inherited_);
    UniqueFd own(::open(again.c_str(), O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC | O_NOCTTY));
    kind_ = Kind::shared;
    if (own.valid()) take(std::move(own), Kind::own);
    return {};
}

Result<> LogTarget::open_file() {
    if (files_come_ && !given_.valid()) return is_open() ? Result<>() : failure("its file has not come yet");
    Result<UniqueFd> file = files_come_ ? std::move(given_) : open_path();
    if (!file) return std::unexpected(file.error());
    struct stat about = {};
    if (fstat(file->get(), &about) != 0) return std::unexpected(system_failure(errno));
    take(std::move(*file), S_ISREG(about.st_mode) ? Kind::file : Kind::own);
    return {};
}

Result<UniqueFd> LogTarget::open_path() const {
    const std::string path(rest());
    UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, log_file_mode));
    if (!file.valid()) return std::unexpected(system_failure(errno));
    return file;
}

Result<UniqueFd> LogTarget::open_for_another() const {
    auto file = open_path();
    if (!file) return failure("log target '{}': {}", text_, file.error().message);
    return file;
}

Result<> LogTarget::open_unix_socket() {
    const auto address = UnixAddress::at(rest());
    if (!address) return std::unexpected(address.error());
    for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        UniqueFd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket.valid()) return std::unexpected(system_failure(errno));
        if (address->connect(socket.get()) == 0) {
            take(std::move(socket), type == SOCK_STREAM ? Kind::stream : Kind::datagrams);
            return {};
        }
        if (errno != EPROTOTYPE) break;  // what listens is of the other type
    }
    return std::unexpected(system_failure(errno));
}

// A connection need not be there yet: writes are refused with EAGAIN until it is, and then with what went wrong.
Result<> LogTarget::open_network_socket() {
    const int type = scheme_ == Scheme::tcp ? SOCK_STREAM : SOCK_DGRAM;
    UniqueFd socket(::socket(address_.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return std::unexpected(system_failure(errno));
    if (type == SOCK_STREAM) {
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
    }
    sockaddr_storage to;
    const socklen_t size = address_.to_kernel(to);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), size) != 0 && errno != EINPROGRESS) {
        return std::unexpected(system_failure(errno));
    }
    take(std::move(socket), type == SOCK_STREAM ? Kind::stream : Kind::datagrams);
    return {};
}

std::pair<dev_t, ino_t> LogTarget::file_id() const noexcept {
    struct stat about = {};
    fstat(fd_, &about);
    return {about.st_dev, about.st_ino};
}

// ---- writing

ssize_t LogTarget::write(const char* bytes, size_t size) noexcept {
    switch (kind_) {
        case Kind::file:
        case Kind::own:
            return ::write(fd_, bytes, size);
        case Kind::shared:
            return write_shared(bytes, size);
        case Kind::stream:
        case Kind::datagrams:
            return ::send(fd_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return -1;
}

// Kernels before 6.4 do not know RWF_NOWAIT for pipes. There, a pipe that poll(2) calls writable has room for PIPE_BUF
// bytes, unless another holder is quicker than we are.
ssize_t LogTarget::write_shared(const char* bytes, size_t size) const noexcept {
    const iovec piece{const_cast<char*>(bytes), size};
    const ssize_t written = ::pwritev2(fd_, &piece, 1, -1, RWF_NOWAIT);
    if (written >= 0 || errno != EOPNOTSUPP) return written;
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0) return ::write(fd_, bytes, size);
    errno = EAGAIN;
    return -1;
}

// What it sends means nothing to us, but is read, so that its end is seen.
bool LogTarget::has_hung_up() const noexcept {
    if (kind_ != Kind::stream || !is_socket()) return false;
    char ignored[256];
    return ::recv(fd_, ignored, sizeof ignored, MSG_DONTWAIT) == 0;
}

}  // namespace seki::observe
