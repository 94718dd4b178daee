#pragma once

// What messages between two workers have in common (worker.proto, Moved): times, as microseconds that have passed;
// connections, as a descriptor with the secrets of their TLS beside it; and that secrets are wiped.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "net/transport.h"
#include "tls/connection_info.h"

namespace seki::tls {
class Engine;
}

namespace seki::worker {

[[nodiscard]] uint64_t micros(Duration time) noexcept;
// More than a connection can last is as good as the most that it can.
[[nodiscard]] Duration duration_of(uint64_t micros) noexcept;

void wipe(std::string& secret);

// A connection of another worker, in which we have that role. `secrets`: empty without TLS. An error when these are
// not what this version writes.
[[nodiscard]] Result<std::unique_ptr<net::Transport>> moved_transport(UniqueFd socket, tls::Engine& engine,
                                                                      tls::Role role, std::string_view secrets);
// What TLS has agreed upon in it, good as long as it is; null: nothing is secured.
[[nodiscard]] const tls::ConnectionInfo* secured_by(const net::Transport& transport);

}  // namespace seki::worker
