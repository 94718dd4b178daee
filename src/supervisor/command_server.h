#pragma once

// The command socket: a socket of the UNIX family at a path, for its owner only (mode 0600). It accepts clients and
// hands their requests, with a way to answer, to whoever obeys them.
//
// A socket file that nobody serves any more is replaced; where somebody answers, a second instance is refused; a file
// that is no socket is left alone. At the end our file is removed, unless another one has taken its place by then.
//
// Who asked for what, and what came of it, is in the log: at level info what changes anything and what failed, at debug
// all other questions; and all of it in the audit log, where there is one.
//
// Workers may connect to sockets of this family, for backends and logs, and have the user who may command. But they
// read what strangers send, so none of them is a client.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "observe/log.h"
#include "supervisor/audit_log.h"
#include "supervisor/command_session.h"
#include "supervisor/own_figures.h"

namespace seki::supervisor {

class CommandServer final : private EventHandler, private CommandSession::Owner, private Timer {
public:
    // The one answer to a request. May come late: a client that is gone misses nothing.
    using Answer = std::move_only_function<void(const command::Response&)>;
    using OnRequest = std::function<void(command::Request, Answer)>;

    struct Settings {
        std::string path;
        size_t max_frame_bytes = 2'000'000;
        mode_t mode = 0600;
        std::vector<uint32_t> allowed_uids;    // empty: whoever can open the socket
        std::vector<uint32_t> readonly_uids;   // of these, those who may only ask, and are not shown secrets
        std::function<bool(pid_t)> is_worker;  // of ours; empty: there are none
        AuditLog* audit = nullptr;             // these two outlive it, where they are
        OwnFigures* figures = nullptr;
    };

    // Of all; a few more are for root and for who started us.
    static constexpr size_t max_sessions = 1024;
    static constexpr size_t reserved_sessions = 16;
    // Of one user who may only read, or nothing.
    static constexpr size_t max_reader_sessions = 256;
    static constexpr size_t max_stranger_sessions = 16;

    // How many there may be at most, that of the peer included: of its user, and of all.
    struct Room {
        size_t of_user;
        size_t of_all;
        bool operator==(const Room&) const = default;
    };
    static Room room_for(const Settings& settings, const Peer& peer);

    // `loop` and `log` outlive it; `on_request` is called from turns of the loop.
    static Result<std::unique_ptr<CommandServer>> open(EventLoop& loop, observe::Log& log, Settings settings,
                                                       OnRequest on_request);
    // Goes on with the socket and the clients of a former supervisor.
    static Result<std::unique_ptr<CommandServer>> take_over(EventLoop& loop, observe::Log& log, Settings settings,
                                                            OnRequest on_request, const handover::CommandSocket& left);
    ~CommandServer() override;

    // For the next one. What clients ask is not read while they are held; `busy`: how many wait for an answer.
    void hand_over(handover::CommandSocket& left) const;
    void hold(bool holds);
    [[nodiscard]] size_t busy() const;

    // Whether an instance, ours or another one, serves this path now.
    static bool is_answered(const std::string& path);

    // Accepts nobody any more, and removes the file: another instance may have the path. Who is connected goes on.
    void release() { stop_listening(); }
    // Accepts nobody any more and lets each client have the answers that it waits for. `on_finished`: when all are
    // gone.
    void finish(std::function<void()> on_finished);
    // Of ours: what it left in the queue is turned away as well, whoever gets its number later.
    void worker_ended(pid_t pid);
    // Those who subscribed hear of it. `source`: main, or the id of a worker.
    void publish(const std::string& source, const command::Event& event);
    [[nodiscard]] size_t sessions() const noexcept { return sessions_.size(); }

private:
    static constexpr int batch = 16;  // clients accepted per event
    static constexpr Duration exhausted_pause = std::chrono::milliseconds(100);

    // What is at the path: the same as long as nobody put another file there. While a socket is bound to it, the kernel
    // gives its number to no other.
    struct File {
        dev_t device;
        ino_t number;
        bool operator==(const File&) const = default;
    };
    static std::optional<File> file_at(const std::string& path);

    CommandServer(EventLoop& loop, observe::Log& log, Settings settings, OnRequest on_request, UniqueFd socket);
    Result<> watch();
    void stop_listening();

    void on_event(uint32_t events) override;
    void on_timer() override;
    void on_request(CommandSession& session, command::Request request) override;
    [[nodiscard]] bool has_room_for(const Peer& peer) const;
    std::string why_refused(const CommandSession& session, const command::Request& request) override;
    void on_session_ended(CommandSession& session) override;

    // A request until it is answered.
    struct Work {
        Asked asked;
        std::string what;       // for people
        bool answer_says_more;  // than that it was done
        Ulid id;
        Monotonic began;
    };

    [[nodiscard]] bool is_worker(const Peer& peer) const;
    bool accept_one();
    void accept_connection(UniqueFd client);
    CommandSession& add_session(UniqueFd client, Peer peer);
    Result<> take_over(const handover::CommandClient& left);
    [[nodiscard]] std::string why_unauthorized(const Peer& peer, const command::Request& request) const;
    [[nodiscard]] Work work_of(const Peer& peer, const command::Request& request);
    void note(const Peer& peer, const Work& work, const command::Response& response);
    void log_differences(const command::Differences& differences);
    void check_finished();

    EventLoop& loop_;
    observe::Log& log_;
    Settings settings_;
    OnRequest on_request_;
    UniqueFd socket_;
    std::optional<File> file_;
    WatchId watch_;
    std::map<uint64_t, std::unique_ptr<CommandSession>> sessions_;
    uint64_t last_id_ = 0;
    std::vector<pid_t> gone_workers_;  // since the queue was empty
    Random random_ = Random::from_kernel();
    std::function<void()> on_finished_;
    bool held_ = false;
};

}  // namespace seki::supervisor
