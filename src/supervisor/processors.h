#pragma once

// Which processor a worker runs on, where it shall be one only (handle_process_affinity).

#include <cstdint>
#include <sys/types.h>

#include "base/result.h"

namespace seki::supervisor {

// The process stays on one of those that this process may use: the worker of the first slot on the first of them, and
// so on, all over again behind the last.
Result<> bind_to_processor(pid_t process, uint32_t slot);

}  // namespace seki::supervisor
