#pragma once

// When certificates end: those of frontends and those that listeners have of their own. Times are seconds since 1970.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "config/state.h"

namespace seki::config {

// How long before its end a certificate is to be renewed: 30 days, or where it lasts for less than three times as long,
// when a third of its time is left.
[[nodiscard]] int64_t to_be_renewed_within_s(int64_t not_before_s, int64_t not_after_s);

// The days before its end on which one is warned of; 0: it has come to that.
inline constexpr std::array<int64_t, 5> warned_of_days{30, 14, 7, 1, 0};

struct Expiring {
    SocketAddress address;
    std::string fingerprint;
    std::string name;  // the first that it has, for people
    int64_t not_before_s = 0;
    int64_t not_after_s = 0;
};

// Those that end after `from_s` and not after `until_s`.
void for_each_expiring(const State& state, int64_t from_s, int64_t until_s,
                       const std::function<void(const Expiring&)>& visit);

// Likewise OCSP responses that run out.
void for_each_ocsp_end(const State& state, int64_t from_s, int64_t until_s,
                       const std::function<void(const Expiring&)>& visit);

struct Expiries {
    std::optional<int64_t> first_s;                        // of all ends; nothing when there is no certificate
    std::array<uint64_t, warned_of_days.size()> within{};  // how many end within so many days, or have ended
};
// Walks over all of them.
[[nodiscard]] Expiries expiries(const State& state, int64_t now_s);

}  // namespace seki::config
