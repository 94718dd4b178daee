#pragma once

// Socket addresses of answers as people write them: "192.0.2.1:80", "[2001:db8::1]:80"; "?" for what is none.

#include <string>

#include "command.pb.h"

namespace seki::config {

std::string address_text(const command::SocketAddress& address);

}  // namespace seki::config
