#pragma once

// What a request is about, for a line of the log: the names by which its thing is found again, and nothing else of it.
// What else a request holds may be long (an answer's text) or secret (a private key).

#include <string>

#include "command.pb.h"

namespace seki::config {

// "shop shop-1 10.0.0.1:80" of a backend, "shop" of a cluster; empty where there is nothing to name. A sender's text,
// as it came.
std::string subject(const command::Request& request);

}  // namespace seki::config
