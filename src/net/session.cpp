#include "net/session.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "net/lingering_close.h"

namespace seki::net {

std::string_view describe(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::finished:
            return "finished";
        case CloseReason::peer_closed:
            return "closed by the peer";
        case CloseReason::peer_error:
            return "connection broken";
        case CloseReason::protocol_error:
            return "protocol error";
        case CloseReason::idle:
            return "idle";
        case CloseReason::timeout:
            return "timeout";
        case CloseReason::no_resources:
            return "no resources";
        case CloseReason::stopping:
            return "stopping";
        case CloseReason::stale:
            return "stale";
        case CloseReason::killed:
            return "killed";
        case CloseReason::limited:
            return "over a limit";
        case CloseReason::evicted:
            return "evicted";
        case CloseReason::forgotten:
            return "forgotten";
        case CloseReason::moved:
            return "moved";
    }
    return "?";
}

namespace {

// What is due at a frozen connection is looked at again so much later.
constexpr Duration frozen_pause = std::chrono::seconds(1);

// A write that took a part and says no more was stopped by a lack of room.
Readiness awaited(const IoOutcome& sent) noexcept {
    return sent.stop == IoOutcome::Stop::blocked ? sent.awaits : Readiness::output;
}

}  // namespace

Session::Session(SessionId id, Sessions& owner, Side side, std::unique_ptr<Transport> transport,
                 const SocketAddress& peer, bool connected)
    : id_(id),
      owner_(owner),
      transport_(std::move(transport)),
      ulid_(Ulid::make(owner.loop_.wall(), owner.random_)),
      began_(owner.loop_.now()),
      peer_(peer),
      side_(side),
      connected_(connected) {
    // A client most likely has sent its request already; a backend does not speak first, and its socket says when it
    // does.
    readable_ = side == Side::client;
    writable_ = connected;
}

Session::~Session() = default;

EventLoop& Session::loop() noexcept { return owner_.loop_; }

void Session::start(std::unique_ptr<Protocol> protocol) {
    SEKI_CHECK(protocol_ == nullptr);
    protocol_ = std::move(protocol);
    step();
}

void Session::wake() noexcept {
    if (!closed_) loop().schedule(*this);
}

void Session::close(CloseManner manner, CloseReason reason) {
    if (closed_ || close_wanted_) return;
    close_wanted_ = true;
    wanted_manner_ = manner;
    wanted_reason_ = reason;
    if (!running_) loop().schedule(*this);
}

void Session::on_event(uint32_t events) {
    ends_ |= static_cast<uint16_t>(events & end_events);
    if (!connected_) go_on_connecting(events);
    if (connected_ && (events & write_events_) != 0) writable_ = true;
    if ((events & read_events_) != 0 && !read_closed_) readable_ = true;
    step();
}

// What fails is as a socket that broke; connect_problem() says more.
void Session::go_on_connecting(uint32_t events) {
    if ((events & EPOLLOUT) != 0 && (events & (EPOLLERR | EPOLLHUP)) == 0) stands_ = true;
    if (!stands_) return;
    const IoOutcome done = transport_->establish();
    if (done.stop == IoOutcome::Stop::blocked) return;
    if (done.stop != IoOutcome::Stop::none) {
        ends_ |= EPOLLERR;
        return;
    }
    connected_ = writable_ = true;
    readable_ |= !transport_->drained();  // what came behind the last word of the peer
}

void Session::run() { step(); }

void Session::look() {
    suppose_readable();
    step();
}

void Session::on_timer() {
    if (closed_ || running_) return;
    if (frozen_) return deadline(loop().now() + frozen_pause);
    running_ = true;
    follow(close_wanted_ ? Stay{} : protocol_->on_deadline(*this));
}

void Session::step() {
    if (closed_ || running_ || frozen_) return;
    running_ = true;
    if (shutting_down_ && writable_) continue_shutdown();
    // Whoever was told to end is not asked any more.
    follow(close_wanted_ ? Stay{} : protocol_->on_ready(*this));
}

void Session::follow(Next next) {
    while (true) {
        if (close_wanted_) {
            close_wanted_ = false;
            next = Close{wanted_manner_, wanted_reason_};
        }
        if (std::holds_alternative<Stay>(next)) break;
        if (auto* become = std::get_if<Become>(&next)) {
            loop().deferred_delete(std::exchange(protocol_, std::move(become->successor)));
            next = protocol_->on_ready(*this);
            continue;
        }
        const Close end = std::get<Close>(next);
        if (ends_at_once(end.manner)) {
            running_ = false;
            notify_closed(end.reason);
            // Only now: the protocol may have found that the peer must not take what it has for all there was.
            if (end.manner == CloseManner::now && !has_unsent()) finish();
            release_resources(end.reason);
            return;
        }
        const Lingering allowed = protocol_->lingering();
        protocol_->on_close(*this, end.reason);
        loop().deferred_delete(std::exchange(protocol_, std::make_unique<LingeringClose>(*this, end, allowed)));
        next = protocol_->on_ready(*this);
    }
    running_ = false;
    rearm();
}

// Whether nothing is left to be done before the end. What the format has to say of it is tried in any case, except
// where the peer must not take what it has for all there was.
bool Session::ends_at_once(CloseManner manner) {
    const bool nothing_waits = !has_unsent() || write_failed_ || !connected_;
    switch (manner) {
        case CloseManner::now:
            return true;
        case CloseManner::reset:
            transport_->reset_on_close();
            return true;
        case CloseManner::flush:
            return nothing_waits && finish();
        case CloseManner::linger:
            return false;
    }
    return true;
}

void Session::rearm() {
    if (close_wanted_) return wake();
    // A client whose request is complete is waited for by nobody until its answer is sent: if the connection ends then,
    // it is never watched at all.
    const bool waits = side_ == Side::backend || watch_wanted_ || !protocol_->paused() || has_unsent() || !writable_;
    if (!watch_.valid() && waits) {
        auto watched = transport_->watch(loop(), *this,
                                         side_ == Side::backend ? EventLoop::Order::first : EventLoop::Order::normal);
        if (!watched) return close(CloseManner::now, CloseReason::no_resources);
        watch_ = *watched;
    }
    // More may be there and nobody holds the reading back: go on in the next turn, no edge will come.
    if (readable_ && !protocol_->paused()) wake();
}

void Session::notify_closed(CloseReason reason) {
    closed_ = true;
    protocol_->on_close(*this, reason);
    loop().timers().cancel(*this);
}

void Session::release_resources(CloseReason reason) {
    if (!closed_) notify_closed(reason);
    // The descriptor is this worker's alone: closing it takes it out of epoll.
    if (watch_.valid()) loop().forget(watch_);
    transport_.reset();
    unread_.reset();
    unsent_.reset();
    if (side_ == Side::client) --owner_.clients_;
    owner_.ended_.push_back(id_);
}

void Session::freeze() {
    SEKI_CHECK(!running_ && !closed_ && !frozen_);
    if (watch_.valid()) transport_->unwatch(loop(), std::exchange(watch_, {}));
    frozen_ = true;
}

// What has happened meanwhile was told to nobody.
void Session::thaw() noexcept {
    frozen_ = false;
    watch_wanted_ = true;
    suppose_readable();
    wake();
}

void Session::depart() {
    SEKI_CHECK(frozen_ && !closed_);
    release_resources(CloseReason::moved);
}

Session::Carried Session::carried() const noexcept {
    return {ulid_, bytes_read_, bytes_written_, read_closed_, output_ended_, shutting_down_};
}

void Session::start_frozen(std::unique_ptr<Protocol> protocol, const Carried& carried) {
    SEKI_CHECK(protocol_ == nullptr && connected_);
    ulid_ = carried.ulid;
    bytes_read_ = carried.bytes_read;
    bytes_written_ = carried.bytes_written;
    read_closed_ = carried.read_closed;
    readable_ = !read_closed_;
    output_ended_ = carried.output_ended;
    shutting_down_ = carried.shutting_down;
    frozen_ = true;
    protocol_ = std::move(protocol);
}

Session::Released Session::release() {
    SEKI_CHECK(!running_ && !closed_ && !shutting_down_);
    notify_closed(CloseReason::moved);
    if (watch_.valid()) transport_->unwatch(loop(), std::exchange(watch_, {}));
    Released released{std::move(transport_), std::move(unread_), std::move(unsent_)};
    release_resources(CloseReason::moved);
    return released;
}

IoOutcome Session::read(std::span<char> into) {
    if (!readable_) return {.stop = IoOutcome::Stop::blocked};
    const IoOutcome got = transport_->read(into);
    bytes_read_ += got.bytes;
    if (got.stop == IoOutcome::Stop::none) {
        // A transport that is more than a socket may hold more than the socket does.
        if (got.bytes < into.size() && !end_reported() && transport_->drained()) {
            readable_ = false;
            read_events_ = events_of(Readiness::input);
        }
        return got;
    }
    readable_ = false;
    read_events_ = events_of(got.awaits);
    if (got.stop != IoOutcome::Stop::blocked) read_closed_ = true;
    return got;
}

IoOutcome Session::discard(size_t budget) {
    std::array<char, 32 * 1024> discarded;
    IoOutcome all;
    while (all.stop == IoOutcome::Stop::none && all.bytes < budget) {
        const IoOutcome got = read(discarded);
        all.bytes += got.bytes;
        all.stop = got.stop;
    }
    return all;
}

size_t Session::write(std::string_view bytes) {
    SEKI_DCHECK(!has_unsent());
    if (!writable_ || write_failed_) return 0;
    const IoOutcome sent = transport_->write(bytes);
    if (sent.stop == IoOutcome::Stop::error) {
        write_broke();
        return 0;
    }
    if (sent.bytes < bytes.size()) write_blocked(awaited(sent));
    bytes_written_ += sent.bytes;
    return sent.bytes;
}

bool Session::flush(Flush how) {
    if (!has_unsent()) {
        if (how != Flush::keep) unsent_.reset();
        return true;
    }
    if (!writable_ || write_failed_) return false;
    const std::string_view waiting = unsent_->data();
    const IoOutcome sent = how == Flush::last ? transport_->write_last(waiting) : transport_->write(waiting);
    if (sent.stop == IoOutcome::Stop::error) {
        write_broke();
        return false;
    }
    if (sent.bytes < waiting.size()) write_blocked(awaited(sent));
    bytes_written_ += sent.bytes;
    unsent_->consume(sent.bytes);
    if (!unsent_->empty()) return false;
    if (how != Flush::keep) unsent_.reset();
    return true;
}

// Whoever wrote may be another: the protocol shall see it, and a session that is not watched hears of it in no other
// way.
void Session::write_broke() noexcept {
    write_failed_ = true;
    wake();
}

void Session::write_blocked(Readiness awaits) noexcept {
    writable_ = false;
    write_events_ = events_of(awaits);
    if (!watched()) wake();
}

void Session::shutdown_write() {
    SEKI_DCHECK(!has_unsent());
    if (output_ended_) return;
    output_ended_ = true;
    continue_shutdown();
}

void Session::continue_shutdown() {
    const IoOutcome done = transport_->shutdown_write();
    shutting_down_ = done.stop == IoOutcome::Stop::blocked;
    if (shutting_down_) write_blocked(done.awaits);
    if (done.stop == IoOutcome::Stop::error) write_broke();
}

bool Session::finish() {
    if (write_failed_ || broken() || !connected_) return true;
    if ((shutting_down_ || finish_waits_) && !writable_) return false;
    const IoOutcome done = transport_->finish();
    finish_waits_ = done.stop == IoOutcome::Stop::blocked;
    if (finish_waits_) write_blocked(done.awaits);
    return !finish_waits_;
}

void Session::deadline(Monotonic when) { loop().timers().arm(*this, when); }

std::string Session::describe() const {
    char peer_text[SocketAddress::max_text_size];
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(owner_.loop_.now() - began_);
    const std::string_view end = broken()          ? " broken"
                                 : hung_up()       ? " hung-up"
                                 : peer_finished() ? " peer-finished"
                                                   : "";
    std::string line = fmt::format(
        "{} {} {} age={}ms read={} written={} unread={} unsent={}{}{}{}{} ", ulid_.text(),
        side_ == Side::client ? "client" : "backend", std::string_view(peer_text, peer_.write(peer_text)), age.count(),
        bytes_read_, bytes_written_, unread_ ? unread_->size() : 0, unsent_ ? unsent_->size() : 0,
        readable_ ? " readable" : "", writable_ ? "" : " unwritable", read_closed_ ? " read-closed" : "", end);
    if (protocol_ != nullptr) protocol_->describe(line);
    return line;
}

Sessions::Sessions(EventLoop& loop, Random& random, uint32_t capacity, uint32_t linger_places)
    : loop_(loop), random_(random), slab_(capacity), linger_places_(linger_places) {
    loop.at_end_of_turn([this] { delete_ended(); });
}

Sessions::~Sessions() { end_all(); }

void Sessions::end_all() {
    close_all(CloseManner::now, CloseReason::stopping);
    for_each([](Session& session) {
        session.frozen_ = false;
        session.step();
    });
    delete_ended();
}

Session* Sessions::open(Session::Side side, std::unique_ptr<Transport> transport, const SocketAddress& peer,
                        bool connected) {
    Session* session = slab_.find(slab_.emplace(*this, side, std::move(transport), peer, connected));
    if (session != nullptr && side == Session::Side::client) ++clients_;
    return session;
}

Session* Sessions::find(SessionId id) noexcept {
    Session* session = slab_.find(id);
    return session != nullptr && !session->closed_ ? session : nullptr;
}

bool Sessions::take_linger_place() noexcept {
    if (linger_places_ == 0) return false;
    --linger_places_;
    return true;
}

void Sessions::close_all(CloseManner manner, CloseReason reason) {
    for_each([&](Session& session) { session.close(manner, reason); });
}

void Sessions::delete_ended() {
    for (const SessionId id : ended_) slab_.erase(id);
    ended_.clear();
}

}  // namespace seki::net
