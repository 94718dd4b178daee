#pragma once

// The system calls that a worker may make (seccomp(2)): what its loop, its connections, its logs and its memory need,
// and nothing that opens or names a file, starts a program, listens, or touches another process. Everything else fails
// and is remembered (refused_calls.h).
//
// What it costs: the kernel knows of each call that is allowed whatever its arguments are, and asks no filter for it
// (Linux 5.11); all calls of a request are of that kind.

#include "base/result.h"

namespace seki::sandbox {

// For all threads that there are and those to come, for ever. Needs gain_nothing_by_programs() (capabilities.h).
Result<> filter_system_calls();

}  // namespace seki::sandbox
