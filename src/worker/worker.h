#pragma once

// A worker: one thread, one loop, its own copy of everything that requests meet. It obeys the orders of the supervisor
// (worker.proto), one answer for each, and never binds, forks or reads a file.
//
//     configured ──serve──► serving ──stop──► draining ──(last session ended)──► done
//
// Sockets, clock, randomness and backends come from outside, so that tests run a whole worker in their own process.

#include <absl/container/flat_hash_map.h>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "event/event_loop.h"
#include "net/acceptor.h"
#include "net/connector.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "proxy/context.h"
#include "worker.pb.h"
#include "worker/apply.h"
#include "worker/arrivals.h"
#include "worker/departures.h"
#include "worker/leaked_sessions.h"
#include "worker/metric_detail.h"
#include "worker/moving_exchange.h"
#include "worker/placed_certificates.h"
#include "worker/recount.h"
#include "worker/tables.h"

namespace seki::worker {

class Worker final : private Timer {
public:
    struct Surroundings {
        EventLoop& loop;
        Random& random;
        net::Connector& connector;
        auth::Hasher& hasher;
        proxy::Recorder& recorder;
        observe::Metrics& metrics;
        observe::Log& log;
        net::SourceTable& sources;  // shared with the other workers
        tls::Engine& tls;
    };
    using Report = std::function<void(const Report& report)>;

    // What hello wants of the memory that the worker is then made with.
    [[nodiscard]] static net::BufferPool::Sizes buffer_sizes(const command::ServerConfig& config);

    Worker(const Surroundings& around, const Hello& hello, net::BufferPool::Memory buffers, Report report);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() override;

    // Any order but hello. `fds`: what came with it.
    void obey(const Order& order, std::vector<UniqueFd> fds);
    // As by `stop`, without anybody to answer: the supervisor is gone.
    void stop(bool hard);
    // The supervisor is gone: what it was about to change is forgotten. Whether there is anything to go on with: this
    // worker serves.
    bool go_on_alone();
    // What it is and what it listens with, from the socket `first` on as many as go in one report; copies of these.
    Result<std::vector<UniqueFd>> tell_sockets(uint32_t first, Adopted& adopted) const;
    // A client came to this listener: through a listening socket, or made up by a test. Refused by closing when the
    // listener is gone or there are too many clients.
    void accept_connection(const ListenerKey& key, std::unique_ptr<net::Transport> transport,
                           const SocketAddress& peer);

    // Whether one more client may come. When there are too many and the configuration allows it, those that have been
    // idle longest go.
    net::Acceptor::Room make_room();

    // The last session ended after a stop.
    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
    // Those figures that are not counted as things happen are up to date after it.
    void refresh_figures();
    // As it is served now; null when there is none.
    [[nodiscard]] proxy::ListenerPtr listener(const ListenerKey& key) const { return tables_.listener(key); }
    [[nodiscard]] proxy::Context& context() noexcept { return context_; }
    [[nodiscard]] net::Sessions& sessions() noexcept { return sessions_; }
    [[nodiscard]] net::BufferPool& buffers() noexcept { return buffers_; }
    [[nodiscard]] net::PipePool& pipes() noexcept { return pipes_; }
    [[nodiscard]] backend::Pool& pool() noexcept { return pool_; }

private:
    enum class State : uint8_t { configured, serving, draining, done };

    struct Socket {
        ListenerKey key;
        uint32_t slot;
        std::unique_ptr<net::Acceptor> acceptor;
    };

    void enter(State next);
    void on_timer() override;
    void turn_ended();

    using Named = google::protobuf::RepeatedPtrField<ListeningSocket>;

    Result<> load(const Load& load, std::vector<UniqueFd> memory);
    void prepare(const Prepare& prepare, std::vector<UniqueFd> fds, seki::worker::Report& report);
    void commit(const Commit& commit);
    void abort();
    Result<> assign(const Assign& assign, std::vector<UniqueFd> sockets);
    // Nobody is accepted from them yet.
    Result<std::vector<Socket>> make_sockets(const Named& named, std::vector<UniqueFd> sockets);
    void take_into_use(std::vector<Socket> sockets);
    void unassign(const Unassign& unassign);
    void serve();
    Result<> hand_over(uint64_t order, const HandOver& asked, std::vector<UniqueFd> socket);
    void successor_lost(const std::string& reason);
    void end_connections();
    Result<> take_over(std::vector<UniqueFd> socket);
    Result<RestingClient> take(const IdleClient& about, const std::string& secrets, UniqueFd socket, size_t waiting);
    Result<net::SessionId> take_exchange(const MovedExchange& told, std::vector<UniqueFd> fds, size_t waiting);
    void arrivals_ended(const Arrivals& arrivals, const std::string& reason, size_t dropped);
    net::SessionId go_on(RestingClient client);
    void count_everybody();  // again, as another limit holds for those who have none of their own
    [[nodiscard]] Condition::State condition() const noexcept;
    command::Response query(const command::Request& request);
    command::Response metrics(const command::QueryMetricsOptions& query);
    command::Response set_metric_detail(const command::SetMetricDetail& request);
    void switch_metrics(command::MetricsConfiguration asked);
    void tell(const command::Event& event);
    command::Response kill(const std::string& id);

    [[nodiscard]] bool full() const noexcept { return sessions_.clients() >= max_clients_; }
    // For a connection of another worker, beside those that are to come.
    [[nodiscard]] bool has_room_beside(size_t waiting) const noexcept {
        return state_ == State::serving && sessions_.clients() + waiting < max_clients_;
    }
    void rest_when_full();
    uint32_t evict();
    void report_sockets_exhausted(int error);

    Surroundings around_;
    Report report_;
    uint32_t id_;
    uint32_t slot_;
    uint32_t max_clients_;
    State state_ = State::configured;
    uint64_t state_version_ = 0;  // of the configuration that is served
    uint64_t stop_order_ = 0;     // the order that is answered when the last session has ended
    bool evicts_ = false;         // idle clients, for those who wait
    bool paused_ = false;         // accepting rests, because there are as many clients as there may be
    Monotonic next_eviction_{};

    net::Sessions sessions_;
    net::BufferPool buffers_;
    net::PipePool pipes_;
    backend::Pool pool_;
    proxy::Context context_;
    Tables tables_;
    PlacedCertificates certificates_;
    Apply apply_;
    LeakedSessions leaked_sessions_;
    Recount recount_;
    MetricDetail metric_detail_;
    std::unique_ptr<Departures> departures_;  // to the successor, while there is one
    ExchangeTaker exchange_taker_;
    std::vector<std::unique_ptr<Arrivals>> arrivals_;
    std::vector<Socket> sockets_;
    std::vector<Socket> prepared_sockets_;
    Monotonic began_;
};

}  // namespace seki::worker
