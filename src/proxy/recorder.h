#pragma once

// What happened, for those who look from outside: counters, gauges and histograms, one line of access log per exchange,
// events. The exchange fills a Record while it runs; the Recorder turns it into figures and a line when it ends.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "backend/backend.h"
#include "base/clock.h"
#include "base/ulid.h"
#include "http/message.h"
#include "net/address.h"
#include "net/buffer_pool.h"
#include "net/session.h"
#include "proxy/forwarding.h"
#include "proxy/listener.h"

namespace seki::observe {
enum class Counter : uint8_t;
class AccessLog;
class Log;
class Metrics;
struct ClusterSeries;
struct Series;
}  // namespace seki::observe

namespace seki::tls {
struct ConnectionInfo;
}

namespace seki::proxy {

class Context;
class Recorder;

// What is counted outside of exchanges, or more often than once in one.
enum class Count : uint8_t {
    accepted,
    client_faults,
    backend_faults,
    cut_answers,
    request_timeouts,
    out_of_buffers,
    pool_hits,
    pool_misses,
    retries,
    retries_exhausted,
    connections_over_limit,
    requests_over_limit,
};

// What those who watch are told of when it happens. Good within the call.
struct Happening {
    enum class Kind : uint8_t { backend_down, backend_up, no_backends, cluster_recovered, removed_backend_released };
    Kind kind;
    std::string_view cluster;
    const backend::Backend* backend = nullptr;  // null: it is about the cluster
};

// The story of one exchange. Texts of the request are kept in a small buffer of their own, cut where they are longer.
struct Record {
    // How much of each text is kept.
    static constexpr size_t max_method_bytes = 32;
    static constexpr size_t max_authority_bytes = 256;
    static constexpr size_t max_user_agent_bytes = 256;
    static constexpr size_t max_path_bytes = 1024;
    static constexpr size_t max_accept_bytes = 256;
    static constexpr size_t max_texts_bytes =
        max_method_bytes + max_authority_bytes + max_user_agent_bytes + max_path_bytes + max_accept_bytes + 1;

    void begin(Context& context, net::Session& client, Monotonic first_byte);
    void note_request(net::BufferPool& buffers, const http::RequestHead& head);
    // It began in another worker; `client` and what TLS has agreed upon with it are this worker's.
    void go_on(Context& context, net::Session& client, const tls::ConnectionInfo* secured);
    // What is logged of the request; cut where it is longer.
    struct Texts {
        std::string_view method;
        std::string_view authority;
        std::string_view path;
        std::string_view user_agent;
        std::string_view accept;
    };
    void note_texts(net::BufferPool& buffers, const Texts& said);
    void connecting(Monotonic now) noexcept { connecting_at = now; }
    void connected(Monotonic now) noexcept { connected_at = now; }
    void answered(uint16_t status_, Monotonic now) noexcept;
    [[nodiscard]] std::string_view request_id_as_text() const noexcept {
        return {request_id_text.data(), request_id_text.size()};
    }
    [[nodiscard]] bool was_connected() const noexcept { return connected_at != Monotonic{}; }
    void describe(std::string& line) const;
    // "GET host/path"; empty when no request was noted, or there was no memory for it.
    [[nodiscard]] std::string_view request_line() const noexcept {
        if (method.empty()) return {};
        return {method.data(), static_cast<size_t>(path.data() + path.size() - method.data())};
    }

    // From and to the client. What was read together with the head is known from the head only. On a connection that
    // exchanges share, what frames their bodies is nobody's.
    [[nodiscard]] uint64_t bytes_in(bool tunnel) const noexcept;
    [[nodiscard]] uint64_t bytes_out() const noexcept {
        return shares_connection ? body_bytes[1] : client->bytes_written() - written_before;
    }

    Recorder* recorder = nullptr;
    net::Session* client = nullptr;
    const tls::ClientCertificate* certificate = nullptr;  // of the client, with its connection
    const tls::ConnectionInfo* secured = nullptr;         // null: without TLS
    Ulid session_id;
    Ulid request_id;
    std::array<char, Ulid::text_size> request_id_text{};
    SocketAddress client_address;
    Monotonic first_byte{};
    Monotonic began{};  // the head was complete
    Monotonic connecting_at{};
    Monotonic connected_at{};
    Monotonic answered_at{};
    uint64_t read_before = 0;  // bytes the client's connection had carried when the exchange began
    uint64_t written_before = 0;
    uint64_t head_bytes = 0;
    std::array<uint64_t, 2> body_bytes{};  // from the client, to the client
    http::Body body;
    net::BufferPtr texts;
    std::string_view method;
    std::string_view authority;
    std::string_view path;
    std::string_view user_agent;
    std::string_view accept;  // for an answer of our own
    const char* message = nullptr;
    uint16_t status = 0;  // 0: no answer has begun
    bool failed = false;
    bool own_answer = false;
    bool abandoned = false;          // by the client, which has gone
    bool shares_connection = false;  // with other exchanges, at the same time
};

class Recorder {
public:
    struct Settings {
        // The access log tells the client's round trip, which costs a system call per line.
        bool round_trips = true;
    };

    // All outlive the recorder. `access` may be null: no access log.
    Recorder(EventLoop& loop, observe::Log& log, observe::AccessLog* access, observe::Metrics& metrics,
             const Settings& settings) noexcept;
    Recorder(EventLoop& loop, observe::Log& log, observe::AccessLog* access, observe::Metrics& metrics) noexcept
        : Recorder(loop, log, access, metrics, Settings{}) {}
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder();

    std::function<void(const Happening&)> on_happening;

    // From now on a crash line of this process names the last request that began.
    void describe_crashes() noexcept;
    // Brings figures that others keep up to date, before metrics are reported.
    void before_report() noexcept;

    void count(Count what) noexcept;
    // A request goes to a backend, with these fields as its client sent them.
    void forwarded(const KeptFields& kept) noexcept;
    // A bare answer that no exchange gave.
    void count_status(uint16_t status) noexcept;
    // What got no exchange: a request that could not be understood, or for which there was no room, then with its head;
    // a client of a TCP listener likewise, with status 0. Its answer is counted by count_status().
    void refused(net::Session& client, const Listener& listener, uint16_t status, std::string_view message,
                 const http::RequestHead* head = nullptr);
    // A source has as much of the cluster as it may: `limit` says of what.
    void over_limit(const Cluster& cluster, Count limit);

    // The connection for a request or a tunnel is lost, and there is another try. `kept`: it had served before.
    void retrying(const Record& record, const backend::Backend& backend, bool kept);
    void connect_failed(const Cluster& cluster, const backend::Backend& backend, std::string_view why);
    void backend_up(Cluster& cluster, const backend::Backend& backend);
    void backend_down(Cluster& cluster, const backend::Backend& backend, std::string_view why);
    // One that a change removed has no connections any more.
    void removed_backend_released(const backend::Backend& backend);
    // It ends connections that it said it would keep.
    void backend_keeps_none(const backend::Backend& backend);

    void remember(std::string_view request_line) noexcept;
    // The exchange's last word. What it did not come to is null.
    struct Route {
        const Frontend* frontend = nullptr;
        const Cluster* cluster = nullptr;
        const backend::Backend* backend = nullptr;
    };
    void ended(const Record& record, bool tunnel, const Listener& listener, const Route& route);

private:
    struct Times {
        Duration request{};
        Duration service{};
        Duration response{};  // of the backend, to its head; negative: none
        Duration connect{};   // negative: none was made
    };
    [[nodiscard]] Times times_of(const Record& record, const backend::Backend* backend) const noexcept;
    void count_exchange(const Record& record, bool of_tcp, const Times& times, uint64_t bytes_in, uint64_t bytes_out);
    static void count_series(observe::Series& series, const Record& record, bool of_tcp, const Times& times,
                             uint64_t bytes_in, uint64_t bytes_out) noexcept;
    void write_line(const Record& record, bool tunnel, const Listener& listener, const Route& route, const Times& times,
                    uint64_t bytes_in, uint64_t bytes_out);
    // Null for what a change removed: its series were dropped, and what still ran must not bring them back.
    [[nodiscard]] observe::ClusterSeries* series_of(const Cluster& cluster);
    [[nodiscard]] observe::Series* series_of(observe::ClusterSeries& series, const backend::Cluster& cluster,
                                             const backend::Backend& backend);
    void tell(Happening::Kind kind, std::string_view cluster, const backend::Backend* backend = nullptr) const {
        if (on_happening) on_happening({kind, cluster, backend});
    }
    void catch_up(observe::Counter which, uint64_t total, uint64_t& seen) noexcept;
    static unsigned long describe_last(void* owner, char* out, unsigned long capacity);

    EventLoop& loop_;
    observe::Log& log_;
    observe::AccessLog* access_;
    observe::Metrics& metrics_;
    Settings settings_;
    std::array<char, 384> last_request_;
    size_t last_request_size_ = 0;
    struct {
        uint64_t lines = 0;
        uint64_t unsent = 0;
        uint64_t lost = 0;
    } seen_;  // of what others count, when it was looked at last
};

}  // namespace seki::proxy
