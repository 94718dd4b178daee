#pragma once

// How many interim answers (1xx) a backend may give to one request. A request that takes long has many of them (RFC
// 4918 §10.1, "102 Processing"; progress of uploads), so it is not their number but their pace that tells a flood: a
// bucket of tokens, which some at once may take and which fills by time (GCRA). Each costs the same and its bytes
// besides.

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace seki::proxy {

class InterimPace {
public:
    static constexpr Duration each = std::chrono::milliseconds(20);       // 50 in a second
    static constexpr Duration each_byte = std::chrono::microseconds(15);  // 65 KiB in a second
    static constexpr Duration at_once = std::chrono::milliseconds(1500);  // some 70 of them

    // False when this one comes too soon. One that is long by itself is let in when none came before.
    [[nodiscard]] bool take(Monotonic now, uint64_t bytes) noexcept {
        if (paid_until_ > now + at_once) return false;
        paid_until_ = std::max(paid_until_, now) + each + each_byte * static_cast<int64_t>(bytes);
        return true;
    }

private:
    Monotonic paid_until_{};
};

}  // namespace seki::proxy
