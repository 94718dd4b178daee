#pragma once

// How one of a cluster's backends is chosen, and what tells a busy one from an idle one. Each worker goes by what it
// sees itself.

#include <cstdint>

#include "base/clock.h"

namespace seki::backend {

enum class Algorithm : uint8_t {
    round_robin,   // in turn
    random,        // by lot
    least_loaded,  // the one with the least load of all
    power_of_two,  // the one with less load of two that are drawn by lot
};

// All of them in proportion to the weight.
enum class LoadMetric : uint8_t {
    connections,      // in use
    requests,         // that run
    connection_time,  // how long it takes to connect, times the requests that run
};

struct Balancing {
    Algorithm algorithm = Algorithm::round_robin;
    LoadMetric metric = LoadMetric::connections;
};

// How long connecting took of late: rises to a longer time at once, comes down by an eighth of the difference each time
// ("peak EWMA"). So a backend that has become slow is spared at once, and forgiven by and by.
class ConnectTime {
public:
    void record(Duration took) noexcept { average_ = took >= average_ ? took : average_ - (average_ - took) / 8; }
    [[nodiscard]] Duration average() const noexcept { return average_; }

private:
    Duration average_{};
};

}  // namespace seki::backend
