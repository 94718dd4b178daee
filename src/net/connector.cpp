#include "net/connector.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/same_machine.h"

namespace seki::net {

bool ConnectFailure::local() const noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL ||
           error == EAGAIN;
}

std::expected<Connection, ConnectFailure> TcpConnector::connect(const SocketAddress& to) {
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

}  // namespace seki::net
