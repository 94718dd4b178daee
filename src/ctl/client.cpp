#include "ctl/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <endian.h>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

#include "base/unix_address.h"
#include "config/convert.h"

namespace seki::ctl {
namespace {

using std::chrono::steady_clock;

constexpr size_t prefix_bytes = sizeof(uint64_t);

std::string encode(const std::string& payload) {
    const uint64_t size = htole64(prefix_bytes + payload.size());
    std::string frame(prefix_bytes, '\0');
    std::memcpy(frame.data(), &size, prefix_bytes);
    return frame + payload;
}

uint64_t frame_size(const std::string& prefix) {
    uint64_t size = 0;
    std::memcpy(&size, prefix.data(), prefix_bytes);
    return le64toh(size);
}

std::unexpected<Failure> connect_failure(const std::string& path, int error) {
    if (error == ENOENT || error == ECONNREFUSED) {
        return failure("no Seki listens on {} ({}); is it running? -c FILE or --socket PATH names another one", path,
                       system_error(error));
    }
    if (error == EACCES || error == EPERM) {
        return failure(
            "cannot connect to {}: {}; call it as the user who runs Seki (command_socket_mode in the "
            "configuration lets others in)",
            path, system_error(error));
    }
    return failure("cannot connect to {}: {}", path, system_error(error));
}

// poll(2) wants milliseconds; a rest of less than one must not become a busy loop.
int poll_timeout(const std::optional<steady_clock::time_point>& deadline) {
    if (!deadline) return -1;
    const auto rest = std::chrono::ceil<Milliseconds>(*deadline - steady_clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(rest, 0, std::numeric_limits<int>::max()));
}

std::optional<steady_clock::time_point> deadline_after(const Timeout& timeout) {
    if (!timeout) return std::nullopt;
    return steady_clock::now() + *timeout;
}

}  // namespace

Result<Client> Client::connect(const std::string& path, size_t max_frame_bytes) {
    const auto address = UnixAddress::at(path);
    if (!address) return failure("{}: {}", path, address.error().message);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return failure("cannot make a socket: {}", system_error(errno));
    if (address->connect(socket.get()) != 0) return connect_failure(path, errno);
    return Client(std::move(socket), max_frame_bytes);
}

Result<> Client::wait(short events, Deadline deadline, Timeout timeout) const {
    pollfd watched{.fd = socket_.get(), .events = events, .revents = 0};
    for (;;) {
        const int ready = ::poll(&watched, 1, poll_timeout(deadline));
        if (ready > 0) return {};
        if (ready == 0) {
            return failure("no answer within {} ms; --timeout sets another limit, 0 means none", timeout->count());
        }
        if (errno != EINTR) return failure("cannot wait for the server: {}", system_error(errno));
    }
}

Result<> Client::send(command::Request request, Timeout timeout) {
    config::fill_required(request);
    const std::string frame = encode(request.SerializeAsString());
    if (frame.size() > max_frame_bytes_) {
        return failure("the request has {} bytes, more than max_command_buffer_size allows ({})", frame.size(),
                       max_frame_bytes_);
    }
    const Deadline deadline = deadline_after(timeout);
    for (size_t done = 0; done < frame.size();) {
        const Result<> writable = wait(POLLOUT, deadline, timeout);
        if (!writable) return writable;
        const ssize_t sent =
            ::send(socket_.get(), frame.data() + done, frame.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EINTR && errno != EAGAIN) {
            return failure("cannot send the request: {}", system_error(errno));
        }
        if (sent > 0) done += static_cast<size_t>(sent);
    }
    return {};
}

Result<std::string> Client::read_exactly(size_t size, Deadline deadline, Timeout timeout) {
    std::string bytes(size, '\0');
    for (size_t done = 0; done < size;) {
        const Result<> readable = wait(POLLIN, deadline, timeout);
        if (!readable) return std::unexpected(readable.error());
        const ssize_t got = ::recv(socket_.get(), bytes.data() + done, size - done, MSG_DONTWAIT);
        if (got == 0) return failure("the server closed the connection before its answer was complete");
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return failure("cannot read the answer: {}", system_error(errno));
        }
        if (got > 0) done += static_cast<size_t>(got);
    }
    return bytes;
}

Result<command::Response> Client::receive(Timeout timeout) {
    const Deadline deadline = deadline_after(timeout);
    const Result<std::string> prefix = read_exactly(prefix_bytes, deadline, timeout);
    if (!prefix) return std::unexpected(prefix.error());
    const uint64_t size = frame_size(*prefix);
    if (size < prefix_bytes)
        return failure("the server does not speak the command protocol (a frame of {} bytes)", size);
    if (size > max_frame_bytes_) {
        return failure("the server sent a frame of {} bytes; max_command_buffer_size allows {}", size,
                       max_frame_bytes_);
    }
    const Result<std::string> payload = read_exactly(size - prefix_bytes, deadline, timeout);
    if (!payload) return std::unexpected(payload.error());
    command::Response response;
    if (!response.ParsePartialFromString(*payload)) {
        return failure("the server does not speak the command protocol (its frame holds no answer)");
    }
    return response;
}

Result<command::Response> Client::ask(const command::Request& request, Timeout timeout, const Progress& progress) {
    const Result<> sent = send(request, timeout);
    if (!sent) return std::unexpected(sent.error());
    for (;;) {
        Result<command::Response> response = receive(timeout);
        if (!response || response->status() != command::PROCESSING) return response;
        progress(*response);
    }
}

}  // namespace seki::ctl
