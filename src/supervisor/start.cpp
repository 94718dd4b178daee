#include "supervisor/start.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/inherited.h"
#include "base/own_heap.h"
#include "base/print_error.h"
#include "config/toml/file.h"
#include "event/signals.h"
#include "observe/log.h"
#include "observe/log_flusher.h"
#include "observe/log_sink.h"
#include "supervisor/audit_log.h"
#include "supervisor/handover/inheritance.h"
#include "supervisor/launcher.h"
#include "supervisor/pid_file.h"
#include "supervisor/preflight.h"
#include "supervisor/privileges.h"
#include "supervisor/rlimits.h"
#include "supervisor/supervisor.h"

namespace seki::supervisor {
namespace {

using observe::Module;

// Those of nginx and Envoy; logrotate files that people bring along send SIGUSR1.
constexpr std::array stop_signals{SIGTERM, SIGINT, SIGQUIT};
constexpr std::array reopen_signals{SIGHUP, SIGUSR1};

std::vector<int> watched_signals() {
    std::vector<int> numbers = meaningless_signals();
    numbers.insert(numbers.end(), stop_signals.begin(), stop_signals.end());
    numbers.insert(numbers.end(), reopen_signals.begin(), reopen_signals.end());
    return numbers;
}

Supervisor::Settings settings_of(const config::FileConfig& file, const std::string& config_path) {
    Supervisor::Settings settings;
    settings.config_path = config_path;
    settings.may_begin_anew = true;
    settings.file = file;
    settings.workers.server = file.server;
    settings.workers.count = file.worker_count;
    settings.workers.automatic_restart = file.worker_automatic_restart;
    settings.workers.one_processor_each = file.handle_process_affinity;
    settings.workers.json_access_log = file.json_access_log;
    settings.workers.seccomp = file.worker_seccomp;
    settings.workers.landlock = file.worker_landlock;
    settings.workers.orphans_serve = file.orphaned_workers_serve;
    settings.workers.command_socket = file.command_socket;
    settings.workers.answer_timeout = std::chrono::seconds(file.worker_timeout_s);
    settings.soft_stop_limit = std::chrono::seconds(file.shutdown_timeout_s);
    settings.command.path = file.command_socket;
    settings.command.max_frame_bytes = file.server.max_command_buffer_size();
    settings.command.mode = file.command_socket_mode;
    settings.command.allowed_uids = file.command_allowed_uids;
    settings.command.readonly_uids = file.command_readonly_uids;
    if (file.server.has_metrics()) {
        const command::ServerMetricsConfig& metrics = file.server.metrics();
        const auto address = SocketAddress::parse(metrics.address());
        if (address) settings.statsd = {*address, metrics.prefix(), metrics.tagged_metrics(), "MAIN"};
    }
    return settings;
}

// What goes on as it was, whatever the file says.
void go_on_from(const Inheritance& inheritance, Supervisor::Settings& settings) {
    const handover::Handover& left = inheritance.left();
    settings.slots = left.slots();
    settings.workers.command_socket = left.command_socket().path();
    settings.workers.generation = static_cast<uint16_t>(left.workers().generation() + 1);
    settings.workers.first_worker_id = left.workers().next_id();
    if (!inheritance.refused().empty()) {
        settings.workers.server = left.workers().server();
        settings.workers.count = left.workers().worker_count();
        settings.workers.json_access_log = left.workers().json_access_log();
    }
    settings.workers.server.set_log_level(left.log_filter());
    if (inheritance.is_trial()) settings.statsd.reset();
}

class Run {
public:
    Run(config::FileConfig file, Options options)
        : file_(std::move(file)), options_(std::move(options)), loop_(clock_, poller_) {}

    // `left`: by a former supervisor, whose place we take. Null: nobody was there.
    Result<> begin(const Inheritance* left) {
        install_crash_handlers("MAIN");
        if (auto opened = open_log(left); !opened) return opened;
        if (auto raised = raise_limit(); !raised) return raised;
        auto signals = Signals::watch(loop_, watched_signals(), [this](const auto& signal) { on_signal(signal); });
        if (!signals) return std::unexpected(signals.error());
        signals_ = std::move(*signals);
        if (auto opened = open_audit(); !opened) return opened;
        std::vector<CheckedChange> changes = std::exchange(file_.changes, {});
        Supervisor::Settings settings = settings_of(file_, options_.config_path);
        settings.command.audit = audit_.get();
        settings.program = options_.version;
        if (left != nullptr) go_on_from(*left, settings);
        supervisor_ = std::make_unique<Supervisor>(loop_, *log_, launcher_, std::move(settings));
        supervisor_->on_released = [this] { pid_file_.reset(); };
        supervisor_->on_about_to_end = [this] { write_logs_out(); };
        service_manager_ = ServiceManager::from_environment(loop_, *log_);
        supervisor_->service_manager = service_manager_.get();
        if (left != nullptr) return take_over(*left);
        if (auto started = supervisor_->start(std::move(changes)); !started) return started;
        return write_pid_file();
    }

    // For a program that takes our place: "NAME=value" of what was taken out of the environment.
    [[nodiscard]] std::vector<std::string> variables() const {
        return service_manager_ != nullptr ? service_manager_->variables() : std::vector<std::string>{};
    }

    void run() { loop_.run(); }
    // An error when the workers could not begin.
    [[nodiscard]] Result<> outcome() const { return supervisor_->outcome(); }

    ~Run() {
        pid_file_.reset();
        supervisor_.reset();
    }

private:
    // What is only a convenience cannot be a reason to give all of it back.
    Result<> take_over(const Inheritance& left) {
        if (auto taken = supervisor_->take_over(left); !taken || left.is_trial()) return taken;
        if (auto written = write_pid_file(); !written) {
            log_->error(Module::supervisor, "{}", written.error().message);
        }
        return {};
    }

    Result<> open_log(const Inheritance* left) {
        auto sink = observe::LogSink::open(file_.server.log_target(), head_);
        if (!sink) return std::unexpected(sink.error());
        sink_ = std::move(*sink);
        log_.emplace(*sink_, head_, clock_);
        log_->set_coloured(file_.server.log_colored());
        if (auto set = log_->set_filter(log_filter(left)); !set) return set;
        flusher_.add(*sink_);
        flusher_.begin();
        // Who takes over says so when it has (Supervisor::take_over).
        if (left == nullptr)
            log_->info(Module::supervisor, "{} starts with {}", options_.version, options_.config_path);
        for (const config::Diagnostic& warning : file_.warnings) log_->warn(Module::config, "{}", warning.text());
        if (left == nullptr) warn_of_root();
        return {};
    }

    // Without capabilities they are root all the same for who asks by SO_PEERCRED.
    void warn_of_root() {
        if (file_.user || ::geteuid() != 0) return;
        log_->warn(Module::supervisor,
                   "root runs it, and `user` names nobody else: other programs take its workers for root at their "
                   "Unix sockets");
    }

    // A trial has nothing to say but its end.
    [[nodiscard]] std::string log_filter(const Inheritance* left) const {
        if (left == nullptr) return file_.server.log_level();
        return left->is_trial() ? "off" : left->left().log_filter();
    }

    void write_logs_out() {
        for (observe::LogSink* sink : flusher_.sinks()) sink->flush(loop_.wall());
    }

    Result<> open_audit() {
        auto audit = AuditLog::open(
            {file_.server.audit_logs_target(), file_.server.audit_logs_json_target(), file_.command_socket}, head_,
            flusher_);
        if (!audit) return std::unexpected(audit.error());
        audit_ = std::move(*audit);
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

    void on_signal(const ReceivedSignal& signal) {
        const auto is_one_of = [&signal](const auto& numbers) {
            return std::ranges::find(numbers, signal.number) != numbers.end();
        };
        if (is_one_of(stop_signals)) {
            log_->info(Module::supervisor, "{}: it is to stop", signal.text());
            return supervisor_->stop(supervisor_->stopping());
        }
        if (is_one_of(reopen_signals)) return reopen_logs(signal);
        log_->info(Module::supervisor, "{}: this signal means nothing here", signal.text());
    }

    void reopen_logs(const ReceivedSignal& signal) {
        if (auto reopened = flusher_.reopen(); !reopened) {
            log_->error(Module::supervisor, "{}", reopened.error().message);
        }
        supervisor_->reopen_logs_of_workers();
        log_->info(Module::supervisor, "{}: logs are opened again", signal.text());
    }

    config::FileConfig file_;
    Options options_;
    SystemClock clock_;
    EpollPoller poller_;
    EventLoop loop_;
    observe::LogFlusher flusher_{loop_};
    observe::LineHead head_{"MAIN"};
    std::unique_ptr<observe::LogSink> sink_;
    std::optional<observe::Log> log_;
    std::unique_ptr<AuditLog> audit_;  // null: none is wanted
    ProcessLauncher launcher_;
    std::unique_ptr<Signals> signals_;
    std::unique_ptr<ServiceManager> service_manager_;  // null: there is none
    std::unique_ptr<Supervisor> supervisor_;
    std::optional<PidFile> pid_file_;
};

int refuse(const std::string& reason) {
    print_error(fmt::format("seki: cannot start: {}", reason));
    return 1;
}

// Who cannot take over gives back, while all that it has taken is still open; a trial only says why, and who has it
// back already has nobody to give it to. Nobody is killed then: workers serve on, and the next start adopts them.
int give_back(const Inheritance& left, const std::string& reason, const std::vector<std::string>& variables) {
    if (left.is_trial()) {
        print_error(reason);
        return 1;
    }
    const bool is_former = !left.refused().empty();
    const std::string why = is_former ? "it was given back" : left.give_back(reason, variables).message;
    print_error(fmt::format("seki: cannot take over: {}; nor give back: {}", reason, why));
    ::_exit(1);
}

}  // namespace

std::vector<config::Diagnostic> check_config(const std::string& config_path) {
    auto file = config::load(config_path);
    if (!file) return std::move(file.error());
    std::vector<config::Diagnostic> diagnostics = std::move(file->warnings);
    // Judged as who will run.
    if (auto given_up = give_up_privileges(*file); !given_up)
        diagnostics.push_back({config::Severity::error, config_path, 0, "", given_up.error().message});
    for (Obstacle& obstacle : obstacles(*file)) {
        const auto severity = obstacle.passing ? config::Severity::warning : config::Severity::error;
        diagnostics.push_back({severity, config_path, 0, std::move(obstacle.key), std::move(obstacle.reason)});
    }
    return diagnostics;
}

bool takes_over() { return Inheritance::is_there(); }

int supervisor_main(const Options& options) {
    auto found = Inheritance::of_environment();
    if (!found) return refuse(found.error().message);
    std::optional<Inheritance>& left = *found;
    std::optional<Run> run;
    const auto cannot = [&](const std::string& reason) {
        if (!left) return refuse(reason);
        return give_back(*left, reason, run ? run->variables() : std::vector<std::string>{});
    };
    keep_descriptors_from_children();
    ::umask(022);
    ignore_failing_writes();
    // They wait until there is somebody to act upon them.
    block_only(watched_signals());
    auto file = in_own_heap([&options] { return config::load(options.config_path); });
    if (!file) return cannot(fmt::format("the configuration is not valid:\n{}", config::text(file.error())));
    if (auto given_up = left ? keep_privileges_down() : give_up_privileges(*file); !given_up)
        return cannot(given_up.error().message);
    std::string in_the_way;
    for (const Obstacle& obstacle : left ? std::vector<Obstacle>() : obstacles(*file))
        in_the_way += (in_the_way.empty() ? "" : "\n") + obstacle.text();
    if (!in_the_way.empty()) return refuse(in_the_way);
    run.emplace(std::move(*file), options);
    if (auto begun = run->begin(left ? &*left : nullptr); !begun) return cannot(begun.error().message);
    give_back_memory();
    if (left && left->is_trial()) {
        print_error(Inheritance::promise);
        return 0;
    }
    if (left) left->close();
    left.reset();
    run->run();
    const auto outcome = run->outcome();
    return outcome ? 0 : refuse(outcome.error().message);
}

}  // namespace seki::supervisor
