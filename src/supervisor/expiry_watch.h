#pragma once

// Warns of certificates that end: some days before (config::warned_of_days), as far as they are to be renewed by then,
// and when it has come to that. It looks once in an hour, and says of each what has become true since it looked last;
// what is true already when a certificate comes, the change that brings it says (config/consequences.h). Likewise of
// OCSP responses that have run out. It also has the figures.

#include <cstdint>
#include <functional>
#include <optional>

#include "config/expiry.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/own_figures.h"

namespace seki::supervisor {

class ExpiryWatch final : private Timer {
public:
    static constexpr Duration interval = std::chrono::hours(1);
    static constexpr size_t most_lines = 20;  // at once, for each distance
    // Figures may be so old, where nothing has changed since.
    static constexpr Duration fresh = std::chrono::minutes(1);

    // All outlive it. `version`: of the state.
    ExpiryWatch(EventLoop& loop, const config::State& state, observe::Log& log,
                std::function<uint64_t()> version) noexcept
        : loop_(loop), state_(state), log_(log), version_(std::move(version)) {}
    ExpiryWatch(const ExpiryWatch&) = delete;
    ExpiryWatch& operator=(const ExpiryWatch&) = delete;
    ~ExpiryWatch() override;

    void start();
    // Nothing where there is no certificate.
    void fill(OwnFigures::Map& figures);

private:
    struct Figures {
        config::Expiries found;
        uint64_t version;
        Monotonic made;
    };

    void on_timer() override;
    void tell(int64_t days, int64_t from_s, int64_t until_s);
    void tell_of_ocsp(int64_t from_s);
    [[nodiscard]] int64_t now_s() const noexcept;

    EventLoop& loop_;
    const config::State& state_;
    observe::Log& log_;
    std::function<uint64_t()> version_;
    std::optional<Figures> figures_;
    int64_t looked_at_s_ = 0;
};

}  // namespace seki::supervisor
