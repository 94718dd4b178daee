#pragma once

// How many connections a source has to a cluster, in all workers together: the count behind a limit that holds for all
// of them. Each worker adds its own to its own column of the shared table; the number of a source is what all columns
// of its cell add up to, and of its four cells the one that says least, for the others are shared with more sources.
//
// A worker first adds, then looks. Of those who come at the same moment everybody is therefore seen by the last one,
// and a limit is never exceeded; two who see each other may both be refused though there was room for one. All else
// that can go wrong errs towards refusing too: other sources in all four cells, and connections of a worker that has
// just died, until its column is wiped.

#include <cstdint>
#include <utility>

#include "net/source_table.h"

namespace seki::net {

class SourceCounts {
public:
    // A place under a limit, given back when this goes. Empty: there is none.
    class Token {
    public:
        Token() = default;
        Token(Token&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)), hash_(other.hash_) {}
        Token& operator=(Token&& other) noexcept {
            if (this == &other) return *this;
            reset();
            counts_ = std::exchange(other.counts_, nullptr);
            hash_ = other.hash_;
            return *this;
        }
        ~Token() { reset(); }

        void reset() noexcept {
            if (counts_ != nullptr) std::exchange(counts_, nullptr)->release(hash_);
        }
        [[nodiscard]] bool valid() const noexcept { return counts_ != nullptr; }
        [[nodiscard]] bool is_for(uint64_t hash) const noexcept { return valid() && hash_ == hash; }

    private:
        friend class SourceCounts;
        Token(SourceCounts& counts, uint64_t hash) noexcept : counts_(&counts), hash_(hash) {}

        SourceCounts* counts_ = nullptr;
        uint64_t hash_ = 0;
    };

    // `column`: that of this process, which nobody else writes. The table outlives this, and this all tokens.
    SourceCounts(SourceTable& table, uint32_t column);
    SourceCounts(const SourceCounts&) = delete;
    SourceCounts& operator=(const SourceCounts&) = delete;
    ~SourceCounts();

    // Empty when that would be more than `limit`.
    [[nodiscard]] Token acquire(uint64_t hash, uint64_t limit) noexcept;
    // For one who is there already, whatever that makes the count.
    [[nodiscard]] Token admit(uint64_t hash) noexcept;
    // In all workers.
    [[nodiscard]] uint64_t count(uint64_t hash) const noexcept;
    // Tokens of this process.
    [[nodiscard]] uint64_t held() const noexcept { return held_; }

private:
    void release(uint64_t hash) noexcept;

    SourceTable& table_;
    uint32_t column_;
    uint64_t held_ = 0;
};

}  // namespace seki::net
