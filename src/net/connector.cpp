#include "net/connector.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unix_address.h"
#include "net/same_machine.h"

namespace seki::net {

bool ConnectFailure::local() const noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL ||
           error == EAGAIN;
}

namespace {

std::expected<Connection, ConnectFailure> connect_tcp(const SocketAddress& to) {
    sockaddr_storage address{};
    const socklen_t size = to.to_kernel(address);
    UniqueFd socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return std::unexpected(ConnectFailure{errno});
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    spare_pacing(socket.get(), to);
    // On the same machine the connection often stands at once.
    const bool connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
    if (!connected && errno != EINPROGRESS) return std::unexpected(ConnectFailure{errno});
    return Connection{std::make_unique<PlainTransport>(std::move(socket)), connected};
}

// Stands at once or not at all. Where the queue of the other end is full there is nothing to wait for (connect(2),
// EAGAIN): it is as if it had refused.
std::expected<Connection, ConnectFailure> connect_unix(std::string_view path) {
    const auto address = UnixAddress::of(path);
    if (!address) return std::unexpected(ConnectFailure{ENOENT});
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return std::unexpected(ConnectFailure{errno});
    if (address->connect(socket.get()) != 0)
        return std::unexpected(ConnectFailure{errno == EAGAIN ? ECONNREFUSED : errno});
    return Connection{std::make_unique<PlainTransport>(std::move(socket)), true};
}

}  // namespace

std::expected<Connection, ConnectFailure> SocketConnector::connect(const Destination& to) {
    return to.unix_path.empty() ? connect_tcp(to.address) : connect_unix(to.unix_path);
}

}  // namespace seki::net
