#include "stage/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/check/check.h"
#include "config/convert.h"
#include "proxy/stream_client.h"
#include "stage/text_codec.h"
#include "tls/identities.h"

namespace seki::stage {

SocketAddress backend_address(uint8_t n) { return SocketAddress::v4(0x0A000000U + n, 80); }

const worker::ListenerKey Stage::http{command::HTTP, SocketAddress::v4(0x7F000001U, 80)};
const worker::ListenerKey Stage::tcp{command::TCP, SocketAddress::v4(0x7F000001U, 81)};

const worker::ListenerKey Stage::https{command::HTTPS, SocketAddress::v4(0x7F000001U, 443)};

namespace {

worker::Hello hello(const Stage::Options& options) {
    worker::Hello hello;
    hello.set_version(worker::VERSION);
    hello.set_worker_id(0);
    hello.set_worker_count(1);
    hello.set_source_column(0);
    command::ServerConfig& config = *hello.mutable_config();
    config.set_max_connections(options.max_connections);
    config.set_evict_on_queue_full(options.evicts);
    config.set_max_buffers(options.max_buffers);
    config.set_buffer_size(options.buffer_size);
    if (options.idle_connections) config.set_backend_idle_connections_total(*options.idle_connections);
    return hello;
}

tls::TicketSecret ticket_secret() {
    tls::TicketSecret secret;
    std::ranges::fill(secret.resize(tls::TicketSecret::capacity), uint8_t{7});
    return secret;
}

}  // namespace

Stage::Stage(const Options& options)
    : random(options.seed),
      loop(clock, network),
      line_head("STAGE", 1),
      sink(open_sink()),
      log_(*sink, line_head, clock),
      access_log(*sink, line_head, log_),
      recorder(loop, log_, &access_log, metrics),
      sources(net::SourceTable::create(2).value()),
      tls(tls::Engine::make(loop, ticket_secret(), std::chrono::hours(12)).value()) {
    const worker::Worker::Surroundings around{loop, random, network, hasher, recorder, metrics, log_, sources, *tls};
    const worker::Hello first = hello(options);
    auto buffers = net::BufferPool::Memory::map(worker::Worker::buffer_sizes(first.config())).value();
    worker = std::make_unique<worker::Worker>(around, first, std::move(buffers), [this](const worker::Report& report) {
        if (report.id() != 0) reports_.push_back(report);
    });
    command::Request listen;
    command::HttpListenerConfig& http_listener = *listen.mutable_add_http_listener();
    *http_listener.mutable_address() = config::to_wire(http.address);
    http_listener.set_back_timeout(options.back_timeout_s);
    command::Request listen_tcp;
    *listen_tcp.mutable_add_tcp_listener()->mutable_address() = config::to_wire(tcp.address);
    change({listen, listen_tcp});
    worker::Order serve;
    serve.mutable_serve();
    order(serve);
}

Stage::~Stage() {
    worker->stop(true);
    settle();
    EXPECT_TRUE(worker->done());
    worker->sessions().close_all(net::CloseManner::now, net::CloseReason::stopping);
    settle();
    EXPECT_EQ(worker->sessions().size(), 0U);
    EXPECT_EQ(worker->context().running_exchanges(), 0U);
    EXPECT_EQ(worker->buffers().reserved(), 0U);
    EXPECT_EQ(worker->buffers().in_use(), 0U);
    EXPECT_EQ(worker->buffers().small_in_use(), 0U);
    EXPECT_EQ(worker->pipes().in_use(), 0U);
    EXPECT_EQ(worker->pool().size(), 0U);
    EXPECT_EQ(worker->context().source_counts.held(), 0U);
    EXPECT_EQ(network.open_ends(), 0U);
}

std::unique_ptr<observe::LogSink> Stage::open_sink() {
    log_file = UniqueFd(::memfd_create("log", MFD_CLOEXEC));
    return std::move(*observe::LogSink::over(log_file.get(), line_head));
}

// ---- given

worker::Report Stage::order(worker::Order order, std::vector<UniqueFd> fds) {
    order.set_id(next_order_++);
    reports_.clear();
    worker->obey(order, std::move(fds));
    return reports_.empty() ? worker::Report() : reports_.front();
}

worker::Report Stage::prepare(const std::vector<command::Request>& changes) {
    worker::Order prepare;
    config::UsedSegments segments;
    for (const command::Request& change : changes) {
        command::Request& told = *prepare.mutable_prepare()->add_changes();
        if (change.has_add_certificate()) {
            place(change.add_certificate(), told, *prepare.mutable_prepare(), segments);
        } else {
            told = change;
        }
    }
    segments.name_in(*prepare.mutable_prepare());
    std::vector<UniqueFd> fds;
    EXPECT_TRUE(segments.copy_to(fds));
    return order(prepare, std::move(fds));
}

// As the supervisor keeps it.
void Stage::place(const command::AddCertificate& addition, command::Request& told, worker::Prepare& order,
                  config::UsedSegments& segments) {
    command::Request request;
    *request.mutable_add_certificate() = addition;
    const auto checked = config::check(std::move(request));
    ASSERT_TRUE(checked);
    const auto& added = (*checked)->add_certificate();
    const auto stored = config::StoredCertificate::store(added, certificates_);
    ASSERT_TRUE(stored);
    config::place_certificate(config::Certificates::key(added), *stored, told, order);
    segments.add(*stored);
}

worker::Report Stage::change(const std::vector<command::Request>& changes) {
    const worker::Report prepared = prepare(changes);
    if (!prepared.has_prepared()) return prepared;
    worker::Order commit;
    commit.mutable_commit();
    return order(commit);
}

void Stage::route_to_backends(int count, std::string_view host) {
    std::vector<command::Request> changes{add_frontend("c", host)};
    for (int n = 1; n <= count; ++n) {
        changes.push_back(add_backend("c", static_cast<uint8_t>(n)));
        network.listen(backend_address(static_cast<uint8_t>(n)));
    }
    ASSERT_TRUE(change(changes).has_done());
}

void Stage::tunnel_to_backends(int count) {
    command::Request frontend;
    frontend.mutable_add_tcp_frontend()->set_cluster_id("c");
    *frontend.mutable_add_tcp_frontend()->mutable_address() = config::to_wire(tcp.address);
    std::vector<command::Request> changes{frontend};
    for (int n = 1; n <= count; ++n) {
        changes.push_back(add_backend("c", static_cast<uint8_t>(n)));
        network.listen(backend_address(static_cast<uint8_t>(n)));
    }
    ASSERT_TRUE(change(changes).has_done());
}

void Stage::listen_with(const std::function<void(command::HttpListenerConfig&)>& set) {
    command::Request listen;
    command::HttpListenerConfig& listener = *listen.mutable_add_http_listener();
    *listener.mutable_address() = config::to_wire(http.address);
    set(listener);
    ASSERT_TRUE(change({listen}).has_done());
}

void Stage::listen_secured(const std::function<void(command::HttpsListenerConfig&)>& set) {
    static const tls::PemPair pair = tls::to_pem(*tls::make_certificate({.names = {"a", "b"}}));
    command::Request listen;
    command::HttpsListenerConfig& listener = *listen.mutable_add_https_listener();
    *listener.mutable_address() = config::to_wire(https.address);
    listener.set_strict_sni_binding(false);
    listener.set_certificate(pair.certificate);
    listener.set_key(pair.key);
    if (set) set(listener);
    command::Request certificate;
    *certificate.mutable_add_certificate()->mutable_address() = listener.address();
    certificate.mutable_add_certificate()->mutable_certificate()->set_certificate(pair.certificate);
    certificate.mutable_add_certificate()->mutable_certificate()->set_key(pair.key);
    const worker::Report report = change({listen, certificate});
    ASSERT_TRUE(report.has_done()) << report.refused().reason();
}

// ---- when

SocketAddress Stage::next_peer(uint8_t source) { return SocketAddress::v4(0xC0000200U + source, next_port_++); }

WirePtr Stage::accept_connection(const worker::ListenerKey& key, std::string_view first_bytes,
                                 const SocketAddress& peer) {
    WirePtr wire = network.wire();
    auto end = network.transport(wire);
    wire->send(first_bytes);
    worker->accept_connection(key, std::move(end), peer);
    return wire;
}

WirePtr Stage::client(std::string_view first_bytes) { return accept_connection(http, first_bytes, next_peer()); }

WirePtr Stage::secured_client(std::string_view first_bytes, const tls::Client::Settings& settings) {
    WirePtr wire = network.wire();
    auto end = network.transport(wire);
    wire->secure(settings);
    wire->send(first_bytes);
    worker->accept_connection(https, std::move(end), next_peer());
    return wire;
}

WirePtr Stage::client_from(uint8_t source, std::string_view first_bytes) {
    return accept_connection(http, first_bytes, next_peer(source));
}

WirePtr Stage::client_at(const SocketAddress& peer, std::string_view first_bytes) {
    return accept_connection(http, first_bytes, peer);
}

WirePtr Stage::client_that_runs(const MakeProtocol& make, std::string_view first_bytes) {
    WirePtr wire = network.wire();
    auto end = network.transport(wire);
    wire->send(first_bytes);
    net::Session* session = worker->sessions().open(net::Session::Side::client, std::move(end), next_peer(), true);
    session->start(make(*session));
    return wire;
}

WirePtr Stage::stream_client(std::string_view first_bytes) {
    return client_that_runs(
        [this](net::Session& session) {
            return std::make_unique<proxy::StreamClient>(session, worker->context(), worker->listener(http),
                                                         std::make_unique<TextCodec>(), http::Scheme::http);
        },
        first_bytes);
}

WirePtr Stage::tunnel_client(std::string_view first_bytes) { return accept_connection(tcp, first_bytes, next_peer()); }

bool Stage::has_connection(uint8_t n) {
    settle();
    return network.has_connection(backend_address(n));
}

WirePtr Stage::backend(uint8_t n) {
    settle();
    WirePtr wire = network.next_connection(backend_address(n));
    EXPECT_NE(wire, nullptr) << "nobody connected to backend " << int{n};
    return wire != nullptr ? wire : network.wire();
}

void Stage::settle() {
    do {
        loop.turn(Duration::zero());
    } while (network.has_events() || loop.has_ready());
}

void Stage::pass(Duration time) {
    settle();
    clock.advance(time);
    settle();
}

std::string Stage::log() {
    sink->flush(clock.wall());
    std::string text(static_cast<size_t>(::lseek(log_file.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(log_file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
}

// ---- words

command::Request add_backend(std::string_view cluster, uint8_t n) {
    command::Request request;
    command::AddBackend& backend = *request.mutable_add_backend();
    backend.set_cluster_id(std::string(cluster));
    backend.set_backend_id(fmt::format("b{}", n));
    *backend.mutable_address() = config::to_wire(backend_address(n));
    return request;
}

command::Request remove_backend(std::string_view cluster, uint8_t n) {
    command::Request request;
    command::RemoveBackend& backend = *request.mutable_remove_backend();
    backend.set_cluster_id(std::string(cluster));
    backend.set_backend_id(fmt::format("b{}", n));
    *backend.mutable_address() = config::to_wire(backend_address(n));
    return request;
}

static command::RequestHttpFrontend frontend(std::string_view cluster, std::string_view host, std::string_view path) {
    command::RequestHttpFrontend frontend;
    if (!cluster.empty()) frontend.set_cluster_id(std::string(cluster));
    *frontend.mutable_address() = config::to_wire(Stage::http.address);
    frontend.set_hostname(std::string(host));
    frontend.mutable_path()->set_kind(command::PREFIX);
    frontend.mutable_path()->set_value(std::string(path));
    return frontend;
}

command::Request add_frontend(std::string_view cluster, std::string_view host, std::string_view path) {
    command::Request request;
    *request.mutable_add_http_frontend() = frontend(cluster, host, path);
    return request;
}

command::Request remove_frontend(std::string_view cluster, std::string_view host, std::string_view path) {
    command::Request request;
    *request.mutable_remove_http_frontend() = frontend(cluster, host, path);
    return request;
}

command::Request secured(const command::Request& request) {
    command::Request twin;
    if (request.has_add_http_frontend()) *twin.mutable_add_https_frontend() = request.add_http_frontend();
    if (request.has_remove_http_frontend()) *twin.mutable_remove_https_frontend() = request.remove_http_frontend();
    command::RequestHttpFrontend& frontend =
        twin.has_add_https_frontend() ? *twin.mutable_add_https_frontend() : *twin.mutable_remove_https_frontend();
    *frontend.mutable_address() = config::to_wire(Stage::https.address);
    return twin;
}

std::string get(std::string_view path, std::string_view more) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", path, more);
}

std::string answer(std::string_view body, std::string_view more) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more, body);
}

}  // namespace seki::stage
