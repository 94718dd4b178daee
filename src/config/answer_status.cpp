#include "config/answer_status.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace seki::config {
namespace {

constexpr std::array<uint16_t, 21> statuses{301, 302, 307, 308, 400, 401, 404, 405, 408, 413, 414,
                                            421, 429, 431, 500, 501, 502, 503, 504, 505, 507};

}  // namespace

std::optional<uint16_t> answer_status(std::string_view key) {
    uint16_t status = 0;
    const char* const end = key.data() + key.size();
    const auto [stop, error] = std::from_chars(key.data(), end, status);
    const bool known =
        error == std::errc() && stop == end && key.size() == 3 && std::ranges::find(statuses, status) != statuses.end();
    return known ? std::optional(status) : std::nullopt;
}

uint16_t redirect_status(command::RedirectPolicy policy) noexcept {
    switch (policy) {
        case command::UNAUTHORIZED:
            return 401;
        case command::FOUND:
            return 302;
        case command::TEMPORARY_REDIRECT:
            return 307;
        case command::PERMANENT_REDIRECT:
            return 308;
        case command::FORWARD:
        case command::PERMANENT:
        case command::SILENT_CLOSE:
            break;
    }
    return 301;
}

}  // namespace seki::config
