#pragma once

// What surrounds a worker in a process of its own: real clock, real sockets, logs, the channel to the supervisor. The
// worker itself is made when the first order, hello, brings the settings.
//
// When the supervisor goes without having ordered the end, the worker serves on, if it has a lifeline, until another
// one adopts it. Until then SIGTERM ends it softly, and once more at once; a supervisor's worker leaves signals to it.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/hashing_thread.h"
#include "base/clock.h"
#include "base/random.h"
#include "command/channel.h"
#include "command/schema.h"
#include "event/event_loop.h"
#include "event/poller.h"
#include "event/signals.h"
#include "net/connector.h"
#include "net/source_table.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "observe/log_flusher.h"
#include "observe/log_sink.h"
#include "observe/metrics.h"
#include "observe/statsd.h"
#include "proxy/recorder.h"
#include "tls/engine.h"
#include "worker/lifeline.h"
#include "worker/worker.h"

namespace seki::worker {

class Process final : private command::Channel::Owner, private Lifeline::Owner {
public:
    Process(int id, UniqueFd channel);
    ~Process() override;

    // Until the supervisor orders the end, or is gone and the last session ended. The exit code.
    int run();

private:
    void on_frame(std::string_view payload) override;
    void on_malformed(const std::string& reason) override;
    void on_closed(const std::string& reason) override;
    void on_adopter(UniqueFd socket) override;
    void on_silent_adopter() override { drop_adopter(); }

    std::unique_ptr<command::Channel> channel_over(UniqueFd socket);
    [[nodiscard]] Result<> understand(const Order& order) const;
    void refuse(uint64_t order, const Failure& why);
    void tell_done(uint64_t order);
    void make_lifeline(const Hello& hello, std::vector<UniqueFd>& fds);
    void adopt(const Order& order);
    void drop_adopter();
    void on_signal(const ReceivedSignal& signal);
    Result<> hello(const Hello& hello, std::vector<UniqueFd> fds);
    Result<> open_sources(const Hello& hello, UniqueFd memory);
    Result<> open_tls(const Hello& hello);
    Result<> make_logs(const Hello& hello);
    Result<std::unique_ptr<observe::LogSink>> make_sink(const std::string& target);
    Result<> begin_metrics(const command::ServerMetricsConfig& config);
    void note_absent_targets();
    void take_log_files(const LogFiles& files, std::span<UniqueFd> fds);
    void reopen_logs(const LogFiles& files, std::span<UniqueFd> fds);
    Result<> enter_sandbox(const Hello& hello);
    void turn_ended();
    void tell_refused_calls();

    std::string name_;
    SystemClock clock_;
    EpollPoller poller_;
    EventLoop loop_;
    Random random_;
    net::SocketConnector connector_;
    auth::HashingThread hashing_{loop_};
    observe::LineHead line_head_;
    observe::LogFlusher flusher_{loop_};
    std::unique_ptr<observe::LogSink> log_sink_;
    std::unique_ptr<observe::LogSink> access_sink_;  // null: the access log goes where the log goes
    std::unique_ptr<observe::Log> log_;
    std::unique_ptr<observe::AccessLog> access_log_;
    observe::Metrics metrics_;
    std::unique_ptr<proxy::Recorder> recorder_;
    std::optional<net::SourceTable> sources_;
    std::unique_ptr<tls::Engine> tls_;
    std::unique_ptr<Worker> worker_;
    std::unique_ptr<observe::Statsd> statsd_;  // null: nobody wants the figures
    std::unique_ptr<command::Channel> channel_;
    std::unique_ptr<Lifeline> lifeline_;  // null: it ends with its supervisor
    std::unique_ptr<Signals> signals_;
    uint64_t last_order_ = 0;
    bool told_to_end_ = false;  // by a signal
    int exit_code_ = 0;
};

}  // namespace seki::worker
