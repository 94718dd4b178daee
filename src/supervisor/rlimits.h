#pragma once

// How many descriptors the processes may need, and the kernel's limit for that (RLIMIT_NOFILE). Settled before anything
// is started: a proxy that runs out of descriptors under load is worse than one that does not start.
//
// Every client may need a connection to a backend. Where the system does not allow that many, Seki starts all the same
// as long as at least half of the clients can have one at the same time (connections to backends are shared, so few
// need more); what a worker then lacks it answers with 503.

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "command/schema.h"

namespace seki::supervisor {

struct DescriptorNeed {
    uint64_t wanted;   // nobody ever goes without
    uint64_t minimum;  // below that it makes no sense to start
};

// Of the process that needs most. `listeners`: those of the file; there is room for more.
DescriptorNeed descriptor_need(const command::ServerConfig& config, uint32_t worker_count, size_t listeners);

struct NofileLimit {
    uint64_t soft;
    uint64_t hard;
};

// What the soft limit is to be, or why it cannot be enough.
Result<uint64_t> choose_limit(const DescriptorNeed& need, const NofileLimit& limit, uint64_t max_connections);

// Raises the limit of this process; workers inherit it. The limit that holds now.
Result<uint64_t> raise_descriptor_limit(const DescriptorNeed& need, uint64_t max_connections);

}  // namespace seki::supervisor
