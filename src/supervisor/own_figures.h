#pragma once

// What the supervisor counts of itself, and how much is configured: the part "main" of `metrics get`.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "command/schema.h"
#include "config/state.h"

namespace seki::supervisor {

class OwnFigures {
public:
    using Map = google::protobuf::Map<std::string, command::FilteredMetrics>;

    // `state` outlives it.
    explicit OwnFigures(const config::State& state) noexcept : state_(state) {}

    // Names are ours, never a client's: nothing else bounds how many there are.
    void add(std::string_view name, uint64_t by = 1) { counters_.try_emplace(std::string(name)).first->second += by; }
    // For what is counted elsewhere.
    void set(std::string_view name, uint64_t value) { counters_.insert_or_assign(std::string(name), value); }
    // Counters begin at zero again.
    void clear();
    // Who follows the figures hears that they are about to be cleared.
    std::function<void()> before_clear;

    // Who has gauges of its own adds them.
    std::function<void(Map& figures)> more;

    [[nodiscard]] Map all() const;
    [[nodiscard]] const std::map<std::string, uint64_t, std::less<>>& counters() const noexcept { return counters_; }

private:
    const config::State& state_;
    std::map<std::string, uint64_t, std::less<>> counters_;
};

}  // namespace seki::supervisor
