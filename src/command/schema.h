#pragma once

// The schema's package is called like this library: here its messages are members of both, so that command::Request
// means the same in every library.

#include "command.pb.h"

namespace seki::command {
using namespace ::command;
}  // namespace seki::command
