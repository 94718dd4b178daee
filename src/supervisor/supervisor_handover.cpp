// Of Supervisor: from one program to the next.

#include <utility>

#include "supervisor/checking.h"
#include "supervisor/handover/message.h"
#include "supervisor/supervisor.h"
#include "supervisor/told.h"

namespace seki::supervisor {

using observe::Module;

namespace {

constexpr size_t alive_each = 10'000;          // records, which take less than a second
constexpr unsigned segments_per_program = 20;  // bits of their numbers

}  // namespace

handover::Handover Supervisor::hand_over() const {
    handover::Handover left;
    left.set_least_reader(handover::FORMAT);
    left.set_version(SEKI_VERSION);
    left.set_state_version(changes_.version());
    name_frames(reloader_.remembered(), *left.mutable_file());
    left.set_log_filter(workers_.server_settings().log_level());
    sockets_.hand_over(left);
    workers_.hand_over(*left.mutable_workers());
    server_->hand_over(*left.mutable_command_socket());
    left.mutable_counters()->insert(figures_.counters().begin(), figures_.counters().end());
    *left.mutable_former_figures() = former_figures_.sum();
    left.set_no_clusters(!workers_.measures_clusters());
    change_sets_.hand_over(left);
    return left;
}

std::string Supervisor::why_not_handed_over(size_t askers) const {
    if (server_->busy() > askers) return "commands of other clients are not answered yet";
    if (!changes_.settled()) return "changes are being made";
    if (adoption_.under_way()) return "workers of a supervisor that has died are being replaced";
    return workers_.why_not_handed_over();
}

void Supervisor::hold(bool holds) { server_->hold(holds); }

std::vector<std::string> Supervisor::about_to_end() {
    log_.info(Module::supervisor, "another executable takes over: {}", settings_.program);
    if (statsd_) statsd_->tell();
    if (service_manager != nullptr) service_manager->alive();
    if (on_about_to_end) on_about_to_end();
    return service_manager != nullptr ? service_manager->variables() : std::vector<std::string>{};
}

Result<> Supervisor::load(const handover::Frames& state) {
    auto memory = copy_left(state);
    if (!memory) return std::unexpected(memory.error());
    auto frames = frames_in(*memory);
    if (!frames) return std::unexpected(frames.error());
    auto next = requests_of(std::make_shared<command::SealedFrames>(std::move(*frames)));
    for (size_t count = 1;; ++count) {
        if (count % alive_each == 0 && service_manager != nullptr) service_manager->alive();
        auto asked = next();
        if (!asked) return std::unexpected(asked.error());
        if (!*asked) return {};
        auto checked = config::check(std::move((*asked)->request));
        if (!checked) return failure("the state: {}", checked.error().message);
        if (auto applied = state_.apply(*checked); !applied) return failure("the state: {}", applied.error().message);
    }
}

// That of the file, which may have another one by now; one that was set by a command goes before it.
Result<> Supervisor::set_ticket_secret() {
    const std::string& file = settings_.workers.server.tls_ticket_secret_file();
    if (file.empty() || !state_.ticket_secret().empty()) return {};
    auto secret = read_ticket_secret(file);
    if (!secret) return std::unexpected(secret.error());
    workers_.set_ticket_secret(*secret);
    return {};
}

Result<> Supervisor::take_over(const Inheritance& inheritance) {
    const handover::Handover& left = inheritance.left();
    // Workers know segments of the former one by their numbers.
    state_.number_segments_behind(uint32_t{settings_.workers.generation} << segments_per_program);
    if (auto loaded = load(left.state()); !loaded) return loaded;
    changes_.take_over(left.state_version());
    auto file = copy_left(left.file());
    if (!file) return std::unexpected(file.error());
    reloader_.remember(std::move(*file), left.command_socket().path());
    if (!inheritance.refused().empty()) reloader_.expect_new_settings();
    if (auto taken = sockets_.take_over(left, inheritance.is_trial()); !taken) return taken;
    change_sets_.take_over(left);
    for (const auto& [name, value] : left.counters()) figures_.set(name, value);
    if (statsd_) statsd_->go_on_from(figures_.counters());
    former_figures_.take_over(left.former_figures());
    if (inheritance.is_trial()) return set_ticket_secret();

    if (auto taken = workers_.take_over(left.workers()); !taken) return taken;
    if (auto set = set_ticket_secret(); !set) return set;
    if (left.no_clusters()) workers_.measure_clusters(false);
    upgrade_.take_over();
    const auto open = [&](auto obey) {
        return CommandServer::take_over(loop_, log_, settings_.command, obey, left.command_socket());
    };
    if (auto opened = open_server(open); !opened) return opened;
    save_by_itself();
    if (automatic_save_) automatic_save_->note_change();
    expiry_.start();
    upgrade_.go_on(inheritance);
    tell_ready();
    return {};
}

}  // namespace seki::supervisor
