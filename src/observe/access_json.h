#pragma once

// The access log as JSON: an object on each line, its names those of OpenTelemetry's semantic conventions where they
// have one, else with "seki." in front. What is absent is left out.

#include <string_view>

#include "observe/access_log.h"
#include "observe/line.h"

namespace seki::observe {

// `time`: RFC 3339. `tag`: of the process.
void write_json(LineWriter& line, const AccessLine& access, std::string_view time, std::string_view tag) noexcept;

}  // namespace seki::observe
