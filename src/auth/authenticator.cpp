#include "auth/authenticator.h"

#include <algorithm>
#include <cstring>
#include <sys/random.h>

#include "base/check.h"

namespace seki::auth {

Authenticator::Authenticator(Hasher& hasher, size_t max_credential_bytes, Wake wake)
    : hasher_(hasher), max_credential_bytes_(max_credential_bytes), wake_(std::move(wake)), restored_(source_cells) {
    // As in Random::from_kernel.
    SEKI_CHECK(::getrandom(secret_.data(), secret_.size(), 0) == static_cast<ssize_t>(secret_.size()));
    hasher_.on_done([this](uint64_t id, HashingOutcome outcome) { done(id, outcome); });
}

Verdict Authenticator::check(const Question& question, Monotonic now) {
    now_ = now;
    auto said = parse_basic(question.authorization, max_credential_bytes_);
    if (!said || question.credentials->empty()) return Verdict::denied;
    const Digest key = key_of(*question.credentials, *said);
    if (granted_.contains(key, now)) return Verdict::granted;
    if (denied_.contains(key, now)) return Verdict::denied;
    if (given_up_.contains(key, now)) return Verdict::unable;
    if (const auto running = job_of_.find(key); running != job_of_.end())
        return wait_for(jobs_.at(running->second), question.waiter);
    // Before any hash is looked at: who may not guess must not learn that a guess was right.
    if (exhausted(question.source)) return Verdict::exhausted;
    return guess(question, key, std::move(*said));
}

Digest Authenticator::key_of(const Credentials& credentials, const UserPassword& said) const {
    const uint64_t number = credentials.number();
    const std::string_view set(reinterpret_cast<const char*>(&number), sizeof number);
    // A user name has no zero byte, so the parts cannot be shifted against each other.
    return sha256({{secret_.data(), secret_.size()}, set, said.user, {"\0", 1}, said.password});
}

// Whether a user exists must not show in how long the refusal takes: a user without a fast hash pays for one as well,
// and a user without a slow hash for those of another one.
Verdict Authenticator::guess(const Question& question, const Digest& key, UserPassword said) {
    const std::string fast = fast_hash(said.password);
    std::vector<std::string_view> slow;
    bool matches = false;
    for (const std::string_view hash : question.credentials->hashes_of(said.user)) {
        if (is_slow(hash)) {
            slow.push_back(hash);
        } else {
            matches = equal_in_constant_time(fast, hash) || matches;
        }
    }
    if (matches) return found_out(key, question.source, true);
    const bool decoy = slow.empty();
    if (decoy) slow = question.credentials->decoys(said.user);
    if (slow.empty()) return found_out(key, question.source, false);
    return begin({key, question.source, decoy, {question.waiter}},
                 {0, std::move(said.password), {slow.begin(), slow.end()}});
}

Verdict Authenticator::begin(Job&& job, HashingJob&& hashing) {
    if (jobs_.size() >= max_pending || pending_of(job.source) >= max_pending_of_source) return Verdict::busy;
    const uint64_t id = next_job_++;
    hashing.id = id;
    if (!hasher_.begin(std::move(hashing))) return Verdict::unable;
    job_of_[job.key] = id;
    jobs_[id] = std::move(job);
    return Verdict::pending;
}

Verdict Authenticator::wait_for(Job& job, SlabId waiter) {
    if (std::ranges::find(job.waiters, waiter) != job.waiters.end()) return Verdict::pending;
    if (job.waiters.size() >= max_waiting) return Verdict::busy;
    job.waiters.push_back(waiter);
    return Verdict::pending;
}

void Authenticator::done(uint64_t id, HashingOutcome outcome) {
    const auto found = jobs_.find(id);
    SEKI_CHECK(found != jobs_.end());
    const Job job = std::move(found->second);
    jobs_.erase(found);
    job_of_.erase(job.key);
    if (outcome == HashingOutcome::failed) {
        given_up_.add(job.key, now_);
    } else {
        found_out(job.key, job.source, outcome == HashingOutcome::matches && !job.decoy);
    }
    for (const SlabId waiter : job.waiters) wake_(waiter);
}

Verdict Authenticator::found_out(const Digest& key, uint64_t source, bool granted) {
    (granted ? granted_ : denied_).add(key, now_);
    if (granted) return Verdict::granted;
    Monotonic& restored = restored_[source % source_cells];
    restored = std::max(restored, now_) + per_guess;
    return Verdict::denied;
}

size_t Authenticator::pending_of(uint64_t source) const noexcept {
    return static_cast<size_t>(
        std::ranges::count_if(jobs_, [source](const auto& job) { return job.second.source == source; }));
}

bool Authenticator::exhausted(uint64_t source) const noexcept {
    const Monotonic restored = std::max(restored_[source % source_cells], now_);
    return restored + per_guess * pending_of(source) > now_ + per_guess * (wrong_guesses - 1);
}

}  // namespace seki::auth
