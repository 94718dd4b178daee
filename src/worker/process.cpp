#include "worker/process.h"

#include <array>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"
#include "base/print_error.h"
#include "sandbox/refused_calls.h"
#include "sandbox/worker_sandbox.h"
#include "tls/ticket_keys.h"

namespace seki::worker {

namespace {

// Beyond the stable part nobody passes over what he does not know: it may be what matters.
bool is_of_another_version(const Order& order) {
    if (order.kind_case() < Order::kHello) return false;
    const auto* kind = Order::descriptor()->FindFieldByNumber(order.kind_case());
    const auto& message = Order::GetReflection()->GetMessage(order, kind);
    return !message.GetReflection()->GetUnknownFields(message).empty();
}

observe::AccessLog::Format access_format(const Hello& hello) {
    using Format = observe::AccessLog::Format;
    if (hello.json_access_log()) return Format::json;
    return hello.config().access_log_format() == command::Protobuf ? Format::records : Format::text;
}

}  // namespace

Process::Process(int id, UniqueFd channel)
    : name_(fmt::format("WRK-{:02}", id)),
      loop_(clock_, poller_),
      random_(Random::from_kernel()),
      line_head_(name_),
      channel_(channel_over(std::move(channel))) {
    install_crash_handlers(name_.c_str());
    loop_.at_end_of_turn([this] { turn_ended(); });
}

std::unique_ptr<command::Channel> Process::channel_over(UniqueFd socket) {
    command::Channel::Owner& owner = *this;
    return std::make_unique<command::Channel>(loop_, std::move(socket), command::Channel::Limits::between_processes(),
                                              owner);
}

Process::~Process() {
    statsd_.reset();
    worker_.reset();
}

int Process::run() {
    loop_.run();
    if (statsd_ != nullptr) statsd_->finish();
    channel_->flush();
    return exit_code_;
}

void Process::on_frame(std::string_view payload) {
    Order order;
    const bool whole = order.ParsePartialFromArray(payload.data(), static_cast<int>(payload.size()));
    if (!order.has_id()) return on_malformed("an order without an id");
    if (lifeline_ != nullptr && lifeline_->is_asking() && !order.has_adopt()) return drop_adopter();
    std::vector<UniqueFd> fds = channel_->take_fds(order.descriptors());
    const Result<> understood = whole ? understand(order) : failure("the order cannot be read");
    if (!understood) return refuse(order.id(), understood.error());
    if (order.has_adopt()) return adopt(order);
    last_order_ = order.id();
    if (order.has_log_files()) {
        reopen_logs(order.log_files(), fds);
        return tell_done(order.id());
    }
    if (worker_ != nullptr) return worker_->obey(order, std::move(fds));
    if (auto begun = hello(order.hello(), std::move(fds)); !begun) refuse(order.id(), begun.error());
}

// What is wrong with it may be that it comes from a later version, after an upgrade.
Result<> Process::understand(const Order& order) const {
    const auto& unknown = order.unknown_fields();
    if (order.kind_case() == Order::KIND_NOT_SET)
        return failure("unknown order {}", unknown.field_count() > 0 ? unknown.field(0).number() : 0);
    if (!order.IsInitialized()) return failure("the order lacks {}", order.InitializationErrorString());
    if (is_of_another_version(order)) return failure("the order is of another version than this worker");
    if (worker_ == nullptr && !order.has_hello()) return failure("hello has not come yet");
    if (worker_ != nullptr && order.has_hello()) return failure("hello has come already");
    return {};
}

void Process::refuse(uint64_t order, const Failure& why) {
    Report report;
    report.set_id(order);
    report.mutable_refused()->set_reason(why.message);
    if (!channel_->send(report)) loop_.stop();
}

void Process::tell_done(uint64_t order) {
    Report report;
    report.set_id(order);
    report.mutable_done();
    if (!channel_->send(report)) loop_.stop();
}

// Where nobody could be answered, nothing else can be done: the supervisor would wait for ever. Or there is no channel
// to begin with.
void Process::on_malformed(const std::string& reason) {
    if (lifeline_ != nullptr && lifeline_->is_asking()) return drop_adopter();
    print_error(fmt::format("{}: {}", name_, reason));
    exit_code_ = 1;
    loop_.stop();
}

void Process::on_closed(const std::string& reason) {
    if (lifeline_ != nullptr && lifeline_->is_asking()) return drop_adopter();
    if (worker_ == nullptr) return on_malformed(reason);
    if (lifeline_ != nullptr) lifeline_->wait();
    if (worker_->go_on_alone() && lifeline_ != nullptr)
        return log_->error(observe::Module::worker,
                           "the supervisor is gone: going on until another one adopts this worker");
    log_->error(observe::Module::worker, "the supervisor is gone: ending when the last session has ended");
    worker_->stop(false);
}

// ---- without a supervisor

void Process::make_lifeline(const Hello& hello, std::vector<UniqueFd>& fds) {
    const size_t before =
        1U + static_cast<size_t>(hello.log_files().log()) + static_cast<size_t>(hello.log_files().access_log());
    if (!hello.lifeline() || fds.size() <= before) return;
    auto signals =
        Signals::watch(loop_, std::array{SIGTERM, SIGINT, SIGQUIT}, [this](const auto& signal) { on_signal(signal); });
    if (!signals)
        return log_->error(observe::Module::worker, "it ends with its supervisor: {}", signals.error().message);
    signals_ = std::move(*signals);
    Lifeline::Owner& owner = *this;
    lifeline_ = std::make_unique<Lifeline>(loop_, *log_, std::move(fds[before]), owner);
}

void Process::on_adopter(UniqueFd socket) { channel_ = channel_over(std::move(socket)); }

// Within a call of the channel, perhaps, which is replaced by that of the next one.
void Process::drop_adopter() {
    channel_->close();
    lifeline_->wait();
}

void Process::adopt(const Order& order) {
    if (lifeline_ == nullptr) return refuse(order.id(), Failure{"this worker is nobody else's"});
    Report report;
    report.set_id(order.id());
    Adopted& adopted = *report.mutable_adopted();
    auto sockets = worker_->tell_sockets(order.adopt().first_socket(), adopted);
    if (!sockets) return refuse(order.id(), sockets.error());
    adopted.set_pid(::getpid());
    adopted.set_last_order(last_order_);
    report.set_descriptors(static_cast<uint32_t>(sockets->size()));
    if (lifeline_->is_asking()) log_->info(observe::Module::worker, "another supervisor adopts this worker");
    lifeline_->adopted();
    if (!channel_->send(report, std::move(*sockets))) drop_adopter();
}

void Process::on_signal(const ReceivedSignal& signal) {
    if (!lifeline_->is_needed()) return;
    const bool hard = std::exchange(told_to_end_, true);
    log_->info(observe::Module::worker, "{}: ending {}", signal.text(),
               hard ? "at once" : "when the last session has ended");
    worker_->stop(hard);
}

Result<> Process::hello(const Hello& hello, std::vector<UniqueFd> fds) {
    if (hello.version() != VERSION)
        return failure("the supervisor's version is {}, this worker's {}", hello.version(), static_cast<int>(VERSION));
    if (fds.empty()) return failure("no memory for limits per source came with hello");
    if (auto made = make_logs(hello); !made) return made;
    take_log_files(hello.log_files(), std::span(fds).subspan(1));
    note_absent_targets();
    make_lifeline(hello, fds);
    if (auto opened = open_sources(hello, std::move(fds.front())); !opened) return opened;
    if (auto opened = open_tls(hello); !opened) return opened;
    auto buffers = net::BufferPool::Memory::map(Worker::buffer_sizes(hello.config()));
    if (!buffers) return std::unexpected(buffers.error());
    recorder_ = std::make_unique<proxy::Recorder>(loop_, *log_, access_log_.get(), metrics_);
    recorder_->describe_crashes();
    const Worker::Surroundings around{loop_,    random_, connector_, hashing_, *recorder_,
                                      metrics_, *log_,   *sources_,  *tls_};
    worker_ = std::make_unique<Worker>(around, hello, std::move(*buffers), [this](const Report& report) {
        if (lifeline_ != nullptr && lifeline_->is_needed()) return;  // there is nobody who asked
        if (auto sent = channel_->send(report); !sent) log_->error(observe::Module::worker, "{}", sent.error().message);
    });
    if (hello.config().has_metrics()) {
        if (auto begun = begin_metrics(hello.config().metrics()); !begun) return begun;
    }
    flusher_.begin();
    return enter_sandbox(hello);
}

// From here on there are the descriptors that come, and connections.
Result<> Process::enter_sandbox(const Hello& hello) {
    const sandbox::WorkerSandbox wanted{.seccomp = !hello.no_seccomp(), .landlock = !hello.no_landlock()};
    const auto entered = wanted.enter();
    if (!entered) return std::unexpected(entered.error());
    log_->info(observe::Module::worker, "in its sandbox: {}", *entered);
    return {};
}

Result<> Process::begin_metrics(const command::ServerMetricsConfig& config) {
    const auto address = SocketAddress::parse(config.address());
    if (!address) return std::unexpected(address.error());
    statsd_ = std::make_unique<observe::Statsd>(
        loop_, metrics_, observe::StatsdOutput::Settings{*address, config.prefix(), config.tagged_metrics(), name_},
        [this] { worker_->refresh_figures(); });
    return {};
}

Result<> Process::open_sources(const Hello& hello, UniqueFd memory) {
    auto opened = net::SourceTable::open(std::move(memory));
    if (!opened) return std::unexpected(opened.error());
    if (hello.source_column() >= opened->columns())
        return failure("there is no column {} for limits per source", hello.source_column());
    sources_.emplace(std::move(*opened));
    return {};
}

Result<> Process::open_tls(const Hello& hello) {
    const std::string& told = hello.ticket_secret();
    if (told.empty()) return failure("no secret for session tickets came with hello");
    const std::chrono::seconds lifetime(hello.config().tls_ticket_lifetime());
    auto engine = tls::Engine::make(loop_, tls::ticket_secret_of(told), lifetime);
    if (!engine) return std::unexpected(engine.error());
    tls_ = std::move(*engine);
    for (const FormerTicketSecret& former : hello.former_ticket_secrets())
        tls_->tickets.add_former(tls::ticket_secret_of(former.secret()),
                                 WallTime(std::chrono::milliseconds(former.until_ms())));
    return {};
}

Result<> Process::make_logs(const Hello& hello) {
    const command::ServerConfig& config = hello.config();
    auto sink = make_sink(config.log_target());
    if (!sink) return std::unexpected(sink.error());
    log_sink_ = std::move(*sink);
    log_ = std::make_unique<observe::Log>(*log_sink_, line_head_, clock_);
    log_->set_coloured(config.log_colored());
    if (auto set = log_->set_filter(config.log_level()); !set) return set;
    if (config.has_access_logs_target()) {
        auto access_sink = make_sink(config.access_logs_target());
        if (!access_sink) return std::unexpected(access_sink.error());
        access_sink_ = std::move(*access_sink);
    }
    observe::LogSink& access_sink = access_sink_ != nullptr ? *access_sink_ : *log_sink_;
    access_log_ = std::make_unique<observe::AccessLog>(access_sink, line_head_, *log_, access_format(hello));
    access_log_->set_coloured(config.log_colored());
    return {};
}

// Whether it can be written to was asked before the start; a worker that comes later does not fail for it.
Result<std::unique_ptr<observe::LogSink>> Process::make_sink(const std::string& target) {
    auto sink = observe::LogSink::open(target, line_head_, observe::LogSink::Files::given);
    if (sink) flusher_.add(**sink);
    return sink;
}

void Process::note_absent_targets() {
    for (const observe::LogSink* one : flusher_.sinks()) {
        if (one->is_absent()) log_->warn(observe::Module::worker, "{} is not there: lines wait for it", one->target());
    }
}

void Process::take_log_files(const LogFiles& files, std::span<UniqueFd> fds) {
    const auto take = [&](bool named, observe::LogSink* sink) {
        if (!named || fds.empty()) return;
        if (sink != nullptr) static_cast<void>(sink->give(std::move(fds.front()), clock_.wall()));
        fds = fds.subspan(1);
    };
    take(files.log(), log_sink_.get());
    take(files.access_log(), access_sink_.get());
}

// After a rotation. Files that have not come are not there for the supervisor either, who says so.
void Process::reopen_logs(const LogFiles& files, std::span<UniqueFd> fds) {
    take_log_files(files, fds);
    static_cast<void>(flusher_.reopen());
}

void Process::turn_ended() {
    if (sandbox::RefusedCalls::any()) tell_refused_calls();
    if (worker_ != nullptr && worker_->done()) loop_.stop();
}

void Process::tell_refused_calls() {
    for (const std::string& call : sandbox::RefusedCalls::take())
        log_->warn(observe::Module::worker, "the system call {} is refused by the sandbox (worker_seccomp)", call);
}

}  // namespace seki::worker
