#include "supervisor/command_server.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <ranges>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "base/unix_address.h"
#include "config/check/check.h"
#include "config/convert.h"
#include "config/difference.h"
#include "config/secrets.h"
#include "config/subject.h"
#include "supervisor/handover/message.h"

namespace seki::supervisor {
namespace {

using observe::Module;

// Of a request that nobody has judged: a line must have room for whose it is.
constexpr size_t max_subject_size = 1024;

// "AddBackend shop shop-1 10.0.0.1:80 by uid 0, pid 4242"
std::string describe(const command::Request& request, const Peer& peer) {
    const std::string subject = config::subject(request).substr(0, max_subject_size);
    return fmt::format("{}{}{} by {}", config::verb_name(request), subject.empty() ? "" : " ", subject, peer.text());
}

// Of one change the request says it all; what came of a reload, of a load or of a set of changes is in its answer.
bool answer_says_more(const command::Request& request) {
    return request.has_reload_configuration() || request.has_reload() || request.has_load_state() ||
           request.has_apply_changes() || request.has_rebalance_sessions();
}

bool among(const std::vector<uint32_t>& uids, const Peer& peer) {
    return peer.credentials && std::ranges::find(uids, peer.credentials->uid) != uids.end();
}

// For who may not know them.
command::Response without_secrets(command::Response response) {
    config::clear_secrets(response);
    return response;
}

Result<UniqueFd> make_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return failure("cannot make a socket: {}", system_error(errno));
    return fd;
}

// 0: somebody accepts there, or would if it had the time (EAGAIN); else errno.
Result<int> try_to_connect(const UnixAddress& address) {
    const auto fd = make_socket();
    if (!fd) return std::unexpected(fd.error());
    return address.connect(fd->get()) == 0 || errno == EAGAIN ? 0 : errno;
}

// Makes room for our socket file, or says why there is none.
Result<> clear_path(const std::string& path, const UnixAddress& address) {
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0) {
        if (errno == ENOENT) return {};
        return failure("{}: {}", path, system_error(errno));
    }
    if (!S_ISSOCK(about.st_mode)) return failure("{}: there is a file that is no socket; it is left alone", path);
    const auto error = try_to_connect(address);
    if (!error) return std::unexpected(error.error());
    if (*error == 0)
        return failure(
            "{}: another instance answers on this socket; 'reload' and 'upgrade' change that one, and a second "
            "one needs a command_socket of its own",
            path);
    if (*error != ECONNREFUSED) return failure("{}: {}", path, system_error(*error));
    if (::unlink(path.c_str()) != 0) return failure("{}: cannot replace it: {}", path, system_error(errno));
    return {};
}

// Held while a path is looked at and taken: of two that begin at once both would find nobody there, and the second one
// would remove the socket of the first. Anybody who may read the folder may lock it, so nobody waits for long.
UniqueFd lock_folder_of(const std::string& path) {
    constexpr int attempts = 100;
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    UniqueFd folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) break;
        ::nanosleep(&pause, nullptr);
    }
    return folder;
}

Result<UniqueFd> listen_at(const std::string& path, mode_t mode) {
    const auto address = UnixAddress::at(path);
    if (!address) return failure("{}: {}", path, address.error().message);
    const UniqueFd lock = lock_folder_of(path);
    if (auto cleared = clear_path(path, *address); !cleared) return std::unexpected(cleared.error());
    auto fd = make_socket();
    if (!fd) return fd;
    // The mask gives the file no more than that from the first moment on.
    const mode_t mask = ::umask(0777 & ~mode);
    const int bound = address->bind(fd->get());
    const int error = errno;
    ::umask(mask);
    if (bound != 0) return failure("{}: cannot bind: {}", path, system_error(error));
    if (::chmod(path.c_str(), mode) != 0) return failure("{}: {}", path, system_error(errno));
    if (::listen(fd->get(), SOMAXCONN) != 0) return failure("{}: cannot listen: {}", path, system_error(errno));
    return fd;
}

}  // namespace

Result<std::unique_ptr<CommandServer>> CommandServer::open(EventLoop& loop, observe::Log& log, Settings settings,
                                                           OnRequest on_request) {
    auto socket = listen_at(settings.path, settings.mode);
    if (!socket) return std::unexpected(socket.error());
    std::unique_ptr<CommandServer> server(
        new CommandServer(loop, log, std::move(settings), std::move(on_request), std::move(*socket)));
    if (auto watched = server->watch(); !watched) return std::unexpected(watched.error());
    return server;
}

CommandServer::CommandServer(EventLoop& loop, observe::Log& log, Settings settings, OnRequest on_request,
                             UniqueFd socket)
    : loop_(loop),
      log_(log),
      settings_(std::move(settings)),
      on_request_(std::move(on_request)),
      socket_(std::move(socket)),
      file_(file_at(settings_.path)) {}

CommandServer::~CommandServer() { stop_listening(); }

bool CommandServer::is_answered(const std::string& path) {
    const auto address = UnixAddress::at(path);
    return address && try_to_connect(*address) == 0;
}

std::optional<CommandServer::File> CommandServer::file_at(const std::string& path) {
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0) return std::nullopt;
    return File{about.st_dev, about.st_ino};
}

Result<> CommandServer::watch() {
    const auto watched = loop_.watch(socket_.get(), EPOLLIN, *this, EventLoop::Order::normal);
    if (!watched) return std::unexpected(watched.error());
    watch_ = *watched;
    return {};
}

void CommandServer::stop_listening() {
    if (!socket_.valid()) return;
    loop_.timers().cancel(*this);
    if (watch_.valid()) loop_.unwatch(socket_.get(), watch_);
    watch_ = WatchId{};
    // First the name, then the socket: in between, others find nobody rather than somebody who does not answer.
    if (file_ && file_ == file_at(settings_.path)) ::unlink(settings_.path.c_str());
    socket_.reset();
}

void CommandServer::on_event(uint32_t /*events*/) {
    for (int count = 0; count < batch; ++count) {
        if (!accept_one()) return;
    }
}

bool CommandServer::accept_one() {
    UniqueFd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.valid()) {
        accept_connection(std::move(client));
        return true;
    }
    if (errno == EAGAIN) {
        gone_workers_.clear();
        return false;
    }
    if (errno == EINTR || errno == ECONNABORTED) return true;
    // No descriptors or no memory: trying again at once would only burn the processor.
    loop_.unwatch(socket_.get(), watch_);
    watch_ = WatchId{};
    loop_.timers().arm(*this, loop_.now() + exhausted_pause);
    return false;
}

void CommandServer::worker_ended(pid_t pid) {
    gone_workers_.push_back(pid);
    while (watch_.valid() && accept_one()) {
    }
}

bool CommandServer::is_worker(const Peer& peer) const {
    if (!peer.credentials) return false;
    const pid_t pid = peer.credentials->pid;
    return (settings_.is_worker && settings_.is_worker(pid)) ||
           std::ranges::find(gone_workers_, pid) != gone_workers_.end();
}

void CommandServer::on_timer() {
    if (!watch()) loop_.timers().arm(*this, loop_.now() + exhausted_pause);
}

void CommandServer::accept_connection(UniqueFd client) {
    const uint64_t id = ++last_id_;
    const Ulid session = Ulid::make(loop_.wall(), random_);
    Peer peer = Peer::of(client.get(), id, session, loop_.wall());
    if (is_worker(peer)) return log_.error(Module::command, "{} is turned away: workers do not command", peer.text());
    if (!has_room_for(peer)) {
        log_.warn(Module::command, "{} is turned away: too many of the {} clients that are connected are that user's",
                  peer.text(), sessions_.size());
        return;
    }
    add_session(std::move(client), std::move(peer)).hold(held_);
}

CommandSession& CommandServer::add_session(UniqueFd client, Peer peer) {
    if (settings_.audit != nullptr) peer.look_up_names();
    CommandSession::Owner& owner = *this;
    auto& session = sessions_[peer.id];
    session =
        std::make_unique<CommandSession>(loop_, std::move(client), settings_.max_frame_bytes, std::move(peer), owner);
    return *session;
}

// ---- from one supervisor to the next

Result<std::unique_ptr<CommandServer>> CommandServer::take_over(EventLoop& loop, observe::Log& log, Settings settings,
                                                                OnRequest on_request,
                                                                const handover::CommandSocket& left) {
    auto socket = copy_left(left.fd());
    if (!socket) return std::unexpected(socket.error());
    if (settings.path != left.path()) {
        log.warn(Module::command, "{} stays the command socket until the next start", left.path());
        settings.path = left.path();
    }
    if (::chmod(settings.path.c_str(), settings.mode) != 0)
        log.warn(Module::command, "{} keeps its mode: {}", settings.path, system_error(errno));
    std::unique_ptr<CommandServer> server(
        new CommandServer(loop, log, std::move(settings), std::move(on_request), std::move(*socket)));
    if (auto watched = server->watch(); !watched) return std::unexpected(watched.error());
    server->last_id_ = left.last_client();
    for (const handover::CommandClient& client : left.clients()) {
        if (auto taken = server->take_over(client); !taken) return std::unexpected(taken.error());
    }
    return server;
}

Result<> CommandServer::take_over(const handover::CommandClient& left) {
    auto socket = copy_left(left.fd());
    if (!socket) return std::unexpected(socket.error());
    const Ulid id{left.session_high(), left.session_low()};
    const WallTime connected{std::chrono::milliseconds(left.connected_ms())};
    Peer peer = Peer::of(socket->get(), left.id(), id, connected);
    CommandSession& session = add_session(std::move(*socket), std::move(peer));
    session.take_over(left);
    if (left.has_asked()) session.ask_again(left.asked());
    return {};
}

void CommandServer::hand_over(handover::CommandSocket& left) const {
    left.set_fd(socket_.get());
    left.set_path(settings_.path);
    left.set_last_client(last_id_);
    for (const auto& [id, session] : sessions_) session->hand_over(*left.add_clients());
}

void CommandServer::hold(bool holds) {
    held_ = holds;
    for (const auto& [id, session] : sessions_) session->hold(holds);
}

size_t CommandServer::busy() const {
    return static_cast<size_t>(
        std::ranges::count_if(sessions_, [](const auto& entry) { return entry.second->busy(); }));
}

// ---- who may ask for what

// Whoever may do little must not be able to keep those out who may do more, by connecting and saying nothing.
CommandServer::Room CommandServer::room_for(const Settings& settings, const Peer& peer) {
    const bool restricted = !settings.allowed_uids.empty() || !settings.readonly_uids.empty();
    const bool owner = peer.credentials && (peer.credentials->uid == 0 || peer.credentials->uid == ::geteuid());
    if (owner) return {max_sessions + reserved_sessions, max_sessions + reserved_sessions};
    if (restricted && !peer.credentials) return {max_stranger_sessions, max_sessions};
    if (among(settings.readonly_uids, peer)) return {max_reader_sessions, max_sessions};
    const bool may_change = settings.allowed_uids.empty() || among(settings.allowed_uids, peer);
    return {may_change ? max_sessions : max_stranger_sessions, max_sessions};
}

bool CommandServer::has_room_for(const Peer& peer) const {
    const Room room = room_for(settings_, peer);
    if (sessions_.size() >= room.of_all) return false;
    if (sessions_.size() < room.of_user) return true;
    const auto uid_of = [](const Peer& one) {
        return one.credentials ? std::optional(one.credentials->uid) : std::nullopt;
    };
    const auto same = std::ranges::count_if(
        sessions_, [&](const auto& entry) { return uid_of(entry.second->peer()) == uid_of(peer); });
    return static_cast<size_t>(same) < room.of_user;
}

std::string CommandServer::why_unauthorized(const Peer& peer, const command::Request& request) const {
    const bool restricted = !settings_.allowed_uids.empty() || !settings_.readonly_uids.empty();
    if (restricted && !peer.credentials) return "unauthorized: unknown actor";
    if (among(settings_.readonly_uids, peer)) {
        if (!is_question(request))
            return fmt::format("unauthorized: actor UID {} may only read", peer.credentials->uid);
        return {};
    }
    if (settings_.allowed_uids.empty() || among(settings_.allowed_uids, peer)) return {};
    return fmt::format("unauthorized: actor UID {} not in command_allowed_uids", peer.credentials->uid);
}

std::string CommandServer::why_refused(const CommandSession& session, const command::Request& request) {
    std::string why = why_unauthorized(session.peer(), request);
    if (!why.empty()) note(session.peer(), work_of(session.peer(), request), response_of(command::FAILURE, why));
    return why;
}

// ---- requests

CommandServer::Work CommandServer::work_of(const Peer& peer, const command::Request& request) {
    return {Asked::of(request, settings_.audit != nullptr), describe(request, peer), answer_says_more(request),
            Ulid::make(loop_.wall(), random_), loop_.now()};
}

void CommandServer::on_request(CommandSession& session, command::Request request) {
    const Peer& peer = session.peer();
    Work work = work_of(peer, request);
    // Its answer may come much later.
    if (request.has_soft_stop() || request.has_hard_stop()) log_.info(Module::command, "{}", work.what);
    if (request.has_subscribe_events()) {
        session.subscribe();
        note(peer, work, response_of(command::OK, {}));
        command::Event event;
        event.set_kind(command::EVENTS_SUBSCRIBED);
        return publish("main", event);
    }
    if (request.has_set_metric_detail()) {
        command::SetMetricDetail& lease = *request.mutable_set_metric_detail();
        lease.set_peer_pid(peer.credentials ? peer.credentials->pid : 0);
        lease.set_peer_session_ulid(peer.session.text());
    }
    auto on_answer = [this, peer, work = std::move(work)](const command::Response& response) {
        note(peer, work, response);
        const auto asker = sessions_.find(peer.id);
        if (asker == sessions_.end()) return;
        if (among(settings_.readonly_uids, peer)) return asker->second->answer(without_secrets(response));
        asker->second->answer(response);
    };
    on_request_(std::move(request), std::move(on_answer));
}

void CommandServer::note(const Peer& peer, const Work& work, const command::Response& response) {
    if (response.status() == command::FAILURE) {
        log_.info(Module::command, "{} failed: {}", work.what, response.message());
    } else if (work.asked.acts) {
        log_.info(Module::command, "{}{}", work.what, work.answer_says_more ? ": " + response.message() : "");
    } else {
        log_.debug(Module::command, "{}", work.what);
    }
    if (work.asked.acts) log_differences(response.content().differences());
    for (const std::string& warning : response.warnings()) {
        log_.warn(Module::command, "{}: {}", work.what, warning);
    }
    if (work.asked.acts && settings_.figures != nullptr) settings_.figures->add("config." + work.asked.verb);
    if (settings_.audit == nullptr) return;
    settings_.audit->write(peer, work.id, work.asked, response, loop_.now() - work.began, loop_.wall());
}

// The answer has them for whoever asked, who may be a script.
void CommandServer::log_differences(const command::Differences& differences) {
    if (differences.dry_run()) return;
    constexpr int most_lines = 20;
    const int shown = std::min(differences.vec_size(), most_lines);
    for (const command::Difference& difference : differences.vec() | std::views::take(shown))
        log_.info(Module::command, "{}", config::text(difference));
    const uint64_t others = static_cast<uint64_t>(differences.vec_size() - shown) + differences.omitted();
    if (others > 0) log_.info(Module::command, "and {} more", others);
}

void CommandServer::publish(const std::string& source, const command::Event& event) {
    command::Response response = response_of(command::PROCESSING, source);
    *response.mutable_content()->mutable_event() = event;
    for (const auto& [id, session] : sessions_) session->tell(response);
}

void CommandServer::on_session_ended(CommandSession& session) {
    const auto found = std::ranges::find(sessions_, &session, [](const auto& entry) { return entry.second.get(); });
    SEKI_CHECK(found != sessions_.end());
    loop_.deferred_delete(std::move(found->second));
    sessions_.erase(found);
    check_finished();
}

void CommandServer::finish(std::function<void()> on_finished) {
    on_finished_ = std::move(on_finished);
    stop_listening();
    for (const auto& [id, session] : sessions_) session->finish();
    check_finished();
}

void CommandServer::check_finished() {
    if (sessions_.empty() && on_finished_) std::exchange(on_finished_, nullptr)();
}

}  // namespace seki::supervisor
