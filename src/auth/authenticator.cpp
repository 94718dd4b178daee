#include "auth/authenticator.h"

#include <algorithm>
#include <cstring>
#include <sys/random.h>

#include "auth/basic.h"
#include "base/check.h"

namespace seki::auth {

Authenticator::Authenticator(Hasher& hasher, size_t max_credential_bytes, Wake wake)
    : hasher_(hasher), max_credential_bytes_(max_credential_bytes), wake_(std::move(wake)), restored_(source_cells) {
    SEKI_CHECK(::getrandom(secret_.data(), secret_.size(), 0) == static_cast<ssize_t>(secret_.size()));
    hasher_.on_done([this](uint64_t id, bool matches) { done(id, matches); });
}

Verdict Authenticator::check(const Question& question, Monotonic now) {
    now_ = now;
    auto said = parse_basic(question.authorization, max_credential_bytes_);
    if (!said || question.credentials->empty()) return Verdict::denied;
    const uint64_t number = question.credentials->number();
    const std::string_view set(reinterpret_cast<const char*>(&number), sizeof number);
    // A user name has no zero byte, so the parts cannot be shifted against each other.
    const Key key{sha256({{secret_.data(), secret_.size()}, set, said->user, {"\0", 1}, said->password})};
    if (const Remembered* known = recall(key, now)) return known->granted ? Verdict::granted : Verdict::denied;

    std::vector<std::string_view> slow;
    for (const std::string_view hash : question.credentials->hashes_of(said->user)) {
        if (is_slow(hash)) {
            slow.push_back(hash);
        } else if (matches_fast(said->password, hash)) {
            return Verdict::granted;
        }
    }
    // Whether a user exists must not show in how long the refusal takes.
    const bool decoy = slow.empty();
    if (decoy && !question.credentials->slow_hash().empty()) slow.push_back(question.credentials->slow_hash());
    if (slow.empty()) return Verdict::denied;
    return begin({key, question.source, decoy, {question.waiter}},
                 {0, std::move(said->password), {slow.begin(), slow.end()}});
}

Verdict Authenticator::begin(Job&& job, HashingJob&& hashing) {
    if (const auto running = job_of_.find(job.key); running != job_of_.end()) {
        return wait_for(jobs_.at(running->second), job.waiters.front());
    }
    if (exhausted(job.source, now_)) return Verdict::exhausted;
    if (jobs_.size() >= max_pending) return Verdict::busy;
    hashing.id = next_job_++;
    job_of_[job.key] = hashing.id;
    jobs_[hashing.id] = std::move(job);
    hasher_.begin(std::move(hashing));
    return Verdict::pending;
}

Verdict Authenticator::wait_for(Job& job, SlabId waiter) {
    if (std::ranges::find(job.waiters, waiter) != job.waiters.end()) return Verdict::pending;
    if (job.waiters.size() >= max_waiting) return Verdict::busy;
    job.waiters.push_back(waiter);
    return Verdict::pending;
}

void Authenticator::done(uint64_t id, bool matches) {
    const auto found = jobs_.find(id);
    SEKI_CHECK(found != jobs_.end());
    const Job job = std::move(found->second);
    jobs_.erase(found);
    job_of_.erase(job.key);
    const bool granted = matches && !job.decoy;
    remember(job.key, granted, now_);
    if (!granted) count_wrong(job.source, now_);
    for (const SlabId waiter : job.waiters) wake_(waiter);
}

// --- memory
// ------------------------------------------------------------------------------------------------------------

const Authenticator::Remembered* Authenticator::recall(const Key& key, Monotonic now) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    if (place->second->until <= now) {
        memory_.erase(place->second);
        places_.erase(place);
        return nullptr;
    }
    memory_.splice(memory_.begin(), memory_, place->second);
    return &*place->second;
}

void Authenticator::remember(const Key& key, bool granted, Monotonic now) {
    if (memory_.size() >= max_remembered) {
        places_.erase(memory_.back().key);
        memory_.pop_back();
    }
    memory_.push_front({key, granted, now + remembered_for});
    places_[key] = memory_.begin();
}

// --- guesses
// -----------------------------------------------------------------------------------------------------------

bool Authenticator::exhausted(uint64_t source, Monotonic now) const noexcept {
    return restored_[source % source_cells] > now + per_guess * (wrong_guesses - 1);
}

void Authenticator::count_wrong(uint64_t source, Monotonic now) noexcept {
    Monotonic& restored = restored_[source % source_cells];
    restored = std::max(restored, now) + per_guess;
}

}  // namespace seki::auth
