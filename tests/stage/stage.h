#pragma once

// A whole worker on a stage: one process, one thread, a clock turned by hand, scripted clients and backends. A test
// reads in three breaths: given (backends, routes), when (clients speak, things break), then (what each of them got).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/hasher.h"
#include "base/clock.h"
#include "base/random.h"
#include "config/placed_certificate.h"
#include "event/event_loop.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "observe/log_sink.h"
#include "observe/metrics.h"
#include "proxy/recorder.h"
#include "stage/network.h"
#include "tls/engine.h"
#include "worker/worker.h"

namespace seki::stage {

// 10.0.0.<n>:80, where scripted backends live.
SocketAddress backend_address(uint8_t n);

// Hashes passwords when the test says so; whether one matches is said by the test as well.
class SlowHasher final : public auth::Hasher {
public:
    void on_done(Done done) override { done_ = std::move(done); }
    Result<> begin(auth::HashingJob job) override {
        if (unable) return failure("as the test wants");
        jobs_.push_back(std::move(job));
        return {};
    }
    bool unable = false;  // it refuses every job
    [[nodiscard]] size_t jobs() const noexcept { return jobs_.size(); }
    void finish(std::string_view right_password) {
        for (const auth::HashingJob& job : std::exchange(jobs_, {})) {
            done_(job.id,
                  job.password == right_password ? auth::HashingOutcome::matches : auth::HashingOutcome::differs);
        }
    }

private:
    Done done_;
    std::vector<auth::HashingJob> jobs_;
};

class Stage {
public:
    struct Options {
        uint64_t seed = 1;
        uint32_t max_connections = 1000;
        uint32_t max_buffers = 1000;
        uint32_t buffer_size = 16393;
        uint32_t back_timeout_s = 30;
        bool evicts = false;
        std::optional<uint32_t> idle_connections{};  // kept in all; the default is the schema's
    };

    Stage() : Stage(Options{}) {}
    explicit Stage(const Options& options);
    // All counters are at zero when everybody has gone.
    ~Stage();

    // ---- given

    // Routes host "a" (and whatever else is said) of the HTTP listener to backends 1 … n of cluster "c"; they accept.
    void route_to_backends(int count, std::string_view host = "a");
    void tunnel_to_backends(int count);
    // The HTTP listener gets these fields in place of what it has.
    void listen_with(const std::function<void(command::HttpListenerConfig&)>& set);
    // An HTTPS listener with a certificate for hosts "a" and "b". No name is bound to its certificate unless `set` says
    // so.
    void listen_secured(const std::function<void(command::HttpsListenerConfig&)>& set = {});
    // All of them or none; what the worker says.
    worker::Report change(const std::vector<command::Request>& changes);
    worker::Report prepare(const std::vector<command::Request>& changes);
    worker::Report order(worker::Order order, std::vector<UniqueFd> fds = {});
    Network network;
    SlowHasher hasher;

    // ---- when

    // A client that comes to the HTTP listener, or the TCP one.
    WirePtr client(std::string_view first_bytes = {});
    WirePtr tunnel_client(std::string_view first_bytes = {});
    // A client of the HTTPS listener (listen_secured), which does its part of TLS in the background.
    WirePtr secured_client(std::string_view first_bytes = {}, const tls::Client::Settings& settings = {});
    // A client of the HTTP listener that speaks the format of streams (text_codec.h).
    WirePtr stream_client(std::string_view first_bytes = {});
    // A client whose connection begins with the protocol that `make` makes for its session.
    using MakeProtocol = std::function<std::unique_ptr<net::Protocol>(net::Session&)>;
    WirePtr client_that_runs(const MakeProtocol& make, std::string_view first_bytes = {});
    // From 192.0.2.<source>; those who do not say are from 192.0.2.1.
    WirePtr client_from(uint8_t source, std::string_view first_bytes = {});
    WirePtr client_at(const SocketAddress& peer, std::string_view first_bytes = {});
    // The next connection to backend `n`, which must be there.
    WirePtr backend(uint8_t n);
    [[nodiscard]] bool has_connection(uint8_t n);
    // Turns of the loop until nothing moves any more.
    void settle();
    void pass(Duration time);
    // The access log and all other lines so far.
    std::string log();

    static const worker::ListenerKey http;
    static const worker::ListenerKey tcp;
    static const worker::ListenerKey https;

private:
    UniqueFd log_file_;  // before all who write to it

public:
    FakeClock clock;
    Random random;
    EventLoop loop;
    observe::LineHead line_head;
    UniqueFd log_file;  // before the sink, which writes to it
    std::unique_ptr<observe::LogSink> sink;
    observe::Log log_;
    observe::AccessLog access_log;
    observe::Metrics metrics;
    proxy::Recorder recorder;
    net::SourceTable sources;
    std::unique_ptr<tls::Engine> tls;
    std::unique_ptr<worker::Worker> worker;

private:
    WirePtr accept_connection(const worker::ListenerKey& key, std::string_view first_bytes, const SocketAddress& peer);
    SocketAddress next_peer(uint8_t source = 1);
    std::unique_ptr<observe::LogSink> open_sink();

    void place(const command::AddCertificate& addition, command::Request& told, worker::Prepare& order,
               config::UsedSegments& segments);

    uint64_t next_order_ = 1;
    config::CertificateMemory certificates_;
    uint16_t next_port_ = 40000;
    std::vector<worker::Report> reports_;
};

// Requests of the schema, short.
command::Request add_backend(std::string_view cluster, uint8_t n);
command::Request remove_backend(std::string_view cluster, uint8_t n);
command::Request add_frontend(std::string_view cluster, std::string_view host, std::string_view path = "/");
command::Request remove_frontend(std::string_view cluster, std::string_view host, std::string_view path = "/");
// The same for the HTTPS listener.
command::Request secured(const command::Request& frontend);

std::string get(std::string_view path = "/", std::string_view more = {});
std::string answer(std::string_view body, std::string_view more = {});

}  // namespace seki::stage
