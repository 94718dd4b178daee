#include "worker/worker.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "base/check.h"
#include "config/convert.h"
#include "config/limits.h"
#include "proxy/first_protocol.h"
#include "proxy/side.h"
#include "worker/event_of.h"
#include "worker/handshake_figures.h"
#include "worker/load_snapshot.h"
#include "worker/settings.h"

namespace seki::worker {

namespace {

// A head with our edits, and a piece of a body with its framing, must fit into a buffer.
static_assert(config::min_buffer_size >= 2 * proxy::Context::edit_room);
static_assert(config::min_buffer_size >= 2 * proxy::Side::max_trailer_bytes);

constexpr Duration trim_interval = std::chrono::seconds(10);
constexpr Duration eviction_pause = std::chrono::milliseconds(20);

}  // namespace

net::BufferPool::Sizes Worker::buffer_sizes(const command::ServerConfig& config) {
    net::BufferPool::Sizes sizes;
    // A head of that size has to fit in with our edits.
    sizes.buffer_size = static_cast<uint32_t>(config.buffer_size()) + proxy::Context::edit_room;
    sizes.min_buffers = static_cast<uint32_t>(config.min_buffers());
    sizes.max_buffers = static_cast<uint32_t>(config.max_buffers());
    sizes.max_small = static_cast<uint32_t>(config.max_connections());
    return sizes;
}

Worker::Worker(const Surroundings& around, const Hello& hello, net::BufferPool::Memory buffers, Report report)
    : around_(around),
      report_(std::move(report)),
      id_(hello.worker_id()),
      slot_(hello.slot()),
      max_clients_(static_cast<uint32_t>(hello.config().max_connections())),
      evicts_(hello.config().evict_on_queue_full()),
      sessions_(around.loop, around.random, max_sessions(hello.config()), 1 + max_clients_ / 4),
      buffers_(std::move(buffers)),
      pipes_(pipe_capacity(hello.config()), net::PipePool::limit_for(max_clients_)),
      pool_(sessions_, {hello.config().backend_idle_connections(), hello.config().backend_idle_connections_total()}),
      context_(around.loop, around.random, sessions_, buffers_, pipes_, around.connector, pool_, around.hasher,
               around.recorder, around.sources, hello.source_column(), settings(hello.config())),
      apply_(tables_, pool_, around.metrics, around.tls, certificates_,
             {request_limits(hello.config()), static_cast<uint32_t>(hello.config().buffer_size())}),
      leaked_sessions_(sessions_, around.log, around.metrics,
                       std::chrono::seconds(hello.config().zombie_check_interval())),
      recount_(context_),
      metric_detail_(around.loop, around.metrics),
      exchange_taker_(context_, tables_, around.tls),
      began_(around.loop.now()) {
    apply_.on_log_filter = [this](const std::string& filter) {
        if (auto set = around_.log.set_filter(filter); !set)
            around_.log.error(observe::Module::worker, "{}", set.error().message);
    };
    apply_.on_connection_limit = [this](uint64_t limit) {
        context_.settings.max_connections_per_source = limit;
        count_everybody();
    };
    apply_.on_subnet_limit = [this](uint64_t limit) {
        context_.settings.max_connections_per_subnet = limit;
        count_everybody();
    };
    apply_.on_attempt_limit = [this](uint32_t limit) {
        context_.settings.max_connection_attempts = static_cast<uint8_t>(limit);
    };
    apply_.on_cluster_limit = [this](const proxy::ClusterPtr& cluster) {
        recount_.include(cluster);
        recount_.begin();
    };
    apply_.on_metrics = [this](command::MetricsConfiguration asked) { switch_metrics(asked); };
    apply_.on_backend_released = [&around = around_](const backend::Backend& backend) {
        around.recorder.removed_backend_released(backend);
    };
    around.recorder.on_happening = [this](const proxy::Happening& happening) { tell(event_of(happening)); };
    metric_detail_.on_transition = [this](const command::MetricDetailTransition& transition) {
        command::Event event;
        event.set_kind(command::METRIC_DETAIL_CHANGED);
        *event.mutable_metric_detail() = transition;
        tell(event);
    };
    if (hello.config().has_metrics()) metric_detail_.configure(hello.config().metrics().detail());
    if (hello.no_clusters()) metric_detail_.switch_clusters(false);
    around.tls.on_handshake = [&around = around_](const tls::HandshakeReport& went) {
        note_handshake(went, around.metrics, around.log);
    };
    around.loop.at_end_of_turn([this] { turn_ended(); });
    around.loop.timers().arm(*this, around.loop.now() + trim_interval);
}

Worker::~Worker() {
    arrivals_.clear();  // what waits there is another worker's
    sessions_.end_all();
    around_.recorder.on_happening = nullptr;
    around_.tls.on_handshake = nullptr;
}

void Worker::enter(State next) {
    switch (next) {
        case State::configured:
            SEKI_CHECK(false);
            break;
        case State::serving:
            SEKI_CHECK(state_ == State::configured);
            break;
        case State::draining:
            SEKI_CHECK(state_ == State::configured || state_ == State::serving);
            break;
        case State::done:
            SEKI_CHECK(state_ == State::draining);
            break;
    }
    state_ = next;
}

// ---- orders

void Worker::obey(const Order& order, std::vector<UniqueFd> fds) {
    seki::worker::Report report;
    report.set_id(order.id());
    const auto tell = [&report](const Result<>& outcome) {
        if (outcome) {
            report.mutable_done();
        } else {
            report.mutable_refused()->set_reason(outcome.error().message);
        }
    };
    switch (order.kind_case()) {
        case Order::kUnassign:
            unassign(order.unassign());
            report.mutable_done();
            break;
        case Order::kDrain:
        case Order::kStop:
            stop_order_ = order.id();
            stop(order.has_stop());
            return;
        case Order::kHandOver: {
            const auto begun = hand_over(order.id(), order.hand_over(), std::move(fds));
            if (begun) return;
            tell(begun);
            break;
        }
        case Order::kTakeOver:
            tell(take_over(std::move(fds)));
            break;
        case Order::kStatus:
            report.mutable_condition()->set_state(condition());
            report.mutable_condition()->set_clients(sessions_.clients());
            break;
        case Order::kLoad:
            tell(load(order.load(), std::move(fds)));
            break;
        case Order::kPrepare:
            prepare(order.prepare(), std::move(fds), report);
            break;
        case Order::kCommit:
            commit(order.commit());
            report.mutable_done();
            break;
        case Order::kAbort:
            abort();
            report.mutable_done();
            break;
        case Order::kAssign:
            tell(assign(order.assign(), std::move(fds)));
            break;
        case Order::kServe:
            serve();
            report.mutable_ready();
            break;
        case Order::kQuery:
            *report.mutable_answer()->mutable_response() = query(order.query());
            break;
        case Order::kHello:
        case Order::kAdopt:
        case Order::kLogFiles:  // of the process around us
        case Order::KIND_NOT_SET:
            tell(failure("unknown order"));
            break;
    }
    report_(report);
}

Result<> Worker::load(const Load& load, std::vector<UniqueFd> memory) {
    if (memory.empty()) return failure("no configuration came: too many descriptors are open");
    UniqueFd frames = std::move(memory.front());
    memory.erase(memory.begin());
    const auto segments = certificates_.map(load.segments(), std::move(memory));
    if (!segments) return std::unexpected(segments.error());
    state_version_ = load.state_version();
    return load_snapshot(std::move(frames), load.bytes(), apply_);
}

void Worker::prepare(const Prepare& prepare, std::vector<UniqueFd> fds, seki::worker::Report& report) {
    if (!prepare.continued()) prepared_sockets_.clear();
    const auto refuse = [&report](std::string reason) { report.mutable_refused()->set_reason(std::move(reason)); };
    const size_t sockets = std::min(fds.size(), static_cast<size_t>(prepare.sockets_size()));
    const auto behind = fds.begin() + static_cast<std::ptrdiff_t>(sockets);
    std::vector<UniqueFd> memory(std::make_move_iterator(behind), std::make_move_iterator(fds.end()));
    fds.erase(behind, fds.end());
    auto made = make_sockets(prepare.sockets(), std::move(fds));
    if (!made) return refuse(made.error().message);
    const auto segments = certificates_.map(prepare.segments(), std::move(memory));
    if (!segments) return refuse(segments.error().message);
    if (auto prepared = apply_.prepare(prepare); !prepared) {
        report.mutable_refused()->set_change(static_cast<uint32_t>(prepared.error().change));
        return refuse(prepared.error().reason);
    }
    std::ranges::move(*made, std::back_inserter(prepared_sockets_));
    report.mutable_prepared();
}

void Worker::commit(const Commit& commit) {
    apply_.commit();
    if (commit.has_state_version()) state_version_ = commit.state_version();
    take_into_use(std::exchange(prepared_sockets_, {}));
}

void Worker::abort() {
    apply_.abort();
    prepared_sockets_.clear();
}

void Worker::count_everybody() {
    tables_.for_each_cluster([this](const proxy::ClusterPtr& cluster) { recount_.include(cluster); });
    recount_.begin();
}

// ---- listening

Result<> Worker::assign(const Assign& assign, std::vector<UniqueFd> sockets) {
    auto made = make_sockets(assign.sockets(), std::move(sockets));
    if (!made) return std::unexpected(made.error());
    take_into_use(std::move(*made));
    return {};
}

// The kernel drops descriptors that a process has no room for (unix(7), MSG_CTRUNC). Which ones is not said.
Result<std::vector<Worker::Socket>> Worker::make_sockets(const Named& named, std::vector<UniqueFd> sockets) {
    if (sockets.size() != static_cast<size_t>(named.size())) {
        return failure("{} of {} listening sockets arrived: too many descriptors are open", sockets.size(),
                       named.size());
    }
    std::vector<Socket> made;
    for (int i = 0; i < named.size(); ++i) {
        const auto key = config::listener_key(named[i]);
        if (!key) return std::unexpected(key.error());
        auto acceptor = std::make_unique<net::Acceptor>(
            around_.loop, std::move(sockets[static_cast<size_t>(i)]),
            [this, key = *key](UniqueFd client, const SocketAddress& peer) {
                accept_connection(key, std::make_unique<net::PlainTransport>(std::move(client)), peer);
            },
            [this](int error) { report_sockets_exhausted(error); });
        if (evicts_) acceptor->set_gate([this] { return make_room(); });
        made.push_back({*key, named[i].slot(), std::move(acceptor)});
    }
    return made;
}

void Worker::take_into_use(std::vector<Socket> sockets) {
    for (Socket& socket : sockets) {
        if (state_ == State::serving && !paused_) socket.acceptor->resume();
        sockets_.push_back(std::move(socket));
    }
}

void Worker::unassign(const Unassign& unassign) {
    for (const ListeningSocket& socket : unassign.sockets()) {
        const auto key = config::listener_key(socket);
        if (!key) continue;  // nobody can have given us one
        const auto let_go = [&key, slot = socket.slot()](const Socket& mine) {
            return mine.key == *key && mine.slot == slot;
        };
        // Who is accepted now may be the last there is room for, and then all sockets are visited: first drain, then
        // move.
        for (Socket& mine : sockets_) {
            if (let_go(mine)) mine.acceptor->drain();
        }
        std::erase_if(sockets_, let_go);
        std::erase_if(prepared_sockets_, let_go);
    }
}

void Worker::serve() {
    enter(State::serving);
    for (Socket& socket : sockets_) socket.acceptor->resume();
}

void Worker::accept_connection(const ListenerKey& key, std::unique_ptr<net::Transport> transport,
                               const SocketAddress& peer) {
    around_.recorder.count(proxy::Count::accepted);
    proxy::ListenerPtr listener = tables_.listener(key);
    if (listener == nullptr || full()) return;
    net::Session* session = sessions_.open(net::Session::Side::client, std::move(transport), peer, true);
    if (session == nullptr) return;
    session->start(proxy::first_protocol(*session, context_, std::move(listener)));
    rest_when_full();
}

// Who waits from here on waits in the kernel's queue, first in, first out. With eviction that is where it begins.
void Worker::rest_when_full() {
    if (!full() || paused_) return;
    paused_ = !evicts_;
    for (Socket& socket : sockets_) evicts_ ? socket.acceptor->end_batch() : socket.acceptor->pause();
}

net::Acceptor::Room Worker::make_room() {
    using Room = net::Acceptor::Room;
    if (!full()) return Room::there;
    return evicts_ && state_ == State::serving && evict() > 0 ? Room::soon : Room::later;
}

// The one in a hundred clients that have been idle longest, but at least one. To look at all of them for that many
// costs each newcomer the look at a hundred. When there are not as many, the next look waits: where nearly all are busy
// newcomers must not take up the time of those who are.
uint32_t Worker::evict() {
    if (around_.loop.now() < next_eviction_) return 0;
    using Idle = std::pair<Monotonic, net::Session*>;
    const size_t most = std::max(1U, max_clients_ / 100);
    const auto earlier = [](const Idle& one, const Idle& other) { return one.first < other.first; };
    std::vector<Idle> chosen;  // a heap, the latest in front
    chosen.reserve(most + 1);
    sessions_.for_each([&](net::Session& session) {
        if (session.side() != net::Session::Side::client || session.closing()) return;
        const auto since = session.protocol()->idle_since(session);
        if (!since || (chosen.size() == most && *since >= chosen.front().first)) return;
        chosen.emplace_back(*since, &session);
        std::ranges::push_heap(chosen, earlier);
        if (chosen.size() <= most) return;
        std::ranges::pop_heap(chosen, earlier);
        chosen.pop_back();
    });
    uint32_t evicted = 0;
    for (const auto& [since, session] : chosen) {
        // Whose request has arrived meanwhile is not idle any more: to close over it would lose it.
        session->look();
        if (session->closing() || !session->protocol()->idle_since(*session)) continue;
        session->close(net::CloseManner::now, net::CloseReason::evicted);
        ++evicted;
    }
    if (evicted < most) next_eviction_ = around_.loop.now() + eviction_pause;
    around_.metrics.add(observe::Counter::sessions_evicted, evicted);
    return evicted;
}

void Worker::report_sockets_exhausted(int error) {
    around_.log.error(observe::Module::net, "cannot accept: {}; trying again in {} ms", std::strerror(error),
                      net::Acceptor::exhausted_pause / std::chrono::milliseconds(1));
}

// ---- stopping

void Worker::stop(bool hard) {
    if (state_ == State::configured || state_ == State::serving) enter(State::draining);
    // Who waits in an accept queue was promised an answer: the supervisor closes the sockets, another worker may have
    // them.
    for (Socket& socket : sockets_) socket.acceptor->drain();
    sockets_.clear();
    if (hard) {
        for (const auto& arrivals : arrivals_) arrivals->end();
        sessions_.close_all(net::CloseManner::now, net::CloseReason::stopping);
        return;
    }
    departures_ != nullptr ? departures_->drain() : end_connections();
}

// Each after the answer it is at.
void Worker::end_connections() {
    context_.draining = true;
    sessions_.for_each([](net::Session& session) { session.wake(); });
}

void Worker::turn_ended() {
    if (paused_ && !full() && state_ == State::serving) {
        paused_ = false;
        for (Socket& socket : sockets_) socket.acceptor->resume();
    }
    if (state_ != State::draining || sessions_.clients() > 0) return;
    if (departures_ != nullptr && !departures_->settled()) return;
    if (!std::ranges::all_of(arrivals_, [](const auto& from) { return from->settled(); })) return;
    enter(State::done);
    if (stop_order_ == 0) return;
    seki::worker::Report report;
    report.set_id(stop_order_);
    command::QueryMetricsOptions all;
    *report.mutable_done()->mutable_figures() = metrics(all).content().worker_metrics();
    report_(report);
}

void Worker::on_timer() {
    buffers_.trim();
    around_.loop.timers().arm(*this, around_.loop.now() + trim_interval);
}

// ---- questions

Condition::State Worker::condition() const noexcept {
    switch (state_) {
        case State::configured:
            return Condition::CONFIGURED;
        case State::serving:
            return Condition::SERVING;
        case State::draining:
        case State::done:
            break;
    }
    return Condition::DRAINING;
}

void Worker::switch_metrics(command::MetricsConfiguration asked) {
    if (asked != command::CLEAR) return metric_detail_.switch_clusters(asked == command::ENABLED);
    around_.recorder.before_report();
    around_.metrics.clear();
}

// ---- events

void Worker::tell(const command::Event& event) {
    seki::worker::Report report;
    report.set_id(0);
    *report.mutable_event() = event;
    report_(report);
}

void Worker::refresh_figures() {
    around_.recorder.before_report();
    using observe::Gauge;
    observe::Metrics& metrics = around_.metrics;
    metrics.set_with_percent(Gauge::client_connections, sessions_.clients(), Gauge::client_connections_max,
                             max_clients_, Gauge::client_connections_percent);
    metrics.set_with_percent(Gauge::slab_entries, sessions_.size(), Gauge::slab_capacity, sessions_.capacity(),
                             Gauge::slab_usage_percent);
    metrics.set_with_percent(Gauge::buffer_in_use, buffers_.in_use(), Gauge::buffer_capacity, buffers_.capacity(),
                             Gauge::buffer_usage_percent);
    const auto& [tcp, upgraded] = context_.tunnels;
    metrics.set(Gauge::http_active_requests, context_.running_exchanges() - tcp);
    metrics.set(Gauge::websocket_active_requests, upgraded);
    metrics.set(Gauge::protocol_http, sessions_.clients() - tcp - upgraded);
    metrics.set(Gauge::protocol_ws, upgraded);
    metrics.set(Gauge::protocol_tcp, tcp);
    metrics.set(Gauge::accept_queue_backpressure, full() ? 1 : 0);
    metrics.set(Gauge::backend_connections, sessions_.size() - sessions_.clients());
    metrics.set(Gauge::backend_pool_size, pool_.size());
    metrics.set(Gauge::process_uptime_seconds,
                static_cast<uint64_t>((around_.loop.now() - began_) / std::chrono::seconds(1)));
    metrics.set(Gauge::server_live, state_ == State::serving ? 1 : 0);
}

}  // namespace seki::worker
