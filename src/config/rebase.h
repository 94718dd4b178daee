#pragma once

// A file was edited while the configuration that it once began has gone on: what the edit means for what is there now.

#include "base/result.h"
#include "config/state.h"

namespace seki::config {

// `running` with the difference between what the file `said` and what it `says`: what came into the file is added, what
// is otherwise in it becomes so, what went goes. Of everything else nothing changes, whether or not it is in the file.
// An error when what is there is in the way of what is added.
Result<State> rebase(const State& said, const State& says, const State& running);

}  // namespace seki::config
