#include "supervisor/start.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "config/toml_file.h"
#include "event/signals.h"
#include "observe/log.h"
#include "observe/log_sink.h"
#include "supervisor/launcher.h"
#include "supervisor/rlimits.h"
#include "supervisor/supervisor.h"

namespace seki::supervisor {
namespace {

using observe::Module;

// Names the supervisor while it lives.
class PidFile {
public:
    static Result<PidFile> write(const std::string& path) {
        const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (!fd.valid()) return failure("{}: cannot write the pid file: {}", path, system_error(errno));
        const std::string text = std::to_string(::getpid());
        if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            return failure("{}: cannot write the pid file: {}", path, system_error(errno));
        }
        return PidFile(path);
    }
    PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    PidFile& operator=(PidFile&&) = delete;
    ~PidFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }

private:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

Supervisor::Settings settings_of(const config::FileConfig& file) {
    Supervisor::Settings settings;
    settings.workers.server = file.server;
    settings.workers.count = file.worker_count;
    settings.workers.automatic_restart = file.worker_automatic_restart;
    settings.workers.answer_timeout = std::chrono::seconds(file.worker_timeout_s);
    settings.command.path = file.command_socket;
    settings.command.max_frame_bytes = file.server.max_command_buffer_size();
    settings.command.allowed_uids = file.command_allowed_uids;
    return settings;
}

size_t listeners_of(const config::FileConfig& file) {
    return static_cast<size_t>(std::ranges::count_if(file.changes, [](const CheckedChange& change) {
        return change->request_type_case() == command::Request::kActivateListener;
    }));
}

class Run {
public:
    explicit Run(config::FileConfig file) : file_(std::move(file)), loop_(clock_, poller_) {}

    Result<> begin() {
        ignore_broken_pipes();
        install_crash_handlers("MAIN");
        if (auto opened = open_log(); !opened) return opened;
        if (auto raised = raise_limit(); !raised) return raised;
        auto signals = Signals::watch(loop_, {SIGTERM, SIGINT, SIGHUP}, [this](int number) { on_signal(number); });
        if (!signals) return std::unexpected(signals.error());
        signals_ = std::move(*signals);
        supervisor_ = std::make_unique<Supervisor>(loop_, *log_, launcher_, settings_of(file_));
        if (auto started = supervisor_->start(file_.changes); !started) return started;
        return write_pid_file();
    }

    void run() { loop_.run(); }

    ~Run() {
        pid_file_.reset();
        supervisor_.reset();
    }

private:
    Result<> open_log() {
        auto sink = observe::LogSink::open(file_.server.log_target(), head_);
        if (!sink) return std::unexpected(sink.error());
        sink_ = std::move(*sink);
        log_.emplace(*sink_, head_, clock_);
        log_->set_coloured(file_.server.log_colored());
        if (auto set = log_->set_filter(file_.server.log_level()); !set) return set;
        loop_.at_end_of_turn([this] { sink_->flush(loop_.wall()); });
        for (const config::Remark& warning : file_.warnings) log_->warn(Module::config, "{}", warning.text());
        return {};
    }

    Result<> raise_limit() {
        const uint64_t clients = file_.server.max_connections();
        const DescriptorNeed need = descriptor_need(file_.server, file_.worker_count, listeners_of(file_));
        const auto limit = raise_descriptor_limit(need, clients);
        if (!limit) return std::unexpected(limit.error());
        if (*limit < need.wanted) {
            log_->warn(
                Module::supervisor,
                "the limit of descriptors is {}; {} would let all of max_connections = {} have a backend at once",
                *limit, need.wanted, clients);
        }
        return {};
    }

    Result<> write_pid_file() {
        if (!file_.pid_file_path) return {};
        auto written = PidFile::write(*file_.pid_file_path);
        if (!written) return std::unexpected(written.error());
        pid_file_.emplace(std::move(*written));
        return {};
    }

    void on_signal(int number) {
        if (number != SIGHUP) return supervisor_->stop(supervisor_->stopping());
        if (auto reopened = sink_->reopen(loop_.wall()); !reopened) {
            log_->error(Module::supervisor, "{}", reopened.error().message);
        }
        supervisor_->signal_workers(SIGHUP);
    }

    config::FileConfig file_;
    SystemClock clock_;
    EpollPoller poller_;
    EventLoop loop_;
    observe::LineHead head_{"MAIN"};
    std::unique_ptr<observe::LogSink> sink_;
    std::optional<observe::Log> log_;
    ProcessLauncher launcher_;
    std::unique_ptr<Signals> signals_;
    std::unique_ptr<Supervisor> supervisor_;
    std::optional<PidFile> pid_file_;
};

int refuse(const std::string& reason) {
    fmt::print(stderr, "seki: cannot start: {}\n", reason);
    return 1;
}

}  // namespace

std::vector<config::Remark> check_config(const std::string& config_path) {
    auto file = config::load(config_path);
    return file ? std::move(file->warnings) : std::move(file.error());
}

int supervisor_main(const Options& options) {
    auto file = config::load(options.config_path);
    if (!file) return refuse(fmt::format("the configuration is not valid:\n{}", config::text(file.error())));
    Run run(std::move(*file));
    if (auto begun = run.begin(); !begun) return refuse(begun.error().message);
    run.run();
    return 0;
}

}  // namespace seki::supervisor
