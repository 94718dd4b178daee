#pragma once

// Whether a backend keeps the connections that it says it keeps, as one worker has learnt it. Some end each one after
// its answer and do not say so: a request that is given such a connection is lost, and has to be sent again by whoever
// may.
//
//     unknown ◄─► keeps     one served again, or was still there a while after its answer
//        ▲
//        └──► ends them     several in a row did not: none is put into the pool for a while, then one more is a try

#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace seki::backend {

class KeepAlive {
public:
    // An end that comes so soon after the first answer was meant to come with it.
    static constexpr Duration soon = std::chrono::seconds(1);
    static constexpr uint32_t enough = 3;
    static constexpr Duration rest = std::chrono::seconds(60);

    void kept() noexcept {
        keeps_ = true;
        told_ = false;
        ended_ = 0;
        until_ = {};
    }
    // A connection ended that had given one answer. True when this is what shows how the backend is. Connections that
    // end in one turn end together: the backend goes, which says nothing of how it keeps them.
    bool ended(Monotonic now) noexcept {
        keeps_ = false;
        if (std::exchange(last_end_, now) == now || ++ended_ < enough) return false;
        ended_ = enough - 1;
        until_ = now + rest;
        const bool news = !told_;
        told_ = true;
        return news;
    }
    // It was seen to keep them, and nothing has spoken against it since.
    [[nodiscard]] bool proven() const noexcept { return keeps_; }
    [[nodiscard]] bool worthwhile(Monotonic now) const noexcept { return now >= until_; }

private:
    bool keeps_ = false;
    bool told_ = false;
    uint32_t ended_ = 0;
    Monotonic until_{};
    std::optional<Monotonic> last_end_;
};

}  // namespace seki::backend
