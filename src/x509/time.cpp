#include "x509/time.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace seki::x509 {

std::optional<int64_t> unix_seconds(const DerReader::Element& time) noexcept {
    const bool short_year = time.tag == tag::utc_time;
    if (!short_year && time.tag != tag::generalized_time) return {};
    const size_t year_size = short_year ? 2 : 4;
    const std::string_view text = time.content;
    constexpr size_t rest_size = 11;  // MMDDHHMMSSZ
    if (text.size() != year_size + rest_size || text.back() != 'Z') return {};
    const std::string_view digits = text.substr(0, text.size() - 1);
    if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return {};

    const auto number = [&](size_t at, size_t size) {
        int value = 0;
        for (const char c : digits.substr(at, size)) value = value * 10 + (c - '0');
        return value;
    };
    int year = number(0, year_size);
    if (short_year) year += year < 50 ? 2000 : 1900;
    const auto part = [&](size_t index) { return number(year_size + 2 * index, 2); };
    const std::chrono::year_month_day day{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(part(0))),
                                          std::chrono::day(static_cast<unsigned>(part(1)))};
    if (!day.ok() || part(2) > 23 || part(3) > 59 || part(4) > 59) return {};
    const std::chrono::sys_seconds at = std::chrono::sys_days(day) + std::chrono::hours(part(2)) +
                                        std::chrono::minutes(part(3)) + std::chrono::seconds(part(4));
    return at.time_since_epoch().count();
}

std::string time_text(int64_t unix_seconds) {
    const std::chrono::sys_seconds at{std::chrono::seconds(unix_seconds)};
    const auto days = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day day(days);
    const std::chrono::hh_mm_ss clock(at - days);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(day.year()),
                       static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

}  // namespace seki::x509
