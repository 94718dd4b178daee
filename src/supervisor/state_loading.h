#pragma once

// What the records of a state file are for a state that is there already: changes one after another, of which those are
// passed over that would add a listener or a frontend that is there. So a file can be loaded twice, and what a
// configuration file says of a listener goes before what was saved.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/state.h"
#include "supervisor/applied.h"

namespace seki::supervisor {

struct StateLoading {
    uint64_t records = 0;
    std::vector<std::string> kept;  // what is there already, and otherwise than in the file
};

// Reads the file and calls `apply` with each change that is not passed over, and with its place. An error names the
// place, that of `apply` too. Takes long.
Result<StateLoading> load_state(const std::string& path, const config::State& state,
                                const std::function<Result<>(CheckedChange change, const std::string& place)>& apply);

}  // namespace seki::supervisor
