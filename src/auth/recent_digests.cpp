#include "auth/recent_digests.h"

namespace seki::auth {

bool RecentDigests::contains(const Digest& digest, Monotonic now) {
    const auto place = places_.find(digest);
    if (place == places_.end()) return false;
    if (place->second->until <= now) {
        entries_.erase(place->second);
        places_.erase(place);
        return false;
    }
    entries_.splice(entries_.begin(), entries_, place->second);
    return true;
}

void RecentDigests::add(const Digest& digest, Monotonic now) {
    if (entries_.size() >= capacity_) {
        places_.erase(entries_.back().digest);
        entries_.pop_back();
    }
    entries_.push_front({digest, now + kept_for_});
    places_[digest] = entries_.begin();
}

}  // namespace seki::auth
