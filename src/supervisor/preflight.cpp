#include "supervisor/preflight.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "config/convert.h"
#include "event/event_loop.h"
#include "supervisor/command_server.h"
#include "supervisor/lifelines.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/rlimits.h"
#include "supervisor/ticket_secret.h"

namespace seki::supervisor {

namespace {

constexpr uint64_t spare_watches = 4096;  // listening sockets, the channel, signals
constexpr std::string_view file_scheme = "file://";

Result<> may(const std::filesystem::path& path, int access) {
    // As the effective user, who is the one that will open it.
    if (::faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0) return {};
    return failure("{}: {}", path.string(), system_error(errno));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

// Whether the file can be made, or written to where it exists.
Result<> may_write(const std::filesystem::path& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) return may(folder_of(path), W_OK | X_OK);
    if (S_ISDIR(about.st_mode)) return failure("{}: {}", path.string(), system_error(EISDIR));
    return may(path, W_OK);
}

// Sockets may come later.
Result<> may_log_to(std::string_view target) {
    if (target.starts_with(file_scheme)) return may_write(target.substr(file_scheme.size()));
    return {};
}

Result<> may_read_ticket_secret(const std::string& path) {
    auto secret = read_ticket_secret(path);
    return secret ? Result<>() : std::unexpected(secret.error());
}

// It is read where it is there, and when it is saved by itself another file takes its place.
Result<> may_keep_state(const std::string& path, bool saves) {
    if (::access(path.c_str(), F_OK) == 0) {
        if (auto readable = may(path, R_OK); !readable) return readable;
    }
    return saves ? may(folder_of(path), W_OK | X_OK) : Result<>();
}

// Workers are this program once more, begun by whoever we have become.
Result<> may_begin_workers() {
    if (::faccessat(AT_FDCWD, "/proc/self/exe", X_OK, AT_EACCESS) == 0) return {};
    return failure("workers cannot begin: the executable: {}", system_error(errno));
}

class Obstacles {
public:
    void note(std::string_view key, const Result<>& result, bool passing = false) {
        if (!result) found_.push_back({std::string(key), result.error().message, passing});
    }
    std::vector<Obstacle> take() { return std::move(found_); }

private:
    std::vector<Obstacle> found_;
};

void look_at_files(const config::FileConfig& file, Obstacles& obstacles) {
    obstacles.note("log_target", may_log_to(file.server.log_target()));
    if (file.server.has_access_logs_target())
        obstacles.note("access_logs_target", may_log_to(file.server.access_logs_target()));
    if (file.server.has_audit_logs_target())
        obstacles.note("audit_logs_target", may_log_to(file.server.audit_logs_target()));
    if (file.server.has_audit_logs_json_target())
        obstacles.note("audit_logs_json_target", may_log_to(file.server.audit_logs_json_target()));
    if (file.pid_file_path) obstacles.note("pid_file_path", may_write(*file.pid_file_path));
    if (file.saved_state) obstacles.note("saved_state", may_keep_state(*file.saved_state, file.automatic_state_save));
    if (const std::string& secret = file.server.tls_ticket_secret_file(); !secret.empty())
        obstacles.note("tls_ticket_secret_file", may_read_ticket_secret(secret));
    obstacles.note("command_socket", may(folder_of(file.command_socket), W_OK | X_OK));
}

void look_at_addresses(const config::FileConfig& file, Obstacles& obstacles) {
    // Without a supervisor there may be workers of one, who give their sockets to the next.
    const bool running = CommandServer::is_answered(file.command_socket) || Lifelines(file.command_socket).any();
    for (const auto& change : file.changes) {
        if (!change->has_activate_listener()) continue;
        const SocketAddress address = config::checked_address(change->activate_listener().address());
        const auto free = ListeningSockets::probe(address, change->activate_listener().interface());
        if (free || (running && free.error().in_use)) continue;
        obstacles.note("listeners", failure("{}: {}", address.text(), free.error().message), free.error().in_use);
    }
}

void look_at_limits(const config::FileConfig& file, Obstacles& obstacles) {
    const DescriptorNeed need = descriptor_need(file.server, file.worker_count, listeners_of(file));
    const auto limit = raise_descriptor_limit(need, file.server.max_connections());
    if (!limit) obstacles.note("RLIMIT_NOFILE", std::unexpected(limit.error()));
    // Every client of a worker, as many connections to backends, and idle ones.
    const uint64_t watched = 2 * file.server.max_connections() + file.server.backend_idle_connections_total();
    if (watched + spare_watches > EventLoop::max_watches) {
        obstacles.note("max_connections",
                       failure("{} clients and their backends are more than the {} connections that a "
                               "worker can watch; start more workers",
                               file.server.max_connections(), EventLoop::max_watches));
    }
}

}  // namespace

size_t listeners_of(const config::FileConfig& file) {
    return static_cast<size_t>(
        std::ranges::count_if(file.changes, [](const auto& change) { return change->has_activate_listener(); }));
}

std::vector<Obstacle> obstacles(const config::FileConfig& file) {
    Obstacles found;
    if (file.user) found.note("user", may_begin_workers());
    look_at_limits(file, found);
    look_at_files(file, found);
    look_at_addresses(file, found);
    return found.take();
}

}  // namespace seki::supervisor
