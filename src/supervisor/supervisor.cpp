#include "supervisor/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "base/counted.h"
#include "supervisor/change_events.h"
#include "supervisor/start_report.h"
#include "supervisor/state_loading.h"

namespace seki::supervisor {

using observe::Module;

namespace {

bool is_worker(const Workers& workers, pid_t pid) {
    const auto is = [pid](const WorkerProcess* worker) { return worker->pid() == pid; };
    return std::ranges::any_of(workers.alive(), is) || std::ranges::any_of(workers.ending(), is);
}

}  // namespace

Supervisor::Supervisor(EventLoop& loop, observe::Log& log, Launcher& launcher, Settings settings)
    : loop_(loop),
      log_(log),
      launcher_(launcher),
      settings_(std::move(settings)),
      sockets_(std::max(settings_.slots, settings_.workers.count), settings_.workers.server.listen_backlog()),
      workers_(loop, log, launcher, sockets_, settings_.workers),
      changes_(loop, state_, sockets_, workers_, log),
      adoption_(loop, log, sockets_, workers_, changes_),
      figures_(state_),
      expiry_(loop, state_, log, [this] { return changes_.version(); }),
      tasks_(loop),
      checkings_(loop),
      change_sets_(loop, changes_, checkings_),
      state_files_(state_, changes_, tasks_, checkings_),
      reloader_(state_, changes_, tasks_, checkings_, settings_.config_path, settings_.file),
      state_verbs_(state_, changes_, state_files_, change_sets_, reloader_, settings_.command.max_frame_bytes / 4),
      upgrade_(loop, log, state_, changes_, workers_, tasks_, *this),
      verbs_(
          loop, state_, changes_, workers_, {figures_, former_figures_}, state_verbs_,
          settings_.command.max_frame_bytes,
          [this](bool hard, Verbs::Answer answer, std::optional<Duration> limit) {
              stop(hard, std::move(answer), limit);
          },
          [this](Verbs::Answer answer) { upgrade_.begin(std::move(answer)); }) {
    if (settings_.may_begin_anew) {
        reloader_.on_new_settings = [this](Verbs::Answer answer) { upgrade_.begin_anew(std::move(answer)); };
    }
    changes_.on_committed = [this](const command::Request& change, bool told) { note_committed(change, told); };
    state_verbs_.on_done = [this](command::EventKind kind) { publish("main", kind); };
    workers_.on_event = [this](uint32_t worker, const command::Event& event) { note_event(worker, event); };
    workers_.on_last_figures = [this](const auto& figures) { former_figures_.add(figures, state_); };
    workers_.on_ended = [this](pid_t pid) {
        if (server_ != nullptr) server_->worker_ended(pid);
    };
    workers_.on_all_serve = [this] {
        tell_ready();
        adoption_.replace();
    };
    state_verbs_.on_reload = [this](bool begins) { note_reload(begins); };
    figures_.more = [this](OwnFigures::Map& figures) { expiry_.fill(figures); };
    workers_.on_cannot_begin = [this](const std::string& reason) { give_up(reason); };
    if (settings_.statsd) statsd_.emplace(loop_, figures_, *settings_.statsd);
}

Supervisor::~Supervisor() {
    loop_.timers().cancel(*this);
    loop_.timers().cancel(deadline_);
    if (statsd_) statsd_->tell();
}

Result<> Supervisor::start(std::vector<CheckedChange> changes) {
    const auto binds = [](const CheckedChange& change) { return change->has_activate_listener(); };
    std::vector<CheckedChange> activations;
    std::ranges::copy_if(changes, std::back_inserter(activations), binds);
    std::erase_if(changes, binds);
    if (auto loaded = changes_.load(changes); !loaded) return loaded;
    changes.insert(changes.end(), activations.begin(), activations.end());
    if (auto remembered = reloader_.remember(changes); !remembered) return remembered;
    changes = {};
    if (auto loaded = load_saved_state(activations); !loaded) return loaded;
    const auto open = [this](auto obey) { return CommandServer::open(loop_, log_, settings_.command, obey); };
    if (auto opened = open_server(open); !opened) return opened;
    adoption_.begin(find_orphans(Lifelines(settings_.command.path), launcher_, log_, settings_.workers.answer_timeout));
    if (auto bound = changes_.load(activations); !bound) return bound;
    adoption_.bound();
    if (automatic_save_) automatic_save_->note_change();
    expiry_.start();
    log_.info(Module::supervisor, "commands at {}", settings_.command.path);
    for (const std::string& line : start_report(state_, settings_.workers.server, settings_.workers.count))
        log_.info(Module::supervisor, "{}", line);
    return workers_.start();
}

Result<> Supervisor::open_server(
    const std::function<Result<std::unique_ptr<CommandServer>>(CommandServer::OnRequest)>& open) {
    // Made when it is first asked for, which takes longer than anybody is to wait for an answer.
    std::ignore = worker::Order::descriptor();
    settings_.command.figures = &figures_;
    settings_.command.is_worker = [this](pid_t pid) { return is_worker(workers_, pid); };
    auto server = open([this](command::Request request, Verbs::Answer answer) {
        if (upgrade_.takes_over()) return upgrade_.ask_later(std::move(request), std::move(answer));
        obey(std::move(request), std::move(answer));
    });
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    return {};
}

void Supervisor::save_by_itself() {
    if (!settings_.file.saved_state || !settings_.file.automatic_state_save) return;
    automatic_save_.emplace(loop_, log_, state_, changes_, tasks_, *settings_.file.saved_state);
    changes_.on_new_version = [this] { automatic_save_->note_change(); };
}

// Where there is no file yet, nothing was saved.
Result<> Supervisor::load_saved_state(std::vector<CheckedChange>& activations) {
    const auto& path = settings_.file.saved_state;
    if (!path) return {};
    save_by_itself();
    if (::access(path->c_str(), F_OK) != 0 && errno == ENOENT) {
        log_.info(Module::supervisor, "{}: there is no saved state yet", *path);
        return {};
    }
    const auto loaded = load_state(*path, state_, [&](CheckedChange change, const std::string&) -> Result<> {
        if (!change->has_activate_listener()) return changes_.load({std::move(change)});
        activations.push_back(std::move(change));
        return {};
    });
    if (!loaded) return failure("the saved state cannot be loaded: {}", loaded.error().message);
    log_.info(Module::supervisor, "{}: {} records are loaded", *path, loaded->records);
    for (const std::string& name : loaded->kept)
        log_.warn(Module::supervisor, "{}: {} is in the configuration file with other settings, which hold", *path,
                  name);
    return {};
}

void Supervisor::note_committed(const command::Request& change, bool told) {
    if (change.has_logging()) {
        workers_.set_log_filter(change.logging());
        if (auto set = log_.set_filter(change.logging()); !set) {
            log_.error(Module::supervisor, "{}", set.error().message);
        }
    }
    if (change.has_set_tls_ticket_secret()) workers_.set_ticket_secret(change.set_tls_ticket_secret());
    if (change.has_remove_cluster()) former_figures_.forget(change.remove_cluster());
    if (change.has_configure_metrics()) configure_metrics(change.configure_metrics());
    if (!told) return;
    if (const auto event = event_of(change)) publish("main", *event);
}

void Supervisor::configure_metrics(command::MetricsConfiguration asked) {
    if (asked == command::CLEAR) {
        former_figures_.clear();
        return figures_.clear();
    }
    workers_.measure_clusters(asked == command::ENABLED);
}

void Supervisor::note_event(uint32_t worker, const command::Event& event) {
    log_.debug(Module::supervisor, "worker {}: {} {} {}", worker, command::EventKind_Name(event.kind()),
               event.cluster_id(), event.backend_id());
    publish(std::to_string(worker), event);
}

// Before the command socket is there nobody can have subscribed.
void Supervisor::publish(const std::string& source, const command::Event& event) {
    if (server_ != nullptr) server_->publish(source, event);
}

void Supervisor::publish(const std::string& source, command::EventKind kind) {
    command::Event event;
    event.set_kind(kind);
    publish(source, event);
}

void Supervisor::tell_ready() {
    if (service_manager == nullptr || stopping()) return;
    const size_t workers = workers_.begun().size();
    service_manager->ready(fmt::format("{} serve{}", counted(workers, "worker"), workers == 1 ? "s" : ""));
}

void Supervisor::note_reload(bool begins) {
    if (!begins) return tell_ready();
    if (service_manager != nullptr) service_manager->reloading();
}

// The start is over without success; who serves by now stops too.
void Supervisor::give_up(const std::string& reason) {
    if (!outcome_) return;
    log_.error(Module::supervisor, "cannot start: {}", reason);
    outcome_ = failure("{}", reason);
    if (adoption_.let_go()) return stop(false, nullptr, give_up_grace);
    stop(true);
}

void Supervisor::stop(bool hard, Verbs::Answer answer, std::optional<Duration> limit) {
    if (answer) asked_to_stop_.push_back(std::move(answer));
    if (stopping() && (hard_ || !hard)) {
        if (!hard && limit && *limit > Duration::zero()) end_at_latest(*limit);
        return;
    }
    hard_ = hard;
    if (service_manager != nullptr) {
        service_manager->stopping(hard ? "Stopping at once" : "Stopping when the last session has ended");
    }
    publish("main", command::SOZU_STOP_REQUESTED);
    if (hard) {
        log_.info(Module::supervisor, "stopping at once");
        loop_.timers().cancel(deadline_);
        sockets_.close_all();
    } else {
        begin_soft_stop(limit.value_or(settings_.soft_stop_limit));
    }
    workers_.stop(hard, [this] { stopped(); });
}

void Supervisor::begin_soft_stop(Duration limit) {
    if (limit > Duration::zero()) {
        log_.info(Module::supervisor, "stopping when the last session has ended, in {} s at the latest",
                  limit / std::chrono::seconds(1));
        end_at_latest(limit);
    } else {
        log_.info(Module::supervisor, "stopping when the last session has ended");
    }
    const std::vector<ListenerKey> keys = sockets_.keys();
    sockets_.close_all();
    workers_.release_sockets(keys, [this] { release(); });
}

// Who asked for an earlier end than others gets it.
void Supervisor::end_at_latest(Duration limit) {
    const Monotonic end = loop_.now() + limit;
    if (!deadline_.armed() || end < deadline_.deadline()) loop_.timers().arm(deadline_, end);
}

void Supervisor::Deadline::on_timer() {
    supervisor.log_.warn(Module::supervisor, "the time for a soft stop is over");
    supervisor.stop(true);
}

// The state is saved before: another instance begins with it.
void Supervisor::release() {
    const auto free = [this] { let_others_begin(); };
    automatic_save_ ? automatic_save_->finish(free) : free();
}

void Supervisor::let_others_begin() {
    log_.info(Module::supervisor, "addresses and the command socket are free for another instance");
    if (on_released) on_released();
    workers_.hide();
    if (server_ != nullptr) server_->release();
}

void Supervisor::stopped() {
    loop_.timers().cancel(deadline_);
    // Before the command socket goes, by which others see that we have ended.
    if (on_released) on_released();
    log_.info(Module::supervisor, "all workers have ended");
    if (automatic_save_) return automatic_save_->finish([this] { end(); });
    end();
}

void Supervisor::end() {
    const command::Response done = response_of(command::OK, "all workers have ended");
    for (Verbs::Answer& answer : asked_to_stop_) answer(done);
    asked_to_stop_.clear();
    if (server_ == nullptr) return loop_.stop();
    loop_.timers().arm(*this, loop_.now() + answer_grace);
    server_->finish([this] { loop_.stop(); });
}

}  // namespace seki::supervisor
