#include "net/source_counts.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"

namespace seki::net {

static_assert(std::atomic_ref<uint32_t>::is_always_lock_free, "a lock would be of one process only");

SourceCounts::SourceCounts(SourceTable& table, uint32_t column) : table_(table), column_(column) {
    SEKI_CHECK(column < table.columns());
}

SourceCounts::~SourceCounts() { SEKI_CHECK(held_ == 0); }

// All adding and looking is sequentially consistent: whoever's last addition comes last in that order sees all others.
SourceCounts::Token SourceCounts::acquire(uint64_t hash, uint64_t limit) noexcept {
    Token token = admit(hash);
    if (count(hash) > limit) token.reset();
    return token;
}

SourceCounts::Token SourceCounts::admit(uint64_t hash) noexcept {
    for (uint32_t row = 0; row < SourceTable::rows; ++row)
        std::atomic_ref(table_.counts(row, hash)[column_]).fetch_add(1);
    ++held_;
    return {*this, hash};
}

void SourceCounts::release(uint64_t hash) noexcept {
    SEKI_DCHECK(held_ > 0);
    --held_;
    for (uint32_t row = 0; row < SourceTable::rows; ++row)
        std::atomic_ref(table_.counts(row, hash)[column_]).fetch_sub(1);
}

uint64_t SourceCounts::count(uint64_t hash) const noexcept {
    uint64_t least = UINT64_MAX;
    for (uint32_t row = 0; row < SourceTable::rows; ++row) {
        uint64_t sum = 0;
        for (uint32_t& part : table_.counts(row, hash)) sum += std::atomic_ref(part).load();
        least = std::min(least, sum);
    }
    return least;
}

}  // namespace seki::net
