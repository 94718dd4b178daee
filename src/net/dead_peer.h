#pragma once

// A tunnel may be silent for hours: only the kernel can tell a silent peer from one that is gone (tcp(7)).

#include <chrono>

#include "base/result.h"

namespace seki::net {

// After this long without a byte the kernel begins to ask the peer whether it is there.
inline constexpr std::chrono::seconds ask_after{60};
inline constexpr std::chrono::seconds ask_interval{10};
// Bytes or questions that nobody acknowledged for so long end the connection.
inline constexpr std::chrono::seconds give_up_after{120};

// SO_KEEPALIVE and TCP_USER_TIMEOUT with these times; accepted sockets inherit them from their listening socket.
Result<> notice_dead_peer(int fd);

}  // namespace seki::net
