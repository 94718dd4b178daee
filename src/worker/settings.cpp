#include "worker/settings.h"

#include <algorithm>

#include "net/pipe_pool.h"

namespace seki::worker {

uint32_t max_sessions(const command::ServerConfig& config) {
    return static_cast<uint32_t>(2 * config.max_connections() + config.backend_idle_connections_total());
}

uint32_t pipe_capacity(const command::ServerConfig& config) {
    return config.has_splice_pipe_capacity_bytes() ? static_cast<uint32_t>(config.splice_pipe_capacity_bytes())
                                                   : net::PipePool::default_capacity;
}

http::HeadLimits request_limits(const command::ServerConfig& config) {
    http::HeadLimits limits;
    limits.max_head_bytes = std::min<uint32_t>(limits.max_head_bytes, static_cast<uint32_t>(config.buffer_size()));
    limits.max_target_bytes = std::min(limits.max_target_bytes, limits.max_head_bytes);
    return limits;
}

proxy::Settings settings(const command::ServerConfig& config) {
    proxy::Settings settings;
    settings.answer_limits.max_head_bytes = static_cast<uint32_t>(config.buffer_size());
    settings.answer_limits.max_fields = http::FieldTable::capacity;
    if (config.basic_auth_max_credential_bytes() > 0)
        settings.max_credential_bytes = config.basic_auth_max_credential_bytes();
    settings.backend_idle_timeout = std::chrono::seconds(config.backend_idle_timeout());
    settings.max_connections_per_source = config.max_connections_per_ip();
    settings.max_connections_per_subnet = config.max_connections_per_subnet();
    settings.subnet_prefix_v4 = static_cast<uint8_t>(config.subnet_ipv4_prefix());
    settings.subnet_prefix_v6 = static_cast<uint8_t>(config.subnet_ipv6_prefix());
    settings.max_connection_attempts = static_cast<uint8_t>(config.max_connection_attempts());
    settings.retry_after_s = config.retry_after();
    return settings;
}

}  // namespace seki::worker
