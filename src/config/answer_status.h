#pragma once

// Answers of the operator's own are filed under the status that they answer with, which must be one that Seki answers
// with by itself. What such an answer is made of: http/answer_template.h.

#include <cstdint>
#include <optional>
#include <string_view>

#include "command.pb.h"

namespace seki::config {

// The status that a key of `answers` names ("404"); nothing for those that Seki never answers with by itself.
std::optional<uint16_t> answer_status(std::string_view key);

// What a frontend of this policy answers with by itself, where it does: FORWARD for a cluster that redirects to HTTPS.
[[nodiscard]] uint16_t redirect_status(command::RedirectPolicy policy) noexcept;

}  // namespace seki::config
