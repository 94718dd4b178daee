#pragma once

// The seam to whoever does hashing that takes long. The loop hands over a job and goes on; the outcome comes back in a
// later turn, or whenever a test says.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace seki::auth {

struct HashingJob {
    uint64_t id = 0;
    std::string password;
    std::vector<std::string> hashes;  // of crypt(3); one that matches is enough
};

class Hasher {
public:
    // In the thread of the loop.
    using Done = std::function<void(uint64_t id, bool matches)>;

    virtual ~Hasher() = default;
    virtual void on_done(Done done) = 0;
    // The caller bounds how many are under way.
    virtual void begin(HashingJob job) = 0;
};

}  // namespace seki::auth
