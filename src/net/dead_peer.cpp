#include "net/dead_peer.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace seki::net {

namespace {

bool set(int fd, int level, int option, long long value) {
    const int number = static_cast<int>(value);
    return ::setsockopt(fd, level, option, &number, sizeof number) == 0;
}

}  // namespace

Result<> notice_dead_peer(int fd) {
    const bool done = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) && set(fd, IPPROTO_TCP, TCP_KEEPIDLE, ask_after.count()) &&
                      set(fd, IPPROTO_TCP, TCP_KEEPINTVL, ask_interval.count()) &&
                      set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, std::chrono::milliseconds(give_up_after).count());
    if (!done) return failure("cannot set up keepalive: {}", system_error(errno));
    return {};
}

}  // namespace seki::net
