#pragma once

// How long connecting to a backend took of late: rises to a longer time at once, comes down by an eighth of the
// difference each time ("peak EWMA"). So a backend that has become slow is spared at once, and forgiven by and by.

#include "base/clock.h"

namespace seki::backend {

class ConnectTime {
public:
    void record(Duration took) noexcept { average_ = took >= average_ ? took : average_ - (average_ - took) / 8; }
    [[nodiscard]] Duration average() const noexcept { return average_; }

private:
    Duration average_{};
};

}  // namespace seki::backend
