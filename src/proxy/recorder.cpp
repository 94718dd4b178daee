#include "proxy/recorder.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/check.h"
#include "event/event_loop.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "proxy/context.h"
#include "tls/connection_info.h"
#include "tls/suite.h"

namespace seki::proxy {

using observe::Counter;
using observe::Module;
using observe::SeriesCounter;
using observe::Time;

namespace {

constexpr Duration none{-1};

constexpr std::array count_counters = std::to_array<Counter>({
    Counter::listener_accepted_total,            // accepted
    Counter::http_frontend_parse_errors,         // client_faults
    Counter::http_backend_parse_errors,          // backend_faults
    Counter::h1_backend_eof,                     // cut_answers
    Counter::http_request_timeouts,              // request_timeouts
    Counter::buffer_exhausted,                   // out_of_buffers
    Counter::backend_pool_hit,                   // pool_hits
    Counter::backend_pool_miss,                  // pool_misses
    Counter::backend_connect_retries,            // retries
    Counter::backend_connect_retries_exhausted,  // retries_exhausted
    Counter::connections_over_limit,             // connections_over_limit
    Counter::requests_over_limit,                // requests_over_limit
});
static_assert(count_counters.size() == static_cast<size_t>(Count::requests_over_limit) + 1);

// Copies at most `limit` bytes of `text` to `at`, where there is room for as many.
std::string_view keep(char*& at, std::string_view text, size_t limit) noexcept {
    const std::string_view kept(at, std::min(text.size(), limit));
    std::copy_n(text.data(), kept.size(), at);
    at += kept.size();
    return kept;
}

bool counts_as_failed(const Record& record) noexcept {
    return record.failed || (record.own_answer && record.status >= 500);
}

std::string_view protocol_name(const Listener& listener, bool tunnel) noexcept {
    if (listener.kind == Listener::Kind::tcp) return "TCP";
    if (tunnel) return listener.scheme() == http::Scheme::https ? "WSS" : "WS";
    return http::name_of(listener.scheme());
}

std::string_view message_of(const Record& record, const Listener& listener, bool tunnel) noexcept {
    if (record.message != nullptr) return record.message;
    if (listener.kind == Listener::Kind::tcp) return "session close";
    return tunnel ? "H1::Upgrade" : "H1::Complete";
}

// In the log a client that did not wait for its answer has the status that nginx invented for it; no answer had it.
uint16_t logged_status(const Record& record, bool tunnel) noexcept {
    constexpr uint16_t client_gone = 499;
    return record.abandoned && record.status == 0 && !tunnel ? client_gone : record.status;
}

std::optional<Duration> shown(Duration time) noexcept {
    if (time == none) return std::nullopt;
    return time;
}

void show_tls(observe::AccessLine& line, const tls::ConnectionInfo& secured) noexcept {
    constexpr uint16_t tls13 = 0x0304;
    line.tls_version = secured.version == tls13 ? "TLSv1.3" : "TLSv1.2";
    if (const tls::Suite* suite = tls::find_suite(secured.suite)) line.tls_cipher = suite->name;
    line.tls_sni = secured.server_name;
    line.tls_alpn = tls::name_of(secured.protocol);
}

// An address as text without allocation.
struct AddressText {
    explicit AddressText(const SocketAddress& address) noexcept : size(address.write(text)) {}
    [[nodiscard]] std::string_view view() const noexcept { return {text, size}; }
    char text[SocketAddress::max_text_size];
    size_t size;
};

}  // namespace

// ---- the record

void Record::begin(Context& context, net::Session& session, Monotonic first) {
    recorder = &context.recorder;
    client = &session;
    session_id = session.ulid();
    request_id = Ulid::make(context.loop.wall(), context.random);
    request_id.write(request_id_text.data());
    client_address = session.peer();
    first_byte = first;
    began = context.loop.now();
    read_before = session.bytes_read();
    written_before = session.bytes_written();
}

void Record::note_request(net::BufferPool& buffers, const http::RequestHead& head) {
    head_bytes = head.received_bytes;
    body = head.body;
    note_texts(buffers, {head.method_text, head.authority, head.path, head.user_agent, head.accept});
    recorder->remember(request_line());
}

void Record::note_texts(net::BufferPool& buffers, const Texts& said) {
    texts = buffers.acquire_small();
    if (texts == nullptr) return;
    const std::span<char> room = texts->room();
    SEKI_CHECK(room.size() >= max_texts_bytes);
    char* at = room.data();
    method = keep(at, said.method, max_method_bytes);  // the first three in a row: request_line()
    *at++ = ' ';
    authority = keep(at, said.authority, max_authority_bytes);
    path = keep(at, said.path, max_path_bytes);
    user_agent = keep(at, said.user_agent, max_user_agent_bytes);
    accept = keep(at, said.accept, max_accept_bytes);
}

void Record::go_on(Context& context, net::Session& session, const tls::ConnectionInfo* info) {
    recorder = &context.recorder;
    client = &session;
    session_id = session.ulid();
    request_id.write(request_id_text.data());
    client_address = session.peer();
    secured = info;
    certificate = info != nullptr ? info->client.get() : nullptr;
}

void Record::answered(uint16_t status_, Monotonic now) noexcept {
    status = status_;
    answered_at = now;
}

uint64_t Record::bytes_in(bool tunnel) const noexcept {
    if (shares_connection) return body_bytes[0];
    const uint64_t read_since = client->bytes_read() - read_before;
    if (tunnel || body.kind == http::BodyKind::chunked) return head_bytes + read_since;
    const bool whole = !failed && !own_answer;
    return head_bytes + (whole ? body.length : std::min(body.length, read_since));
}

void Record::describe(std::string& line) const {
    line += fmt::format(" client={} status={}", client_address.text(), status);
    if (!method.empty()) line += fmt::format(" request=\"{}\"", request_line());
    if (message != nullptr) line += fmt::format(" message=\"{}\"", message);
}

// ---- the recorder

Recorder::Recorder(EventLoop& loop, observe::Log& log, observe::AccessLog* access, observe::Metrics& metrics,
                   const Settings& settings) noexcept
    : loop_(loop), log_(log), access_(access), metrics_(metrics), settings_(settings) {}

Recorder::~Recorder() {
    if (crash_context().owner == this) crash_context() = {};
}

void Recorder::describe_crashes() noexcept { crash_context() = {describe_last, this}; }

void Recorder::before_report() noexcept {
    const bool shared = access_ == nullptr || &access_->sink() == &log_.sink();
    catch_up(Counter::lost_log_lines, log_.sink().lost_lines() + (shared ? 0 : access_->sink().lost_lines()),
             seen_.lost);
    if (access_ == nullptr) return;
    catch_up(Counter::access_logs_count, access_->lines(), seen_.lines);
    catch_up(Counter::unsent_access_logs, shared ? access_->lost_lines() : access_->sink().lost_lines(), seen_.unsent);
}

// Counters may have been cleared since; those who count elsewhere go on.
void Recorder::catch_up(Counter which, uint64_t total, uint64_t& seen) noexcept {
    metrics_.add(which, total - seen);
    seen = total;
}

void Recorder::count(Count what) noexcept { metrics_.add(count_counters[static_cast<size_t>(what)]); }

void Recorder::forwarded(const KeptFields& kept) noexcept {
    metrics_.add(kept.request_id ? Counter::x_request_id_propagated : Counter::x_request_id_generated);
    if (kept.proto) metrics_.add(Counter::trusting_x_proto);
    if (kept.proto_differs) metrics_.add(Counter::trusting_x_proto_diff);
    if (kept.port) metrics_.add(Counter::trusting_x_port);
    if (kept.port_differs) metrics_.add(Counter::trusting_x_port_diff);
    if (kept.malformed > 0) metrics_.add(Counter::forwarded_malformed, kept.malformed);
}

void Recorder::count_status(uint16_t status) noexcept {
    metrics_.add_status(status);
    metrics_.add_own_answer(status);
}

void Recorder::refused(net::Session& client, const Listener& listener, uint16_t status, std::string_view message,
                       const http::RequestHead* head) {
    const bool of_http = listener.kind == Listener::Kind::http;
    if (of_http) metrics_.add(Counter::http_errors);
    if (access_ == nullptr || !access_->wants(true)) return;
    const AddressText address(client.peer());
    observe::AccessLine line;
    line.now = loop_.wall();
    line.failed = true;
    line.session = client.ulid();
    line.client = address.view();
    line.protocol = protocol_name(listener, false);
    line.has_endpoint = of_http;
    if (head != nullptr) {
        line.authority = head->authority;
        line.method = head->method_text;
        line.path = head->path;
        line.user_agent = head->user_agent;
    }
    line.status = status;
    line.message = message;
    access_->write(line);
}

void Recorder::over_limit(const Cluster& cluster, Count limit) {
    count(limit);
    observe::ClusterSeries* series = series_of(cluster);
    if (series == nullptr) return;
    series->add(limit == Count::connections_over_limit ? SeriesCounter::connections_over_limit
                                                       : SeriesCounter::requests_over_limit);
}

// ---- backends

observe::ClusterSeries* Recorder::series_of(const Cluster& cluster) {
    return cluster.backends.forgotten() ? nullptr : metrics_.cluster(cluster.id(), cluster.series);
}

observe::Series* Recorder::series_of(observe::ClusterSeries& series, const backend::Cluster& cluster,
                                     const backend::Backend& backend) {
    // Another one may have its id.
    return backend.removed && !cluster.has(backend.id) ? nullptr : metrics_.backend(series, backend.id);
}

void Recorder::retrying(const Record& record, const backend::Backend& backend, bool kept) {
    count(Count::retries);
    log_.debug(Module::proxy, "[{} {}] {} to backend {} of cluster {} is lost before it answered; trying again",
               record.session_id.text(), record.request_id_as_text(), kept ? "a kept connection" : "a new connection",
               backend.id, backend.cluster_id);
}

void Recorder::connect_failed(const Cluster& cluster, const backend::Backend& backend, std::string_view why) {
    metrics_.add(Counter::backend_connections_error);
    if (observe::ClusterSeries* series = series_of(cluster)) {
        series->add(SeriesCounter::connection_errors);
        observe::Series* own = series_of(*series, cluster.backends, backend);
        if (own != nullptr) own->add(SeriesCounter::connection_errors);
    }
    // One line per failure would drown the log when a busy backend is down: backend_down() has the line for people.
    if (log_.wants(observe::Level::debug, Module::backend)) {
        log_.debug(Module::backend, "backend {} of cluster {} at {}: cannot connect: {}", backend.id,
                   backend.cluster_id, backend.place_text(), why);
    }
}

void Recorder::backend_up(Cluster& cluster, const backend::Backend& backend) {
    metrics_.add(Counter::backend_up);
    log_.info(Module::backend, "backend {} of cluster {} at {} works again", backend.id, backend.cluster_id,
              backend.place_text());
    tell(Happening::Kind::backend_up, backend.cluster_id, &backend);
    if (cluster.backends.recovered()) tell(Happening::Kind::cluster_recovered, backend.cluster_id);
}

void Recorder::backend_down(Cluster& cluster, const backend::Backend& backend, std::string_view why) {
    metrics_.add(Counter::backend_down);
    log_.warn(Module::backend, "backend {} of cluster {} at {} is down: connections to it fail: {}", backend.id,
              backend.cluster_id, backend.place_text(), why);
    tell(Happening::Kind::backend_down, backend.cluster_id, &backend);
    if (cluster.backends.lost_last(loop_.now())) tell(Happening::Kind::no_backends, backend.cluster_id);
}

void Recorder::removed_backend_released(const backend::Backend& backend) {
    tell(Happening::Kind::removed_backend_released, backend.cluster_id, &backend);
}

void Recorder::backend_keeps_none(const backend::Backend& backend) {
    log_.info(
        Module::backend,
        "backend {} of cluster {} at {} ends connections after each answer and does not say so: they are not used "
        "again",
        backend.id, backend.cluster_id, backend.place_text());
}

// ---- exchanges

void Recorder::remember(std::string_view request_line) noexcept {
    last_request_size_ = std::min(request_line.size(), last_request_.size());
    std::copy_n(request_line.data(), last_request_size_, last_request_.data());
}

// In a signal handler: only what was copied before.
unsigned long Recorder::describe_last(void* owner, char* out, unsigned long capacity) {
    const auto& recorder = *static_cast<const Recorder*>(owner);
    const size_t size = std::min<size_t>(recorder.last_request_size_, capacity);
    for (size_t i = 0; i < size; ++i) {
        const char c = recorder.last_request_[i];
        out[i] = c < ' ' || c > '~' ? '?' : c;
    }
    return size;
}

Recorder::Times Recorder::times_of(const Record& record, const backend::Backend* backend) const noexcept {
    const Monotonic now = loop_.now();
    Times times{now - record.first_byte, now - record.first_byte, none, none};
    if (record.was_connected() && record.connected_at >= record.connecting_at) {
        times.connect = record.connected_at - record.connecting_at;
    }
    if (backend == nullptr) return times;
    const bool answered = record.answered_at != Monotonic{};
    // What was not spent on waiting for the backend is our part.
    times.service -= (answered ? record.answered_at : now) - record.began;
    if (answered && !record.own_answer)
        times.response = record.answered_at - std::max(record.began, record.connected_at);
    return times;
}

void Recorder::ended(const Record& record, bool tunnel, const Listener& listener, const Route& route) {
    const Times times = times_of(record, route.backend);
    const uint64_t bytes_in = record.bytes_in(tunnel);
    const uint64_t bytes_out = record.bytes_out();
    const bool of_tcp = listener.kind == Listener::Kind::tcp;
    count_exchange(record, of_tcp, times, bytes_in, bytes_out);
    if (route.cluster != nullptr) {
        const Cluster& cluster = *route.cluster;
        if (observe::ClusterSeries* series = series_of(cluster)) {
            count_series(*series, record, of_tcp, times, bytes_in, bytes_out);
            observe::Series* own =
                route.backend != nullptr ? series_of(*series, cluster.backends, *route.backend) : nullptr;
            if (own != nullptr) count_series(*own, record, of_tcp, times, bytes_in, bytes_out);
        }
    }
    if (access_ == nullptr || !access_->wants(counts_as_failed(record))) return;
    write_line(record, tunnel, listener, route, times, bytes_in, bytes_out);
}

void Recorder::count_exchange(const Record& record, bool of_tcp, const Times& times, uint64_t bytes_in,
                              uint64_t bytes_out) {
    metrics_.add(Counter::bytes_in, bytes_in);
    metrics_.add(Counter::bytes_out, bytes_out);
    metrics_.record(Time::request_time, times.request);
    metrics_.record(Time::service_time, times.service);
    if (times.response != none) metrics_.record(Time::backend_response_time, times.response);
    if (times.connect != none) metrics_.record(Time::backend_connection_time, times.connect);
    if (of_tcp) return metrics_.add(Counter::tcp_requests);
    metrics_.add(Counter::http_requests);
    metrics_.add_status(record.status);
    if (record.own_answer) metrics_.add_own_answer(record.status);
    if (!record.own_answer && record.status != 0) metrics_.add(Counter::http_e2e_http11);
    if (counts_as_failed(record)) metrics_.add(Counter::http_errors);
}

void Recorder::count_series(observe::Series& series, const Record& record, bool of_tcp, const Times& times,
                            uint64_t bytes_in, uint64_t bytes_out) noexcept {
    series.add(SeriesCounter::requests);
    series.add(SeriesCounter::bytes_in, bytes_in);
    series.add(SeriesCounter::bytes_out, bytes_out);
    series.record(Time::request_time, times.request);
    series.record(Time::service_time, times.service);
    if (times.response != none) series.record(Time::backend_response_time, times.response);
    if (times.connect != none) series.record(Time::backend_connection_time, times.connect);
    if (of_tcp) return;
    series.add_status(record.status);
    if (counts_as_failed(record)) series.add(SeriesCounter::http_errors);
}

void Recorder::write_line(const Record& record, bool tunnel, const Listener& listener, const Route& route,
                          const Times& times, uint64_t bytes_in, uint64_t bytes_out) {
    const AddressText client(record.client_address);
    observe::AccessLine line;
    line.now = loop_.wall();
    line.failed = counts_as_failed(record);
    line.session = record.session_id;
    line.request = record.request_id;
    line.client = client.view();
    if (route.frontend != nullptr) {
        line.tags = route.frontend->tags;
        line.tag_list = &route.frontend->tag_list;
    }
    if (record.secured != nullptr && access_->shows_tls()) show_tls(line, *record.secured);
    if (route.cluster != nullptr) line.cluster = route.cluster->id();
    if (route.backend != nullptr) {
        line.backend = route.backend->id;
        line.backend_address = route.backend->address_text;
        if (record.was_connected() || !record.own_answer) {
            line.response_time = shown(loop_.now() - std::max(record.began, record.connected_at));
        }
    }
    line.request_time = times.request;
    line.service_time = times.service;
    if (settings_.round_trips) {
        if (const auto us = record.client->transport().round_trip()) line.client_rtt = std::chrono::microseconds(*us);
    }
    line.bytes_in = bytes_in;
    line.bytes_out = bytes_out;
    line.user_agent = record.user_agent;
    if (record.certificate != nullptr) {
        line.client_subject = record.certificate->subject;
        line.client_fingerprint = record.certificate->fingerprint;
    }
    line.protocol = protocol_name(listener, tunnel);
    line.has_endpoint = listener.kind == Listener::Kind::http;
    line.authority = record.authority;
    line.method = record.method;
    line.path = record.path;
    line.status = logged_status(record, tunnel);
    line.message = message_of(record, listener, tunnel);
    access_->write(line);
}

}  // namespace seki::proxy
