#pragma once

// Decides whether a client may pass, and never lets the loop wait for it:
//
//     check() ──► granted | denied          a fast hash, or found out before
//             ──► pending                   hashing has begun, or goes on already: ask again when woken
//             ──► busy                      too many are under way, of all or of that source
//             ──► exhausted                 that source was wrong too often lately, or may be: what is pending counts
//             ──► unable                    the system lacked what hashing needs, now or within the last second
//
// What was found out is remembered under a keyed digest of set, user and password, so that a client pays once and not
// with every request, and goes on when others of its source guess. A changed set of credentials is another set: nothing
// of the old one counts any more.

#include <absl/container/flat_hash_map.h>
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "auth/basic.h"
#include "auth/credentials.h"
#include "auth/digest.h"
#include "auth/hasher.h"
#include "auth/recent_digests.h"
#include "base/clock.h"
#include "base/slab.h"

namespace seki::auth {

enum class Verdict : uint8_t { granted, denied, pending, busy, exhausted, unable };

class Authenticator {
public:
    // Hashing jobs under way. At 100 ms each the last one waits for some seconds.
    static constexpr size_t max_pending = 32;
    // Of them, those that one source began: it keeps nobody else out.
    static constexpr size_t max_pending_of_source = max_pending / 4;
    // Who waits for one job.
    static constexpr size_t max_waiting = 64;
    static constexpr size_t max_remembered = 4096;  // of those who may pass, and as many guesses
    static constexpr Duration remembered_for = std::chrono::minutes(10);
    // What could not be found out is answered so long without another try.
    static constexpr Duration given_up_for = std::chrono::seconds(1);
    // Wrong guesses that a source has at once, and how long each takes to come back. Sources share cells by hash, which
    // can only make it fewer.
    static constexpr uint32_t wrong_guesses = 10;
    static constexpr Duration per_guess = std::chrono::seconds(3);
    static constexpr size_t source_cells = 4096;

    struct Question {
        const Credentials* credentials = nullptr;
        std::string_view authorization;  // the value of the field; empty: there is none
        uint64_t source = 0;             // a hash of the client's address
        SlabId waiter;                   // who is woken when a pending answer is there
    };
    using Wake = std::function<void(SlabId waiter)>;

    Authenticator(Hasher& hasher, size_t max_credential_bytes, Wake wake);

    [[nodiscard]] Verdict check(const Question& question, Monotonic now);
    [[nodiscard]] size_t pending() const noexcept { return jobs_.size(); }

private:
    struct Job {
        Digest key;
        uint64_t source = 0;
        bool decoy = false;  // the hash is another user's, and hashing only takes its time
        std::vector<SlabId> waiters;
    };

    [[nodiscard]] Digest key_of(const Credentials& credentials, const UserPassword& said) const;
    Verdict guess(const Question& question, const Digest& key, UserPassword said);
    Verdict begin(Job&& job, HashingJob&& hashing);
    static Verdict wait_for(Job& job, SlabId waiter);
    void done(uint64_t id, HashingOutcome outcome);
    Verdict found_out(const Digest& key, uint64_t source, bool granted);
    [[nodiscard]] size_t pending_of(uint64_t source) const noexcept;
    [[nodiscard]] bool exhausted(uint64_t source) const noexcept;

    Hasher& hasher_;
    size_t max_credential_bytes_;
    Wake wake_;
    std::array<char, 32> secret_;
    // Apart, so that guessing makes nobody forgotten who may pass.
    RecentDigests granted_{max_remembered, remembered_for};
    RecentDigests denied_{max_remembered, remembered_for};
    RecentDigests given_up_{max_remembered, given_up_for};
    absl::flat_hash_map<uint64_t, Job> jobs_;
    absl::flat_hash_map<Digest, uint64_t> job_of_;
    uint64_t next_job_ = 1;
    Monotonic now_{};  // of the last question
    // When each source's guesses will all be there again.
    std::vector<Monotonic> restored_;
};

}  // namespace seki::auth
