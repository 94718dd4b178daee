#include "supervisor/command_server.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "base/unix_address.h"
#include "config/check/check.h"
#include "config/convert.h"
#include "config/subject.h"

namespace seki::supervisor {
namespace {

using observe::Module;

std::optional<ucred> peer_of(int client) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
}

std::string name_of(const std::optional<ucred>& peer) {
    return peer ? fmt::format("uid {}, pid {}", peer->uid, peer->pid) : "an unknown process";
}

bool is_stop(const command::Request& request) { return request.has_soft_stop() || request.has_hard_stop(); }

// All but questions.
bool is_action(const command::Request& request) {
    return config::is_change(request) || is_stop(request) || request.has_kill_session();
}

// "AddBackend shop shop-1 10.0.0.1:80 by uid 0, pid 4242"
std::string describe(const command::Request& request, const std::string& peer) {
    const std::string subject = config::subject(request);
    return fmt::format("{}{}{} by {}", config::verb_name(request), subject.empty() ? "" : " ", subject, peer);
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
    if (*error == 0) return failure("{}: another instance answers on this socket", path);
    if (*error != ECONNREFUSED) return failure("{}: {}", path, system_error(*error));
    if (::unlink(path.c_str()) != 0) return failure("{}: cannot replace it: {}", path, system_error(errno));
    return {};
}

Result<UniqueFd> listen_at(const std::string& path) {
    const auto address = UnixAddress::at(path);
    if (!address) return failure("{}: {}", path, address.error().message);
    if (auto cleared = clear_path(path, *address); !cleared) return std::unexpected(cleared.error());
    auto fd = make_socket();
    if (!fd) return fd;
    // The mask makes the file private from the first moment on.
    const mode_t mask = ::umask(0177);
    const int bound = address->bind(fd->get());
    const int error = errno;
    ::umask(mask);
    if (bound != 0) return failure("{}: cannot bind: {}", path, system_error(error));
    if (::chmod(path.c_str(), 0600) != 0) return failure("{}: {}", path, system_error(errno));
    if (::listen(fd->get(), SOMAXCONN) != 0) return failure("{}: cannot listen: {}", path, system_error(errno));
    return fd;
}

}  // namespace

Result<std::unique_ptr<CommandServer>> CommandServer::open(EventLoop& loop, observe::Log& log, Settings settings,
                                                           OnRequest on_request) {
    auto socket = listen_at(settings.path);
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
    if (errno == EAGAIN) return false;
    if (errno == EINTR || errno == ECONNABORTED) return true;
    // No descriptors or no memory: trying again at once would only burn the processor.
    loop_.unwatch(socket_.get(), watch_);
    watch_ = WatchId{};
    loop_.timers().arm(*this, loop_.now() + exhausted_pause);
    return false;
}

void CommandServer::on_timer() {
    if (!watch()) loop_.timers().arm(*this, loop_.now() + exhausted_pause);
}

void CommandServer::accept_connection(UniqueFd client) {
    const auto peer = peer_of(client.get());
    if (sessions_.size() >= max_sessions) {
        log_.warn(Module::command, "{} is turned away: {} clients are connected already", name_of(peer), max_sessions);
        return;
    }
    CommandSession::Owner& owner = *this;
    std::string unauthorized = why_unauthorized(peer);
    if (!unauthorized.empty()) log_.warn(Module::command, "{}: {}", name_of(peer), unauthorized);
    sessions_.emplace(++last_id_, std::make_unique<CommandSession>(loop_, std::move(client), settings_.max_frame_bytes,
                                                                   name_of(peer), std::move(unauthorized), owner));
}

std::string CommandServer::why_unauthorized(const std::optional<ucred>& peer) const {
    if (settings_.allowed_uids.empty()) return {};
    if (!peer) return "unauthorized: unknown actor";
    if (std::ranges::find(settings_.allowed_uids, peer->uid) != settings_.allowed_uids.end()) return {};
    return fmt::format("unauthorized: actor UID {} not in command_allowed_uids", peer->uid);
}

void CommandServer::on_request(CommandSession& session, command::Request request) {
    const auto found = std::ranges::find(sessions_, &session, [](const auto& entry) { return entry.second.get(); });
    SEKI_CHECK(found != sessions_.end());
    const bool acts = is_action(request);
    std::string what = describe(request, session.peer());
    if (is_stop(request)) log_.info(Module::command, "{}", what);  // its answer may come much later
    auto on_answer = [this, id = found->first, what = std::move(what), acts](const command::Response& response) {
        note(what, acts, response);
        const auto asker = sessions_.find(id);
        if (asker != sessions_.end()) asker->second->answer(response);
    };
    on_request_(std::move(request), std::move(on_answer));
}

void CommandServer::note(const std::string& what, bool acts, const command::Response& response) {
    if (response.status() == command::FAILURE) {
        log_.info(Module::command, "{} failed: {}", what, response.message());
    } else if (acts) {
        log_.info(Module::command, "{}", what);
    } else {
        log_.debug(Module::command, "{}", what);
    }
    for (const std::string& warning : response.warnings()) {
        log_.warn(Module::command, "{}: {}", what, warning);
    }
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
