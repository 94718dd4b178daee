#include "tls/shaking.h"

#include <algorithm>
#include <utility>

#include "tls/client_handshaking.h"
#include "tls/handshaking.h"

namespace seki::tls {

using net::IoOutcome;

namespace {

// Whoever speaks HTTP to a port of HTTPS shall read why nobody answers.
constexpr std::string_view plain_http_answer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 53\r\nConnection: close\r\n\r\n"
    "This port speaks HTTPS; the request came without TLS\n";

constexpr std::string_view no_memory = "no memory for a handshake";

// An alert that nobody protects, since there are no keys yet.
std::string plain_alert(Alert alert) { return {'\x15', '\3', '\1', '\0', '\2', '\2', static_cast<char>(alert)}; }

}  // namespace

Shaking::Shaking(std::shared_ptr<const ServerContext> context, const SocketAddress& client)
    : Shaking(context->engine(), Role::server, client) {
    from_ = std::move(context);
}

Shaking::Shaking(std::shared_ptr<const ClientContext> context, const SocketAddress& backend)
    : Shaking(context->engine(), Role::client, backend) {
    to_ = std::move(context);
}

HandshakeSteps& Shaking::steps() noexcept {
    if (own_ != nullptr) return *own_;
    return *openssl_;
}

void Shaking::begin_with_backend() {
    began_ = engine_.loop.now();
    openssl_ = ClientHandshaking::begin(std::exchange(to_, nullptr), peer_);
    if (openssl_ == nullptr) fail(HandshakeFailure::internal, no_memory, {});
}

// The first one of a client says whose handshake it is.
HandshakeStep Shaking::take(std::string_view record) {
    if (begun()) return steps().take(record);
    own_ = OwnHandshake::begin(from_, record);
    if (own_ != nullptr) return HandshakeStep::more;
    openssl_ = Handshaking::accept(from_);
    if (openssl_ != nullptr) return openssl_->take(record);
    fail(HandshakeFailure::internal, no_memory, {});
    return HandshakeStep::more;
}

IoOutcome Shaking::go_on(net::Transport& transport) {
    if (to_ != nullptr) begin_with_backend();
    HandshakeStep step = HandshakeStep::more;
    while (step == HandshakeStep::more && !failed_) {
        if (begun()) {
            if (const IoOutcome sent = send_output(steps(), transport); sent.stop != IoOutcome::Stop::none) return sent;
        }
        if (!holds_record(raw_)) {
            IoOutcome outcome;
            if (!read_more(transport, outcome)) return outcome;
            continue;
        }
        const size_t size = read_record_header(raw_).record_bytes();
        step = take(std::string_view(raw_).substr(0, size));
        raw_.erase(0, std::min(size, raw_.size()));  // nothing is left of it where it failed
    }
    if (step == HandshakeStep::failed) fail(steps().failure(), steps().why(), std::string(steps().output()));
    return {};
}

// False when there is no more of it.
bool Shaking::read_more(net::Transport& transport, IoOutcome& outcome) {
    constexpr size_t piece = 4096;
    const size_t had = raw_.size();
    raw_.resize(had + piece);
    outcome = transport.read(std::span(raw_).subspan(had));
    raw_.resize(had + outcome.bytes);
    if (outcome.stop != IoOutcome::Stop::none) return false;
    if (!speaks_tls()) return true;
    // Nobody protects the first one.
    const size_t longest = begun() ? max_ciphertext_bytes(Version::tls12) : max_fragment_bytes;
    const bool too_long = raw_.size() >= record_header_bytes && read_record_header(raw_).fragment_bytes > longest;
    if (too_long) fail(HandshakeFailure::malformed, "a record is too long", plain_alert(Alert::record_overflow));
    return true;
}

// Looked at before OpenSSL sees it, for it says less to those who do not speak TLS at all.
bool Shaking::speaks_tls() {
    if (speaks_tls_) return true;
    const bool http = raw_[0] >= 'A' && raw_[0] <= 'Z';
    const auto first = static_cast<ContentType>(raw_[0]);
    // A server may have nothing else to say.
    const bool is_alert = first == ContentType::alert && role_ == Role::client;
    speaks_tls_ = (first == ContentType::handshake || is_alert) && (raw_.size() < 2 || raw_[1] == 3);
    if (speaks_tls_) return true;
    const bool answers = http && role_ == Role::server;
    fail(http ? HandshakeFailure::plain_http : HandshakeFailure::malformed,
         http ? "it speaks plain HTTP" : "it speaks no TLS",
         answers ? std::string(plain_http_answer) : plain_alert(Alert::unexpected_message));
    return false;
}

void Shaking::fail(HandshakeFailure failure, std::string_view why, std::string alert) {
    failed_ = true;
    report_failure(failure, why);
    last_words_ = std::move(alert);
    openssl_.reset();
    own_.reset();
    raw_.clear();
}

// ---- reports

HandshakeReport Shaking::report() const {
    HandshakeReport report;
    report.peer = &peer_;
    report.of_backend = role_ == Role::client;
    report.took = engine_.loop.now() - began_;
    return report;
}

void Shaking::report_success(const ConnectionInfo& info, bool took_default) {
    if (!engine_.on_handshake) return;
    HandshakeReport well = report();
    well.server_name = info.server_name;
    well.suite = find_suite(info.suite);
    well.tls13 = info.version == TLS1_3_VERSION;
    well.protocol = info.protocol;
    well.resumed = info.resumed;
    well.default_certificate = took_default;
    well.client_certificate = info.client != nullptr;
    engine_.on_handshake(well);
}

void Shaking::report_failure(HandshakeFailure failure, std::string_view why) {
    if (std::exchange(reported_, true)) return;
    if (role_ == Role::client) why_ = fmt::format("TLS: {}", why);
    if (!engine_.on_handshake) return;
    HandshakeReport failed = report();
    failed.failure = failure;
    failed.why = why;
    if (begun()) failed.server_name = steps().server_name();
    engine_.on_handshake(failed);
}

void Shaking::report_end() {
    if (role_ == Role::server) return report_failure(HandshakeFailure::closed, "the client went");
    if (openssl_ != nullptr) report_failure(HandshakeFailure::timeout, "not in time");
}

std::string_view Shaking::problem() const noexcept {
    const bool late = why_.empty() && openssl_ != nullptr;
    return late ? "TLS: the handshake is not done" : std::string_view(why_);
}

IoOutcome send_output(HandshakeSteps& steps, net::Transport& transport) {
    while (!steps.output().empty()) {
        const IoOutcome sent = transport.write(steps.output());
        steps.sent(sent.bytes);
        if (sent.stop != IoOutcome::Stop::none) return sent;
    }
    return {};
}

}  // namespace seki::tls
