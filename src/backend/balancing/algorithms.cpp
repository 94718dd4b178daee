#include "backend/balancing/algorithms.h"

#include <algorithm>
#include <type_traits>

#include "backend/balancing/least_loaded.h"
#include "backend/balancing/power_of_two.h"
#include "backend/balancing/round_robin.h"
#include "backend/balancing/weighted_random.h"

namespace seki::backend {

namespace {

// Only some go by the load.
template <typename Made>
std::unique_ptr<Balancing> make(LoadMetric metric) {
    if constexpr (std::is_constructible_v<Made, LoadMetric>)
        return std::make_unique<Made>(metric);
    else
        return std::make_unique<Made>();
}

constexpr Algorithm all[] = {
    {"ROUND_ROBIN", make<RoundRobin>},
    {"RANDOM", make<WeightedRandom>},
    {"LEAST_LOADED", make<LeastLoaded>},
    {"POWER_OF_TWO", make<PowerOfTwo>},
};

}  // namespace

std::span<const Algorithm> algorithms() noexcept { return all; }

const Algorithm* find_algorithm(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(all, name, &Algorithm::name);
    return found != std::end(all) ? found : nullptr;
}

}  // namespace seki::backend
