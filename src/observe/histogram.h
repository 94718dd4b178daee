#pragma once

// How often a time was how long, in a table of fixed size: each power of two is divided into `2^precision` equal steps,
// so a value is known to one part in that many, however large it is. Recording is a few instructions and touches two
// cache lines.
//
// The unit is the microsecond. The last step holds everything from 2^36 µs (19 hours) on; the largest value is kept as
// it is.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/clock.h"

namespace seki::observe {

// What reports read, whatever the precision.
class HistogramView {
public:
    virtual ~HistogramView() = default;
    [[nodiscard]] virtual uint64_t samples() const noexcept = 0;
    [[nodiscard]] virtual uint64_t sum_us() const noexcept = 0;
    [[nodiscard]] virtual uint64_t max_us() const noexcept = 0;
    [[nodiscard]] virtual size_t steps() const noexcept = 0;
    [[nodiscard]] virtual uint64_t count_of(size_t step) const noexcept = 0;
    // The largest value that a step takes.
    [[nodiscard]] virtual uint64_t upper_us(size_t step) const noexcept = 0;

    // The least value that at least `share` of the samples do not exceed (at most one step above the true one); 0
    // without samples.
    [[nodiscard]] uint64_t percentile_us(double share) const noexcept {
        const uint64_t all = samples();
        if (all == 0) return 0;
        const auto wanted = std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(all) * share + 0.999'999));
        uint64_t seen = 0;
        for (size_t step = 0; step < steps(); ++step) {
            seen += count_of(step);
            if (seen >= wanted) return std::min(upper_us(step), max_us());
        }
        return max_us();
    }
};

template <unsigned precision, typename Cell>
class Histogram final : public HistogramView {
public:
    static constexpr unsigned highest_bit = 36;
    static constexpr size_t per_power = size_t{1} << precision;
    static constexpr size_t step_count = per_power * (highest_bit - precision + 1);

    void record(Duration time) noexcept {
        const auto us = static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)) / 1000;
        Cell& cell = cells_[step_of(us)];
        if (cell != static_cast<Cell>(-1)) ++cell;
        sum_ += us;
        if (us > max_) max_ = us;
    }
    // For a copy that follows another one. Differences of cells are taken modulo the size of a cell.
    [[nodiscard]] uint64_t ahead_of(const Histogram& other, size_t step) const noexcept {
        return static_cast<Cell>(cells_[step] - other.cells_[step]);
    }
    void add(size_t step, uint64_t count) noexcept { cells_[step] += static_cast<Cell>(count); }
    void subtract(const Histogram& other) noexcept {
        for (size_t step = 0; step < step_count; ++step) cells_[step] -= other.cells_[step];
    }
    void clear() noexcept {
        cells_.fill(0);
        sum_ = max_ = 0;
    }

    [[nodiscard]] uint64_t samples() const noexcept override {
        uint64_t all = 0;
        for (const Cell cell : cells_) all += cell;
        return all;
    }
    [[nodiscard]] uint64_t sum_us() const noexcept override { return sum_; }
    [[nodiscard]] uint64_t max_us() const noexcept override { return max_; }
    [[nodiscard]] size_t steps() const noexcept override { return step_count; }
    [[nodiscard]] uint64_t count_of(size_t step) const noexcept override { return cells_[step]; }
    [[nodiscard]] uint64_t upper_us(size_t step) const noexcept override {
        if (step < per_power) return step;
        const size_t power = step / per_power - 1;  // of two, by which the value was divided
        const uint64_t lower = (per_power + step % per_power) << power;
        return lower + (uint64_t{1} << power) - 1;
    }

    // Values below 2^precision have a step each. Above, the step is the value's highest bits, 1 + precision of them.
    static constexpr size_t step_of(uint64_t us) noexcept {
        if (us < per_power) return us;
        const auto highest = static_cast<unsigned>(std::bit_width(us)) - 1;
        if (highest >= highest_bit) return step_count - 1;
        const unsigned power = highest - precision;
        return (static_cast<size_t>(power) + 1) * per_power + static_cast<size_t>((us >> power) - per_power);
    }

private:
    uint64_t sum_ = 0;
    uint64_t max_ = 0;
    std::array<Cell, step_count> cells_{};
};

// Of the process: 3 %. Of a cluster or a backend, of which there may be thousands: 12 %, and counting stops at 4
// billion.
using FineHistogram = Histogram<5, uint64_t>;
using CoarseHistogram = Histogram<3, uint32_t>;

}  // namespace seki::observe
