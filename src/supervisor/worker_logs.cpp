#include "supervisor/worker_logs.h"

#include <signal.h>
#include <utility>

namespace seki::supervisor {
namespace {

constexpr uint32_t first_that_takes_files = 8;  // of SchemaVersion (worker.proto)

}  // namespace

WorkerLogs::WorkerLogs(EventLoop& loop, observe::Log& log, const command::ServerConfig& server,
                       std::function<std::vector<WorkerProcess*>()> workers)
    : loop_(loop), log_(log), workers_(std::move(workers)) {
    add(server.log_target(), &worker::LogFiles::set_log);
    if (server.has_access_logs_target()) add(server.access_logs_target(), &worker::LogFiles::set_access_log);
}

void WorkerLogs::add(const std::string& target, SetNamed name) {
    auto parsed = observe::LogTarget::parse(target);
    if (parsed && parsed->is_file()) wanted_.push_back({std::move(*parsed), name});
}

Result<> WorkerLogs::open(worker::LogFiles& named, std::vector<UniqueFd>& fds) const {
    Result<> outcome;
    for (const Wanted& wanted : wanted_) {
        auto file = wanted.file.open_for_another();
        if (!file) {
            outcome = std::unexpected(file.error());
            continue;
        }
        (named.*wanted.name)(true);
        fds.push_back(std::move(*file));
    }
    return outcome;
}

std::vector<UniqueFd> WorkerLogs::open(worker::LogFiles& named) {
    std::vector<UniqueFd> fds;
    if (auto opened = open(named, fds); !opened) {
        if (!armed())
            log_.error(observe::Module::supervisor, "{}; workers get it as soon as it can be", opened.error().message);
        try_again();
    }
    return fds;
}

void WorkerLogs::reopen() {
    for (WorkerProcess* worker : workers_()) send(*worker);
}

// One that hangs is nobody's reason to wait.
void WorkerLogs::send(WorkerProcess& worker) {
    if (worker.schema_version < first_that_takes_files) return worker.signal(SIGHUP);
    worker::Order order;
    std::vector<UniqueFd> fds = open(*order.mutable_log_files());
    worker.order(order, WorkerProcess::Patience::question, nullptr, std::move(fds));
}

void WorkerLogs::on_timer() {
    worker::LogFiles named;
    std::vector<UniqueFd> fds;
    if (!open(named, fds)) return try_again();
    reopen();
}

}  // namespace seki::supervisor
