#pragma once

// How a worker gets the configuration that it begins with: from a memory that the supervisor wrote and sealed
// (command/sealed_frames.h), which all workers that begin together read where it is. Each frame is a Prepare and is
// committed before the next one is looked at, so that no more than one of them is in our own memory.

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"
#include "worker/apply.h"

namespace seki::worker {

// Before the worker serves. An error leaves what came before it: who cannot load its configuration cannot serve.
Result<> load_snapshot(UniqueFd memory, uint64_t bytes, Apply& apply);

}  // namespace seki::worker
