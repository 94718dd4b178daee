#pragma once

// Connections that never leave this machine. The congestion control that many systems prefer, BBR, paces what it sends
// by timers; between two processes of one machine there is no network to be gentle with, and the timers cost more than
// moving the bytes does. There, and only there, Seki takes Reno in its place, which every system has (tcp(7)). For all
// other peers the system's choice stands.

#include "net/address.h"

namespace seki::net {

// `address`: the peer of a connection, or what a listening socket is bound to; accepted sockets inherit it. Fails
// silently: it is about cost alone.
void spare_pacing(int fd, const SocketAddress& address) noexcept;

}  // namespace seki::net
