#pragma once

// An answer that Seki gives itself, as long as it is only known which one and why: a refusal, a redirect, an error.
// answers.h makes a message of it.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "http/answer_template.h"

namespace seki::proxy {

struct Reply {
    uint16_t status = 0;
    const char* message = nullptr;  // for the log
    std::string_view location{};
    uint32_t retry_after_s = 0;                    // 0: left out
    const http::AnswerTemplate* custom = nullptr;  // goes before those of cluster and listener
    std::optional<Duration> duration{};            // the time that was over
    std::optional<uint64_t> capacity{};            // how many bytes would have been let through
};

}  // namespace seki::proxy
