#pragma once

// What the command line wants to know of a configuration file: where the server listens and how to talk with it. Only
// these keys are read, so that a mistake in a cluster's table does not keep the operator from the server that runs.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "ctl/client.h"

namespace seki::ctl {

struct Settings {
    std::string socket_path;
    size_t max_frame_bytes = 2'000'000;     // max_command_buffer_size
    Timeout timeout = Milliseconds(1'000);  // ctl_command_timeout

    // Seconds; defaults of the listeners that are added.
    std::optional<uint32_t> front_timeout;
    std::optional<uint32_t> back_timeout;
    std::optional<uint32_t> connect_timeout;
    std::optional<uint32_t> request_timeout;
};

Result<Settings> load_settings(const std::string& config_path);

// A listener that is about to be added takes the configuration's timeouts where the command line named none.
void inherit_timeouts(command::Request& request, const Settings& settings);

}  // namespace seki::ctl
