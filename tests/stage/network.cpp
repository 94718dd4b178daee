#include "stage/network.h"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>

#include "base/check.h"

namespace seki::stage {

// --- the script's end
// --------------------------------------------------------------------------------------------------

void Wire::tell(uint32_t events) { network_.tell(fd_, events); }

void Wire::send(std::string_view bytes) {
    if (near_closed_ || bytes.empty()) return;
    to_worker_ += bytes;
    tell(EPOLLIN);
}

void Wire::finish() {
    far_finished_ = true;
    tell(EPOLLIN | EPOLLRDHUP);
}

void Wire::reset() {
    far_reset_ = true;
    to_worker_.clear();
    tell(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP | EPOLLOUT);
}

std::string Wire::take(size_t bytes) {
    std::string taken = to_script_.substr(0, bytes);
    to_script_.erase(0, taken.size());
    if (near_full_ && to_script_.size() < capacity_) {
        near_full_ = false;
        tell(EPOLLOUT);
    }
    return taken;
}

void Wire::establish() {
    established_ = true;
    tell(EPOLLOUT);
}

void Wire::refuse() {
    refused_ = true;
    tell(EPOLLOUT | EPOLLERR | EPOLLHUP);
}

// --- the worker's end
// --------------------------------------------------------------------------------------------------

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
        using Stop = net::IoOutcome::Stop;
        if (wire_->far_reset_) return {0, Stop::error, ECONNRESET};
        std::string& bytes = wire_->to_worker_;
        if (bytes.empty())
            return wire_->far_finished_ ? net::IoOutcome{0, Stop::end, 0} : net::IoOutcome{0, Stop::blocked, 0};
        const size_t moved = network_.portion(std::min(into.size(), bytes.size()));
        std::copy_n(bytes.begin(), moved, into.begin());
        bytes.erase(0, moved);
        return {moved, Stop::none, 0};
    }

    net::IoOutcome write(std::string_view bytes) override {
        using Stop = net::IoOutcome::Stop;
        if (wire_->far_reset_) return {0, Stop::error, EPIPE};
        SEKI_CHECK(wire_->established_ && !wire_->near_finished_);
        const size_t used = wire_->to_script_.size();
        const size_t room = wire_->capacity_ > used ? wire_->capacity_ - used : 0;
        const size_t moved = room == 0 ? 0 : network_.portion(std::min(room, bytes.size()));
        wire_->to_script_ += bytes.substr(0, moved);
        if (moved == bytes.size()) return {moved, Stop::none, 0};
        wire_->near_full_ = true;
        if (moved < room) wire_->take(0);  // it was chance that cut it: there is room, and an edge that says so
        return {moved, moved == 0 ? Stop::blocked : Stop::none, 0};
    }

    void shutdown_write() override { wire_->near_finished_ = true; }
    void reset_on_close() override { reset_ = true; }
    int connect_error() override { return wire_->refused_ ? ECONNREFUSED : 0; }

    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override {
        auto watched = loop.watch(wire_->fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, handler, order);
        // As epoll does: what is so already is the first event.
        uint32_t now = 0;
        if (!wire_->to_worker_.empty()) now |= EPOLLIN;
        if (wire_->far_finished_) now |= EPOLLIN | EPOLLRDHUP;
        if (wire_->established_) now |= EPOLLOUT;
        if (wire_->far_reset_ || wire_->refused_) now |= EPOLLERR | EPOLLHUP | EPOLLOUT | EPOLLIN;
        wire_->tell(now);
        return watched;
    }

private:
    Network& network_;
    WirePtr wire_;
    bool reset_ = false;
};

// --- the network
// -------------------------------------------------------------------------------------------------------

WirePtr Network::wire() { return std::make_shared<Wire>(*this, next_fd_++); }

std::unique_ptr<net::Transport> Network::transport(const WirePtr& wire) {
    return std::make_unique<WireTransport>(*this, wire);
}

WirePtr Network::next_connection(const SocketAddress& address) {
    auto& waiting = connections_[address];
    if (waiting.empty()) return nullptr;
    WirePtr wire = waiting.front();
    waiting.pop_front();
    return wire;
}

std::expected<net::Connection, net::ConnectFailure> Network::connect(const SocketAddress& to) {
    const auto reception = receptions_.find(to);
    WirePtr made = wire();
    made->established_ = false;
    auto end = transport(made);
    if (reception == receptions_.end() || reception->second == Reception::refuse) {
        made->refused_ = true;
        return net::Connection{std::move(end), false};
    }
    if (reception->second == Reception::accept) made->established_ = true;
    connections_[to].push_back(made);
    return net::Connection{std::move(end), made->established_};
}

size_t Network::portion(size_t bytes) {
    if (random_ == nullptr || bytes < 2 || random_->below(4) == 0) return bytes;
    return 1 + random_->below(static_cast<uint32_t>(bytes));
}

Result<> Network::add(int fd, uint32_t /*events*/, uint64_t key) {
    watched_[fd] = key;
    return {};
}

void Network::remove(int fd) {
    watched_.erase(fd);
    pending_.erase(fd);
}

void Network::tell(int fd, uint32_t events) {
    if (events != 0 && watched_.contains(fd)) pending_[fd] |= events;
}

std::span<const Poller::Event> Network::wait(Duration /*timeout*/) {
    events_.clear();
    for (const auto& [fd, events] : pending_) events_.push_back({events, watched_.at(fd)});
    pending_.clear();
    return events_;
}

}  // namespace seki::stage
