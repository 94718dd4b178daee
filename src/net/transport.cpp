#include "net/transport.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/dead_peer.h"

namespace seki::net {

namespace {

IoOutcome stopped(int error, Readiness awaits) {
    if (error == EAGAIN || error == EINTR) return IoOutcome::blocked(awaits);
    return IoOutcome::failed(error);
}

}  // namespace

IoOutcome PlainTransport::read(std::span<char> into) {
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return {static_cast<size_t>(got)};
    if (got == 0) return IoOutcome::ended();
    return stopped(errno, Readiness::input);
}

IoOutcome PlainTransport::write(std::string_view bytes) { return send(bytes, MSG_NOSIGNAL); }

// The kernel keeps the last segment back until the FIN, which then needs none of its own (send(2), MSG_MORE).
IoOutcome PlainTransport::write_last(std::string_view bytes) { return send(bytes, MSG_NOSIGNAL | MSG_MORE); }

IoOutcome PlainTransport::send(std::string_view bytes, int flags) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), flags | MSG_DONTWAIT);
    if (sent >= 0) return {static_cast<size_t>(sent)};
    return stopped(errno, Readiness::output);
}

IoOutcome PlainTransport::shutdown_write() {
    ::shutdown(socket_.get(), SHUT_WR);
    return {};
}

void PlainTransport::reset_on_close() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void PlainTransport::notice_dead_peer() { static_cast<void>(net::notice_dead_peer(socket_.get())); }

int PlainTransport::connect_error() {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
}

Result<WatchId> PlainTransport::watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) {
    return loop.watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, handler, order);
}

RoundTrip PlainTransport::round_trip() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    return info.tcpi_rtt;
}

std::optional<SocketAddress> PlainTransport::local_address() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
    return SocketAddress::from_kernel(address);
}

}  // namespace seki::net
