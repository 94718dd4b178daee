#include "observe/histogram.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "base/random.h"

namespace seki::observe {
namespace {

using std::chrono::microseconds;

template <typename T>
struct HistogramTest : testing::Test {};
using Both = testing::Types<FineHistogram, CoarseHistogram>;
TYPED_TEST_SUITE(HistogramTest, Both);

TYPED_TEST(HistogramTest, every_value_lies_within_its_step_and_steps_join_without_gap) {
    TypeParam histogram;
    uint64_t lower = 0;
    for (size_t step = 0; step < histogram.steps(); ++step) {
        const uint64_t upper = histogram.upper_us(step);
        EXPECT_EQ(TypeParam::step_of(lower), step);
        EXPECT_EQ(TypeParam::step_of(upper), step);
        EXPECT_LE(upper - lower, lower / TypeParam::per_power);
        lower = upper + 1;
    }
    EXPECT_EQ(TypeParam::step_of(lower), histogram.steps() - 1);
    EXPECT_EQ(TypeParam::step_of(UINT64_MAX), histogram.steps() - 1);
}

TYPED_TEST(HistogramTest, percentiles_are_at_most_one_step_above_the_true_ones) {
    TypeParam histogram;
    Random random(7);
    std::vector<uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        const uint64_t value = random.next() >> (30 + random.below(34));
        values.push_back(value);
        histogram.record(microseconds(value));
    }
    std::ranges::sort(values);
    for (const double share : {0.5, 0.9, 0.99, 0.999}) {
        const uint64_t exact = values[static_cast<size_t>(share * static_cast<double>(values.size())) - 1];
        const uint64_t shown = histogram.percentile_us(share);
        EXPECT_GE(shown, exact) << share;
        EXPECT_LE(shown, exact + exact / TypeParam::per_power) << share;
    }
    EXPECT_EQ(histogram.percentile_us(1.0), values.back());
    EXPECT_EQ(histogram.max_us(), values.back());
    EXPECT_EQ(histogram.samples(), values.size());
}

TYPED_TEST(HistogramTest, one_sample_is_every_percentile) {
    TypeParam histogram;
    histogram.record(microseconds(123'457));
    EXPECT_EQ(histogram.percentile_us(0.5), 123'457U);
    EXPECT_EQ(histogram.percentile_us(0.999), 123'457U);
    EXPECT_EQ(histogram.sum_us(), 123'457U);
}

TYPED_TEST(HistogramTest, nothing_recorded_is_zero_and_a_clock_that_ran_backwards_too) {
    TypeParam histogram;
    EXPECT_EQ(histogram.percentile_us(0.99), 0U);
    histogram.record(microseconds(-5));
    EXPECT_EQ(histogram.samples(), 1U);
    EXPECT_EQ(histogram.percentile_us(0.99), 0U);
    histogram.record(microseconds(1));
    histogram.clear();
    EXPECT_EQ(histogram.samples(), 0U);
}

}  // namespace
}  // namespace seki::observe
