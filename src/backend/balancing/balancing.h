#pragma once

// Which of a cluster's backends is next. An algorithm is a file of this folder and a line in algorithms.cpp. It knows
// nothing of failures, retries and backups: it is asked about candidates of which some are usable, and whatever it
// keeps about backends it keeps by their positions, which stay the same from one changed() to the next. Each worker
// goes by what it sees itself.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "backend/backend.h"
#include "backend/balancing/candidates.h"
#include "base/random.h"

namespace seki::backend {

class Balancing {
public:
    virtual ~Balancing() = default;

    // Backends came or went, or have other weights. The time to allocate and to compute tables: choose() does neither.
    virtual void changed(std::span<const BackendPtr> /*backends*/) {}
    // The position of a usable one, nothing when there is none. `key`: the same for whoever is to reach the same
    // backend again; of no meaning unless uses_key().
    [[nodiscard]] virtual std::optional<size_t> choose(const Candidates& candidates, uint64_t key, Random& random) = 0;
    // Else nobody has to make a key.
    [[nodiscard]] virtual bool uses_key() const noexcept { return false; }
};

}  // namespace seki::backend
