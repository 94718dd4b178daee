#pragma once

// The seam to whoever does hashing that takes long. The loop hands over a job and goes on; the outcome comes back in a
// later turn, or whenever a test says.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace seki::auth {

struct HashingJob {
    uint64_t id = 0;
    std::string password;
    std::vector<std::string> hashes;  // of crypt(3); one that matches is enough
};

// `failed`: the system lacked the memory to find out.
enum class HashingOutcome : uint8_t { matches, differs, failed };

class Hasher {
public:
    // In the thread of the loop.
    using Done = std::function<void(uint64_t id, HashingOutcome outcome)>;

    virtual ~Hasher() = default;
    virtual void on_done(Done done) = 0;
    // The caller bounds how many are under way. What is refused, for lack of a descriptor or a thread, is never done.
    virtual Result<> begin(HashingJob job) = 0;
};

}  // namespace seki::auth
