#include "net/source_rates.h"

#include <algorithm>
#include <atomic>

namespace seki::net {

static_assert(std::atomic_ref<uint64_t>::is_always_lock_free, "a lock would be of one process only");

namespace {

constexpr uint64_t second = 1'000'000'000;

void move_on(uint64_t& arrival, uint64_t now, uint64_t by) noexcept {
    const std::atomic_ref time(arrival);
    uint64_t before = time.load();
    while (!time.compare_exchange_weak(before, std::max(before, now) + by)) {
    }
}

Duration as_duration(uint64_t ns) noexcept { return Duration(static_cast<Duration::rep>(ns)); }

}  // namespace

Duration SourceRates::take(uint64_t hash, const SourceRate& rate, Monotonic now_) noexcept {
    const auto now = static_cast<uint64_t>(now_.time_since_epoch().count());
    const uint64_t interval = std::max<uint64_t>(second / rate.per_second, 1);
    const uint64_t latest = now + std::max(rate.burst, 1U) * interval;
    const uint64_t taken = full_at(hash, now) + interval;
    if (taken > latest) return as_duration(taken - latest);
    for (uint32_t row = 0; row < SourceTable::rows; ++row) move_on(table_.arrival(row, hash), now, interval);
    const uint64_t after = full_at(hash, now);
    return after > latest ? as_duration(after - latest) : Duration::zero();
}

uint64_t SourceRates::full_at(uint64_t hash, uint64_t now) const noexcept {
    uint64_t earliest = UINT64_MAX;
    for (uint32_t row = 0; row < SourceTable::rows; ++row)
        earliest = std::min(earliest, std::atomic_ref(table_.arrival(row, hash)).load());
    return std::max(earliest, now);
}

}  // namespace seki::net
