#include "tls/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <openssl/err.h>
#include <utility>

#include "base/check.h"
#include "tls/exported.h"

namespace seki::tls {

namespace {

using net::IoOutcome;
using net::Readiness;

constexpr size_t most_openssl_output = 64 * 1024;  // more than a record and what it may say beside

}  // namespace

TlsTransport::TlsTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<const ServerContext> context,
                           const SocketAddress& client)
    : inner_(std::move(inner)), engine_(context->engine()), role_(Role::server) {
    shaking_ = std::make_unique<Shaking>(std::move(context), client);
}

TlsTransport::TlsTransport(std::unique_ptr<net::Transport> inner, std::shared_ptr<const ClientContext> context,
                           const SocketAddress& backend)
    : inner_(std::move(inner)), engine_(context->engine()), role_(Role::client) {
    shaking_ = std::make_unique<Shaking>(std::move(context), backend);
}

TlsTransport::~TlsTransport() {
    if (state_ == State::shaking && shaking_ != nullptr) shaking_->report_end();
}

void TlsTransport::enter(State next) noexcept {
    SEKI_CHECK(state_ == State::shaking && next != State::shaking);
    state_ = next;
}

TlsTransport::Rest& TlsTransport::rest() {
    if (rest_ == nullptr) rest_ = std::make_unique<Rest>();
    return *rest_;
}

void TlsTransport::drop_empty_rest() noexcept {
    if (rest_ != nullptr && rest_->raw.empty() && rest_->content.empty() && rest_->control.empty()) rest_.reset();
}

// ---- handshake

IoOutcome TlsTransport::establish() {
    if (state_ == State::shaking) {
        const IoOutcome outcome = shake();
        if (outcome.stop == IoOutcome::Stop::blocked) return outcome;
        if (outcome.stop != IoOutcome::Stop::none)
            shaking_->report_failure(HandshakeFailure::closed, "it ended the connection");
    }
    if (state_ != State::open) return IoOutcome::failed(EPROTO);
    return send_control().value_or(IoOutcome{});
}

void TlsTransport::give_up() { shaking_->report_failure(HandshakeFailure::timeout, "not in time"); }

int TlsTransport::connect_error() {
    const bool failed = shaking_ != nullptr && shaking_->has_failure();
    return failed ? EPROTO : inner_->connect_error();
}

std::string_view TlsTransport::connect_problem() const {
    return shaking_ != nullptr ? shaking_->problem() : std::string_view();
}

IoOutcome TlsTransport::shake() {
    const IoOutcome outcome = shaking_->go_on(*inner_);
    if (outcome.stop != IoOutcome::Stop::none) return outcome;
    shaking_->failed() ? refuse() : shaken();
    return {};
}

// The last flight (tickets, or the Finished of TLS 1.2) may be on its way still: then it goes before all else.
void TlsTransport::shaken() {
    std::unique_ptr<Shaking> shaking = std::move(shaking_);
    enter(State::open);
    HandshakeSteps& steps = shaking->steps();
    info_ = steps.info();
    const bool took_default = steps.took_default();
    rest().raw = shaking->take_raw();
    rest().control = steps.output();
    steps.sent(steps.output().size());
    auto taken = steps.take_keys();
    if (taken) {
        records_.emplace(engine_, role_, *taken->suite, std::move(taken->keys),
                         OwnRecords::Progress{.max_fragment = taken->max_fragment});
    }
    // The tickets of TLS 1.3 come behind the handshake.
    const bool only_tickets = taken && taken->suite->version == Version::tls13;
    if (!taken || (role_ == Role::client && only_tickets)) openssl_ = shaking->take_openssl();
    // With the request here already, the answer to it takes along the tickets.
    const bool may_wait = role_ == Role::server && only_tickets && !rest().raw.empty();
    if (!may_wait) static_cast<void>(send_control());
    drop_empty_rest();
    shaking->report_success(info_, took_default);
    if (records_ && openssl_ != nullptr) shaking_ = std::move(shaking);
}

void TlsTransport::refuse() {
    enter(State::refused);
    rest().control = shaking_->take_last_words();
    static_cast<void>(send_control());
}

// ---- hand-over

std::optional<net::Transport::Export> TlsTransport::to_export() const {
    const auto plain = inner_->to_export();
    if (!plain || !records_ || broken_) return std::nullopt;
    Exported connection;
    connection.role = role_;
    connection.info = info_;
    connection.progress = records_->progress();
    connection.input_ended = input_ended_;
    connection.said_all = said_all_;
    if (rest_ != nullptr) {
        connection.raw = rest_->raw;
        connection.content = rest_->content;
        connection.control = rest_->control;
    }
    return Export{plain->fd, write_exported(connection, records_->keys())};
}

Result<std::unique_ptr<TlsTransport>> TlsTransport::adopt(std::unique_ptr<net::Transport> inner, Engine& engine,
                                                          Role role, std::string_view beside) {
    auto keys = engine.secrets.make();
    if (keys == nullptr) return failure("no memory for the keys of a connection");
    auto read = read_exported(beside, *keys);
    if (!read) return std::unexpected(read.error());
    if (read->role != role) return failure("a TLS connection came whose other end this would be");
    // What goes on here goes through memory that all connections have in common.
    if (read->raw.size() > engine.incoming.size() || read->control.size() > engine.outgoing.size() / 2)
        return failure("more of a TLS connection waits than can be gone on with");
    std::unique_ptr<TlsTransport> made(new TlsTransport(std::move(inner), engine, read->role));
    made->enter(State::open);
    made->info_ = std::move(read->info);
    made->input_ended_ = read->input_ended;
    made->said_all_ = read->said_all;
    made->rest() = {std::move(read->raw), std::move(read->content), std::move(read->control)};
    made->drop_empty_rest();
    made->records_.emplace(engine, read->role, *find_suite(made->info_.suite), std::move(keys), read->progress);
    return made;
}

// ---- reading

IoOutcome TlsTransport::read(std::span<char> into) {
    switch (state_) {
        case State::shaking:
            return shake();
        case State::refused:
            return drop_input(into);
        case State::open:
            break;
    }
    const IoOutcome got = read_contents(into);
    drop_empty_rest();
    return got;
}

IoOutcome TlsTransport::drop_input(std::span<char> into) {
    return inner_->read(std::span(engine_.incoming).first(std::min(into.size(), engine_.incoming.size())));
}

IoOutcome TlsTransport::read_contents(std::span<char> into) {
    drained_ = false;
    size_t got = take_kept(into);
    char* const raw = engine_.incoming.data();
    size_t held = 0;
    if (rest_ != nullptr && !rest_->raw.empty()) {
        held = rest_->raw.size();
        std::memcpy(raw, rest_->raw.data(), held);
        rest_->raw.clear();
    }
    IoOutcome stopped;
    while (true) {
        const Taken taken = take_records({raw, held}, into.subspan(got));
        got += taken.content;
        held -= taken.used;
        std::memmove(raw, raw + taken.used, held);
        if (input_is_over() || got > 0 || into.empty()) break;
        // As much as there will be room for, and at least what the record at hand has.
        constexpr size_t around = 64;
        const size_t wanted =
            std::max(into.size() + around, record_header_bytes + max_ciphertext_bytes(Version::tls12));
        const size_t asked = std::min(wanted, engine_.incoming.size() - held);
        stopped = inner_->read({raw + held, asked});
        if (stopped.stop != IoOutcome::Stop::none) break;
        held += stopped.bytes;
        drained_ = stopped.bytes < asked && inner_->drained();
    }
    if (input_is_over()) held = 0;
    if (held > 0) rest().raw.assign(raw, held);
    const bool more_here = rest_ != nullptr && (!rest_->content.empty() || holds_record(rest_->raw));
    drained_ = drained_ && !more_here && !input_is_over();
    if (got > 0 || into.empty()) return {got};
    if (broken_) return IoOutcome::failed(EPROTO);
    if (input_ended_) return IoOutcome::ended();
    // The end of a connection within a record is none that the peer has meant. With a backend it may be the end of an
    // answer that says so in no other way (RFC 9112 §9.8): it has to be said.
    const bool cut = stopped.stop == IoOutcome::Stop::end && (held > 0 || role_ == Role::client);
    if (cut) return IoOutcome::failed(EPROTO);
    return stopped;
}

size_t TlsTransport::take_kept(std::span<char> into) {
    if (rest_ == nullptr || rest_->content.empty()) return 0;
    const size_t size = std::min(into.size(), rest_->content.size());
    std::memcpy(into.data(), rest_->content.data(), size);
    rest_->content.erase(0, size);
    return size;
}

TlsTransport::Taken TlsTransport::take_records(std::span<char> raw, std::span<char> into) {
    Taken all;
    while (all.content < into.size() && !input_is_over()) {
        const std::span<char> left = raw.subspan(all.used);
        const std::string_view seen(left.data(), left.size());
        if (seen.size() < record_header_bytes) break;
        const RecordHeader header = read_record_header(seen);
        if (header.fragment_bytes > max_ciphertext_bytes(Version::tls12)) {
            broke(Alert::record_overflow);
            break;
        }
        if (seen.size() < header.record_bytes()) break;
        const size_t size = header.record_bytes();
        const std::span<char> room = into.subspan(all.content);
        all.content += records_ ? take_record(left.first(size), room) : take_from_openssl(seen.substr(0, size), room);
        all.used += size;
    }
    return all;
}

size_t TlsTransport::take_record(std::span<char> record, std::span<char> into) {
    using Kind = OwnRecords::Read::Kind;
    const std::string sealed = openssl_ != nullptr ? std::string(record.data(), record.size()) : std::string();
    const OwnRecords::Read read = records_->read(record);
    if (read.kind != Kind::ticket) settle_with_backend(read);
    switch (read.kind) {
        case Kind::ticket:
            show_ticket(sealed);
            break;
        case Kind::content:
            return put(read.content, into);
        case Kind::nothing:
            static_cast<void>(send_control());
            break;
        case Kind::ended:
            input_ended_ = true;
            break;
        case Kind::broken:
            broke(read.alert);
            break;
    }
    return 0;
}

// With its first record that is no ticket a backend has taken the handshake for done, or refuses our certificate only
// now (RFC 8446 §4.4.2.4). Tickets that come later are not waited for.
void TlsTransport::settle_with_backend(const OwnRecords::Read& read) {
    openssl_.reset();
    if (shaking_ == nullptr) return;
    if (read.kind == OwnRecords::Read::Kind::broken && !read.alert) {
        const auto alert = static_cast<uint8_t>(read.content.back());
        // The library has names only for alerts that are errors of its own.
        const char* name = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + alert));
        return shaking_->report_failure(HandshakeFailure::alert, name != nullptr ? name : "an alert of no name");
    }
    shaking_.reset();
}

// OpenSSL, which has read nothing but such records since the handshake, makes a session of it.
void TlsTransport::show_ticket(std::string_view record) {
    if (openssl_ == nullptr) return;
    char none[1];
    const bool takes = openssl_->take(record) == HandshakeStep::done && openssl_->read(none) == -1;
    if (!takes) openssl_.reset();
}

size_t TlsTransport::take_from_openssl(std::string_view record, std::span<char> into) {
    if (openssl_->take(record) == HandshakeStep::failed) {
        broken_ = true;
        return 0;
    }
    size_t taken = 0;
    char piece[4096];
    while (true) {
        const int got = openssl_->read(piece);
        if (got > 0) {
            taken += put({piece, static_cast<size_t>(got)}, into.subspan(taken));
            continue;
        }
        input_ended_ = got == 0;
        broken_ = got == -2;
        break;
    }
    // OpenSSL has no limit to what a peer may say beside contents, nor to what it answers.
    if (taken == 0 && !openssl_->may_say_nothing(engine_.loop.now())) broken_ = true;
    if (openssl_->output().size() > most_openssl_output) broken_ = true;
    if (openssl_begun_ == 0 && !send_control()) static_cast<void>(send_output(*openssl_, *inner_));
    return taken;
}

size_t TlsTransport::put(std::string_view content, std::span<char> into) {
    const size_t size = std::min(content.size(), into.size());
    std::memcpy(into.data(), content.data(), size);
    if (size < content.size()) rest().content.append(content.substr(size));
    return size;
}

// The peer is told as far as that can be done at once; nobody waits for it.
void TlsTransport::broke(std::optional<Alert> alert) {
    broken_ = true;
    // Nothing follows a fatal alert (RFC 8446 §6.2), whether or not it could be said.
    if (std::exchange(said_all_, true) || !alert || !records_ || records_->begun() > 0) return;
    say(records_->alert(*alert));
    static_cast<void>(send_control());
}

// ---- writing

size_t TlsTransport::begun() const noexcept { return records_ ? records_->begun() : openssl_begun_; }

IoOutcome TlsTransport::write(std::string_view bytes, bool last) {
    if (state_ != State::open || broken_) return IoOutcome::failed(EPROTO);
    if (!records_) return write_by_openssl(bytes);
    return write_records(bytes, last);
}

IoOutcome TlsTransport::write_records(std::string_view bytes, bool last) {
    size_t gone = 0;
    while (gone < bytes.size()) {
        const std::string_view content = bytes.substr(gone);
        const size_t ahead = put_control_ahead();
        const size_t sent_before = records_->begun_sent();
        const auto batch = records_->seal(content, std::span(engine_.outgoing).subspan(ahead));
        if (!batch) return IoOutcome::failed(EPROTO);
        const std::string_view sealed(engine_.outgoing.data() + sent_before, ahead + batch->sealed_bytes - sent_before);
        const bool all = gone + batch->content_bytes == bytes.size();
        const IoOutcome sent = last && all ? inner_->write_last(sealed) : inner_->write(sealed);
        if (sent.stop == IoOutcome::Stop::error) return sent;
        const size_t of_control = std::min(ahead, sent.bytes);
        if (of_control > 0) rest_->control.erase(0, of_control);
        if (sent.bytes >= ahead) gone += records_->sent(*batch, content, sent_before + sent.bytes - ahead);
        if (sent.bytes < sealed.size()) {
            const Readiness awaits = sent.stop == IoOutcome::Stop::blocked ? sent.awaits : Readiness::output;
            return {gone, IoOutcome::Stop::blocked, awaits, 0};
        }
    }
    drop_empty_rest();
    return {gone};
}

// What is to be said before contents goes with them, in one send. Returns how long it is; 0 behind a record that has
// begun.
size_t TlsTransport::put_control_ahead() {
    if (records_->begun() > 0) return 0;
    answer_key_update();
    if (rest_ == nullptr) return 0;
    SEKI_CHECK(rest_->control.size() <= engine_.outgoing.size() / 2);
    std::memcpy(engine_.outgoing.data(), rest_->control.data(), rest_->control.size());
    return rest_->control.size();
}

// A record counts as written when it has left whole; until then its content comes again and is passed over.
IoOutcome TlsTransport::write_by_openssl(std::string_view bytes) {
    size_t gone = 0;
    while (gone < bytes.size()) {
        if (openssl_begun_ == 0) {
            if (const auto stopped = send_control()) return {gone, stopped->stop, stopped->awaits, stopped->error};
            openssl_begun_ = static_cast<uint32_t>(openssl_->write(bytes.substr(gone)));
            if (openssl_begun_ == 0) return IoOutcome::failed(EPROTO);
        }
        const IoOutcome sent = send_output(*openssl_, *inner_);
        if (sent.stop == IoOutcome::Stop::error) return sent;
        if (sent.stop == IoOutcome::Stop::blocked) return {gone, sent.stop, sent.awaits, 0};
        gone += std::exchange(openssl_begun_, 0);
    }
    return {gone};
}

void TlsTransport::say(std::string record) { rest().control += record; }

// Once for however many the peer has sent while an answer waits (RFC 8446 §4.6.3), so what waits is bounded.
void TlsTransport::answer_key_update() {
    const bool waits = records_->begun() > 0 || (rest_ != nullptr && !rest_->control.empty());
    if (waits || said_all_ || !records_->owes_key_update()) return;
    std::string reply = records_->key_update();
    broken_ |= reply.empty();
    say(std::move(reply));
}

std::optional<IoOutcome> TlsTransport::send_control() {
    if (records_) answer_key_update();
    if (rest_ == nullptr || (records_ && records_->begun() > 0)) return std::nullopt;
    std::string& control = rest_->control;
    while (!control.empty()) {
        const IoOutcome sent = inner_->write(control);
        control.erase(0, sent.bytes);
        if (sent.stop != IoOutcome::Stop::none) return sent;
    }
    return std::nullopt;
}

IoOutcome TlsTransport::say_close_notify() {
    if (state_ == State::open && !std::exchange(said_all_, true)) {
        if (records_ && records_->begun() == 0) say(records_->alert(Alert::close_notify));
        if (!records_ && openssl_begun_ == 0) {
            openssl_->close_notify();
            say(std::string(openssl_->output()));
            openssl_->sent(openssl_->output().size());
        }
    }
    const auto stopped = send_control();
    return stopped.value_or(IoOutcome{});
}

IoOutcome TlsTransport::shutdown_write() {
    const IoOutcome said = say_close_notify();
    if (said.stop != IoOutcome::Stop::none) return said;
    return inner_->shutdown_write();
}

IoOutcome TlsTransport::finish() { return say_close_notify(); }

}  // namespace seki::tls
