#pragma once

// Decides whether a client may pass, and never lets the loop wait for it:
//
//     check() ──► granted | denied          a fast hash, or found out before
//             ──► pending                   hashing has begun, or goes on already: ask again when woken
//             ──► busy                      too many are under way
//             ──► exhausted                 that source was wrong too often lately
//
// What was found out is remembered under a keyed digest of set, user and password, so that a client pays once and not
// with every request. A changed set of credentials is another set: nothing of the old one counts any more.

#include <absl/container/flat_hash_map.h>
#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "auth/digest.h"
#include "auth/hasher.h"
#include "base/clock.h"
#include "base/slab.h"

namespace seki::auth {

enum class Verdict : uint8_t { granted, denied, pending, busy, exhausted };

class Authenticator {
public:
    // Hashing jobs under way. At 100 ms each the last one waits for some seconds.
    static constexpr size_t max_pending = 32;
    // Who waits for one job.
    static constexpr size_t max_waiting = 64;
    static constexpr size_t max_remembered = 4096;
    static constexpr Duration remembered_for = std::chrono::minutes(10);
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
    struct Key {
        Digest digest;
        bool operator==(const Key&) const = default;
        template <typename H>
        friend H AbslHashValue(H state, const Key& key) {
            return H::combine_contiguous(std::move(state), key.digest.data(), key.digest.size());
        }
    };
    struct Remembered {
        Key key;
        bool granted = false;
        Monotonic until{};
    };
    struct Job {
        Key key;
        uint64_t source = 0;
        bool decoy = false;  // the hash is another user's, and hashing only takes its time
        std::vector<SlabId> waiters;
    };
    using Memory = std::list<Remembered>;  // the most lately used first

    void done(uint64_t id, bool matches);
    [[nodiscard]] const Remembered* recall(const Key& key, Monotonic now);
    void remember(const Key& key, bool granted, Monotonic now);
    Verdict begin(Job&& job, HashingJob&& hashing);
    static Verdict wait_for(Job& job, SlabId waiter);
    [[nodiscard]] bool exhausted(uint64_t source, Monotonic now) const noexcept;
    void count_wrong(uint64_t source, Monotonic now) noexcept;

    Hasher& hasher_;
    size_t max_credential_bytes_;
    Wake wake_;
    std::array<char, 32> secret_;
    Memory memory_;
    absl::flat_hash_map<Key, Memory::iterator> places_;
    absl::flat_hash_map<uint64_t, Job> jobs_;
    absl::flat_hash_map<Key, uint64_t> job_of_;
    uint64_t next_job_ = 1;
    Monotonic now_{};  // of the last question
    // When each source's guesses will all be there again.
    std::vector<Monotonic> restored_;
};

}  // namespace seki::auth
