#pragma once

// The addresses of a host by its name.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace seki::config {

// The error does not name the host.
using ResolveHost = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;

// Asks whom the system asks (getaddrinfo(3)), and waits for the answer.
Result<std::vector<IpAddress>> resolve_host(const std::string& host);

}  // namespace seki::config
