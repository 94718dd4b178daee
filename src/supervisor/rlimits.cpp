#include "supervisor/rlimits.h"

#include <algorithm>
#include <cerrno>
#include <sys/resource.h>

#include "net/pipe_pool.h"
#include "supervisor/command_server.h"

namespace seki::supervisor {
namespace {

constexpr uint64_t reserve = 384;         // logs, epoll, signals, channels, clients of the command socket
constexpr uint64_t spare_listeners = 32;  // added while it runs

// A pipe is two descriptors.
uint64_t pipe_descriptors(uint64_t max_connections) {
    return 2 * uint64_t{net::PipePool::limit_for(static_cast<uint32_t>(max_connections))};
}

}  // namespace

DescriptorNeed descriptor_need(const command::ServerConfig& config, uint32_t worker_count, size_t listeners) {
    const uint64_t clients = config.max_connections();
    // A worker may hold all sockets of all listeners when it is the only one left, and so does the supervisor.
    const uint64_t sockets = (listeners + spare_listeners) * worker_count;
    const uint64_t processes = 2 * uint64_t{worker_count};
    const uint64_t fixed = pipe_descriptors(clients) + sockets + processes + reserve;
    // It has no clients, but a copy of each socket while the worker that it is for has not taken it yet.
    const uint64_t supervisor = 2 * sockets + processes + reserve;
    // Command clients that find no descriptor wait until there is one.
    constexpr uint64_t command_clients = CommandServer::max_sessions + CommandServer::reserved_sessions;
    return {
        .wanted = std::max(2 * clients + config.backend_idle_connections_total() + fixed, supervisor + command_clients),
        .minimum = std::max(clients + clients / 2 + fixed, supervisor)};
}

Result<uint64_t> choose_limit(const DescriptorNeed& need, const NofileLimit& limit, uint64_t max_connections) {
    if (limit.hard < need.minimum) {
        return failure(
            "max_connections = {} needs at least {} descriptors, and the hard limit is {}: raise it (ulimit -Hn, "
            "LimitNOFILE) or lower max_connections",
            max_connections, need.minimum, limit.hard);
    }
    return std::max(limit.soft, std::min(need.wanted, limit.hard));
}

Result<uint64_t> raise_descriptor_limit(const DescriptorNeed& need, uint64_t max_connections) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return failure("getrlimit: {}", system_error(errno));
    if (limit.rlim_max < need.wanted) {
        // With the privilege for it (CAP_SYS_RESOURCE) the hard limit rises too.
        const rlimit more{.rlim_cur = need.wanted, .rlim_max = need.wanted};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0) return need.wanted;
    }
    const auto chosen = choose_limit(need, {limit.rlim_cur, limit.rlim_max}, max_connections);
    if (!chosen || *chosen == limit.rlim_cur) return chosen;
    limit.rlim_cur = *chosen;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return failure("cannot raise the limit of descriptors to {}: {}", *chosen, system_error(errno));
    }
    return chosen;
}

}  // namespace seki::supervisor
