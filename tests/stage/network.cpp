#include "stage/network.h"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/check.h"
#include "event/signals.h"

namespace seki::stage {

// ---- the script's end

void Wire::tell(uint32_t events) { network_.tell(fd_, events); }

// Now, or when somebody watches.
void Wire::tell_when_watched(uint32_t events) {
    if (network_.watched_.contains(fd_)) return tell(events);
    untold_ |= events;
}

void Wire::secure(const tls::Client::Settings& settings) {
    SEKI_CHECK(!socket_.valid());
    secured_ = std::make_unique<SecuredEnd>(settings);
    to_worker(secured_->begin());
}

void Wire::send(std::string_view bytes) {
    if (near_closed_ || bytes.empty()) return;
    if (secured_ != nullptr) return to_worker(secured_->send(bytes));
    to_worker(bytes);
}

void Wire::to_worker(std::string_view bytes) {
    if (bytes.empty()) return;
    to_worker_ += bytes;
    socket_.valid() ? push() : tell(EPOLLIN);
}

void Wire::to_script(std::string_view bytes) {
    if (secured_ == nullptr) {
        to_script_ += bytes;
    } else {
        to_worker(secured_->receive(bytes, to_script_));
    }
}

void Wire::finish() {
    if (secured_ != nullptr) to_worker(secured_->finish());
    cut();
}

void Wire::cut() {
    far_finished_ = true;
    socket_.valid() ? push() : tell(EPOLLIN | EPOLLRDHUP);
}

void Wire::reset() {
    far_reset_ = true;
    to_worker_.clear();
    if (socket_.valid()) return socket_.reset();
    tell(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP | EPOLLOUT);
}

std::string Wire::take(size_t bytes) {
    pull();
    std::string taken = to_script_.substr(0, bytes);
    to_script_.erase(0, taken.size());
    pull();
    if (near_full_ && to_script_.size() < capacity_) {
        near_full_ = false;
        tell(EPOLLOUT);
    }
    return taken;
}

void Wire::establish() {
    established_ = true;
    if (!socket_.valid()) return tell(EPOLLOUT);
    const auto waiting = network_.not_connected_.extract(fd_);
    if (waiting.empty() || !network_.watched_.contains(fd_)) return;
    EXPECT_TRUE(network_.kernel_.add(fd_, waiting.mapped(), network_.watched_.at(fd_)).has_value());
}

void Wire::refuse() {
    refused_ = true;
    tell(EPOLLOUT | EPOLLERR | EPOLLHUP);
}

// ---- the worker's end

class WireTransport final : public net::Transport {
public:
    WireTransport(Network& network, WirePtr wire) : network_(network), wire_(std::move(wire)) { ++network_.open_ends_; }
    ~WireTransport() override {
        wire_->near_closed_ = true;
        wire_->near_reset_ = reset_;
        network_.remove(wire_->fd_);
        --network_.open_ends_;
    }

    net::IoOutcome read(std::span<char> into) override {
        if (wire_->far_reset_) return net::IoOutcome::failed(ECONNRESET);
        if (network_.turns_round()) {
            wire_->tell_when_watched(EPOLLOUT);
            return net::IoOutcome::blocked(net::Readiness::output);
        }
        std::string& bytes = wire_->to_worker_;
        if (bytes.empty()) {
            return wire_->far_finished_ ? net::IoOutcome::ended() : net::IoOutcome::blocked(net::Readiness::input);
        }
        const size_t moved = network_.portion(std::min(into.size(), bytes.size()));
        std::copy_n(bytes.begin(), moved, into.begin());
        bytes.erase(0, moved);
        return {.bytes = moved};
    }

    net::IoOutcome write(std::string_view bytes) override {
        using Stop = net::IoOutcome::Stop;
        if (wire_->far_reset_) return net::IoOutcome::failed(EPIPE);
        SEKI_CHECK(wire_->established_ && !wire_->near_finished_);
        const bool turns_round = network_.turns_round();
        if (turns_round) {
            wire_->tell_when_watched(EPOLLIN);
            bytes = bytes.substr(0, network_.portion(bytes.size()) / 2);
        }
        const size_t used = wire_->to_script_.size();
        const bool shaking_hands = wire_->secured_ != nullptr && wire_->secured_->shaking_hands();
        const size_t capacity = shaking_hands ? SIZE_MAX : wire_->capacity_;
        const size_t room = capacity > used ? capacity - used : 0;
        const size_t moved = room == 0 ? 0 : network_.portion(std::min(room, bytes.size()));
        wire_->to_script(bytes.substr(0, moved));
        if (turns_round) return {moved, Stop::blocked, net::Readiness::input, 0};
        if (moved == bytes.size()) return {.bytes = moved};
        wire_->near_full_ = true;
        if (moved < room) wire_->take(0);  // it was chance that cut it: there is room, and an edge that says so
        return {moved, moved == 0 ? Stop::blocked : Stop::none, net::Readiness::output, 0};
    }

    net::IoOutcome shutdown_write() override {
        wire_->near_finished_ = true;
        return {};
    }
    void reset_on_close() override { reset_ = true; }
    int connect_error() override { return wire_->refused_ ? ECONNREFUSED : 0; }

    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override {
        auto watched = loop.watch(wire_->fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, handler, order);
        // As epoll does: what is so already is the first event.
        uint32_t now = std::exchange(wire_->untold_, 0);
        if (!wire_->to_worker_.empty()) now |= EPOLLIN;
        if (wire_->far_finished_) now |= EPOLLIN | EPOLLRDHUP;
        if (wire_->established_) now |= EPOLLOUT;
        if (wire_->far_reset_ || wire_->refused_) now |= EPOLLERR | EPOLLHUP | EPOLLOUT | EPOLLIN;
        wire_->tell(now);
        return watched;
    }
    void unwatch(EventLoop& loop, WatchId id) override { loop.unwatch(wire_->fd_, id); }

private:
    Network& network_;
    WirePtr wire_;
    bool reset_ = false;
};

// The worker's end as a socket of the kernel. What the script is told about its closing goes beside the socket.
class SocketTransport final : public net::Transport {
public:
    SocketTransport(Network& network, WirePtr wire)
        : network_(network), wire_(std::move(wire)), socket_(UniqueFd(wire_->fd_)) {
        ++network_.open_ends_;
        // One that came from another worker may have had the same number, and nobody told us that it was closed.
        network_.watched_.erase(wire_->fd_);
        if (!wire_->established_) network_.not_connected_[wire_->fd_] = 0;
    }
    ~SocketTransport() override {
        wire_->near_closed_ = !wire_->exported_;
        wire_->near_reset_ = reset_;
        network_.remove(wire_->fd_);
        --network_.open_ends_;
    }

    net::IoOutcome read(std::span<char> into) override { return socket_.read(into); }
    net::IoOutcome write(std::string_view bytes) override {
        SEKI_CHECK(wire_->established_ && !wire_->near_finished_);
        return socket_.write(bytes);
    }
    net::IoOutcome shutdown_write() override {
        wire_->near_finished_ = true;
        return socket_.shutdown_write();
    }
    void reset_on_close() override { reset_ = true; }
    int connect_error() override { return wire_->refused_ ? ECONNREFUSED : 0; }
    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override {
        auto watched = socket_.watch(loop, handler, order);
        if (wire_->refused_) wire_->tell(EPOLLERR | EPOLLHUP | EPOLLOUT);
        return watched;
    }
    void unwatch(EventLoop& loop, WatchId id) override { socket_.unwatch(loop, id); }
    // From here on what becomes of this end shows only on the socket.
    [[nodiscard]] std::optional<Export> to_export() const override {
        wire_->exported_ = true;
        return socket_.to_export();
    }
    [[nodiscard]] int plain_fd() const noexcept override { return socket_.plain_fd(); }

private:
    Network& network_;
    WirePtr wire_;
    net::PlainTransport socket_;
    bool reset_ = false;
};

void Wire::push() {
    while (!to_worker_.empty()) {
        const ssize_t sent = ::send(socket_.get(), to_worker_.data(), to_worker_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) to_worker_.clear();
        if (sent <= 0) return;
        to_worker_.erase(0, static_cast<size_t>(sent));
    }
    if (far_finished_ && !std::exchange(finish_pushed_, true)) ::shutdown(socket_.get(), SHUT_WR);
}

void Wire::pull() {
    while (socket_.valid() && to_script_.size() < capacity_) {
        char part[4096];
        const size_t room = std::min(sizeof part, capacity_ - to_script_.size());
        const ssize_t got = ::recv(socket_.get(), part, room, 0);
        if (got == 0 && exported_) near_finished_ = true;
        if (got <= 0) return;
        to_script_.append(part, static_cast<size_t>(got));
    }
}

// ---- the network

void Network::use_sockets(int room) {
    sockets_ = true;
    socket_room_ = room;
    ignore_failing_writes();
}

WirePtr Network::wire() {
    if (!sockets_) return std::make_shared<Wire>(*this, next_fd_++);
    int ends[2];
    SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &socket_room_, sizeof socket_room_);
    auto made = std::make_shared<Wire>(*this, ends[0]);
    made->socket_ = UniqueFd(ends[1]);
    wires_.push_back(made);
    return made;
}

std::unique_ptr<net::Transport> Network::transport(const WirePtr& wire) {
    if (sockets_) return std::make_unique<SocketTransport>(*this, wire);
    return std::make_unique<WireTransport>(*this, wire);
}

WirePtr Network::next_connection(const SocketAddress& address) {
    auto& waiting = connections_[address];
    if (waiting.empty()) return nullptr;
    WirePtr wire = waiting.front();
    waiting.pop_front();
    return wire;
}

std::expected<net::Connection, net::ConnectFailure> Network::connect(const net::Destination& destination) {
    const SocketAddress& to = destination.address;
    unix_paths_.emplace_back(destination.unix_path);
    const auto reception = receptions_.find(to);
    WirePtr made = wire();
    made->established_ = false;
    if (backend_side_ != nullptr) made->secure(*backend_side_);
    auto end = transport(made);
    if (reception == receptions_.end() || reception->second == Reception::refuse) {
        made->refused_ = true;
        return net::Connection{std::move(end), false};
    }
    if (reception->second == Reception::accept) made->establish();
    connections_[to].push_back(made);
    return net::Connection{std::move(end), made->established_};
}

size_t Network::portion(size_t bytes) {
    if (random_ == nullptr || bytes < 2 || random_->below(4) == 0) return bytes;
    return 1 + random_->below(static_cast<uint32_t>(bytes));
}

bool Network::turns_round() { return random_ != nullptr && random_->below(16) == 0; }

Result<> Network::add(int fd, uint32_t events, uint64_t key) {
    watched_[fd] = key;
    if (!sockets_) return {};
    if (!not_connected_.contains(fd)) return kernel_.add(fd, events, key);
    not_connected_[fd] = events;
    return {};
}

void Network::remove(int fd) {
    if (sockets_ && watched_.contains(fd) && !not_connected_.contains(fd)) kernel_.remove(fd);
    watched_.erase(fd);
    pending_.erase(fd);
    not_connected_.erase(fd);
}

bool Network::has_events() {
    ask_kernel();
    return !pending_.empty() || !from_kernel_.empty();
}

void Network::ask_kernel() {
    if (!sockets_) return;
    std::erase_if(wires_, [](const std::weak_ptr<Wire>& wire) { return wire.expired(); });
    for (const auto& weak : wires_) {
        const WirePtr wire = weak.lock();
        wire->push();
        wire->pull();
    }
    for (const Event& event : kernel_.wait(Duration::zero())) from_kernel_.push_back(event);
}

void Network::tell(int fd, uint32_t events) {
    if (events != 0 && watched_.contains(fd)) pending_[fd] |= events;
}

std::span<const Poller::Event> Network::wait(Duration /*timeout*/) {
    ask_kernel();
    events_.swap(from_kernel_);
    from_kernel_.clear();
    for (const auto& [fd, events] : pending_) events_.push_back({events, watched_.at(fd)});
    pending_.clear();
    return events_;
}

}  // namespace seki::stage
