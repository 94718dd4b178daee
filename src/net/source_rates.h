#pragma once

// A limit of events per source that holds in all workers together: a bucket of tokens for each, kept as one number, the
// time at which it will be full again (the generic cell rate algorithm, ITU-T I.371). Taking a token moves that time on
// by the interval between two tokens; there is none left while the time is a whole burst away. A time that has passed
// is a full bucket, so nothing is ever cleaned up, and a worker that dies leaves nothing behind.
//
// Each of the four cells of a source is moved on; the one that says least decides. A worker looks, then takes, then
// looks again, so that the last one of those who come at the same moment sees all of them: no more pass than may. Who
// finds out only then has paid all the same. Whoever is refused at the first look writes nothing.

#include <cstdint>

#include "base/clock.h"
#include "net/source_table.h"

namespace seki::net {

struct SourceRate {
    uint32_t per_second = 1;  // above 0
    uint32_t burst = 1;       // tokens of a full bucket; 0 means 1
};

class SourceRates {
public:
    // The table outlives this.
    explicit SourceRates(SourceTable& table) noexcept : table_(table) {}

    // Zero: there was a token, and it is taken. Else the time until there is one. `now` is that of a clock which all
    // processes share. Each rate should have hashes of its own.
    [[nodiscard]] Duration take(uint64_t hash, const SourceRate& rate, Monotonic now) noexcept;

private:
    [[nodiscard]] uint64_t full_at(uint64_t hash, uint64_t now) const noexcept;

    SourceTable& table_;
};

}  // namespace seki::net
