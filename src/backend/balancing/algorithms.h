#pragma once

// The algorithms that there are, by the names that the schema has for them, and what an operator chooses among them.

#include <memory>
#include <span>
#include <string_view>

#include "backend/balancing/balancing.h"
#include "backend/balancing/load.h"

namespace seki::backend {

struct Algorithm {
    std::string_view name;  // of LoadBalancingAlgorithms
    std::unique_ptr<Balancing> (*make)(LoadMetric metric);
};

// The first is the schema's default.
[[nodiscard]] std::span<const Algorithm> algorithms() noexcept;
// Null when there is none of this name.
[[nodiscard]] const Algorithm* find_algorithm(std::string_view name) noexcept;

struct BalancingChoice {
    const Algorithm* algorithm = &algorithms().front();
    LoadMetric metric = LoadMetric::connections;

    bool operator==(const BalancingChoice&) const = default;
};

}  // namespace seki::backend
