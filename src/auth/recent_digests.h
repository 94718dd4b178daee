#pragma once

// A bounded set of digests, in which each one stays for a time. When it is full, the one goes that was looked up
// longest ago.

#include <absl/container/flat_hash_map.h>
#include <list>

#include "auth/digest.h"
#include "base/clock.h"

namespace seki::auth {

class RecentDigests {
public:
    RecentDigests(size_t capacity, Duration kept_for) noexcept : capacity_(capacity), kept_for_(kept_for) {}

    [[nodiscard]] bool contains(const Digest& digest, Monotonic now);
    // One that is not in it.
    void add(const Digest& digest, Monotonic now);

private:
    struct Entry {
        Digest digest;
        Monotonic until;
    };
    using Entries = std::list<Entry>;  // the most lately used first

    size_t capacity_;
    Duration kept_for_;
    Entries entries_;
    absl::flat_hash_map<Digest, Entries::iterator> places_;
};

}  // namespace seki::auth
