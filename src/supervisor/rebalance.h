#pragma once

// Spreads clients evenly among the workers that serve: connections stay where they were accepted, and those that last
// (tunnels, long downloads) may have come together in one. They move as they do when a worker is replaced.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "supervisor/workers.h"

namespace seki::supervisor {

// How many clients each worker has, by its id.
using ClientCounts = std::map<uint32_t, uint32_t>;

struct Transfer {
    uint32_t from = 0;
    uint32_t to = 0;
    uint32_t clients = 0;
};
// Behind these each has as many as the others, or one more; no more move than must.
[[nodiscard]] std::vector<Transfer> transfers_that_level(const ClientCounts& counts);

// One transfer after the other, for a worker gives to one at a time. What cannot move stays.
class Rebalance : public std::enable_shared_from_this<Rebalance> {
public:
    struct Outcome {
        uint32_t moved = 0;
        ClientCounts counts;  // after that, but for who has come and gone meanwhile
    };
    using OnDone = std::move_only_function<void(const Outcome& outcome)>;

    // `workers` outlives it.
    static void run(Workers& workers, const ClientCounts& counts, OnDone on_done);

    Rebalance(Workers& workers, const ClientCounts& counts, OnDone on_done);

private:
    void next();

    Workers& workers_;
    std::vector<Transfer> left_;  // the next one at the end
    Outcome outcome_;
    OnDone on_done_;
};

}  // namespace seki::supervisor
