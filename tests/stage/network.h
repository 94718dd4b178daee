#pragma once

// A network within one thread: connections whose far end is a script. It is the poller of the worker's loop, too: what
// a script does becomes events, edge-triggered as with epoll, in the order in which it was done. With a seed, reads and
// writes move partial amounts, and some wait for the other direction first.
//
// Where only sockets of the kernel will do (splice(2), moving to another worker), connections are pairs of those; the
// script sees no difference but one: such a pair cannot be reset, only closed.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "event/poller.h"
#include "net/connector.h"
#include "net/transport.h"
#include "stage/secured_end.h"

namespace seki::stage {

class Network;

// One connection. The near end is the worker's transport, the far end the script's.
class Wire {
public:
    explicit Wire(Network& network, int fd) : network_(network), fd_(fd) {}

    // ---- the script's end

    // From here on the script's bytes go through TLS. In the memory of the network only.
    void secure(const tls::Client::Settings& settings);
    // The same for a backend, which waits for what the worker says first.
    void secure(const tls::ServerSide& side) { secured_ = std::make_unique<SecuredEnd>(side); }
    [[nodiscard]] SecuredEnd* secured() noexcept { return secured_.get(); }
    void send(std::string_view bytes);
    // No more bytes will come from here (FIN).
    void finish();
    // The same without a word of TLS that this was all.
    void cut();
    // The connection breaks (RST).
    void reset();
    // How many bytes the worker may have on their way to us; the rest it has to keep.
    void take_at_most(size_t bytes) { capacity_ = bytes; }
    // What came and was not taken yet, and taking it.
    [[nodiscard]] const std::string& received() {
        pull();
        return to_script_;
    }
    std::string take(size_t bytes = SIZE_MAX);
    [[nodiscard]] bool peer_finished() const noexcept { return near_finished_; }
    [[nodiscard]] bool peer_closed() const noexcept { return near_closed_; }
    [[nodiscard]] bool peer_reset() const noexcept { return near_reset_; }
    // What a clean end looks like from here.
    [[nodiscard]] bool saw_end() const noexcept {
        const bool said = secured_ == nullptr || secured_->saw_end();
        return (near_finished_ || near_closed_) && !near_reset_ && said;
    }
    // Sent from here and not read by the worker yet.
    [[nodiscard]] size_t not_read() const noexcept { return to_worker_.size(); }
    // A connection attempt succeeds or fails now.
    void establish();
    void refuse();
    [[nodiscard]] bool established() const noexcept { return established_; }

private:
    friend class Network;
    friend class WireTransport;
    friend class SocketTransport;

    void tell(uint32_t events);
    void tell_when_watched(uint32_t events);
    // Towards and from the kernel, where it stands between the ends.
    void push();
    void pull();
    // The bytes themselves.
    void to_worker(std::string_view bytes);
    void to_script(std::string_view bytes);

    Network& network_;
    int fd_;
    UniqueFd socket_;  // the script's end
    std::unique_ptr<SecuredEnd> secured_;
    std::string to_worker_;
    std::string to_script_;
    size_t capacity_ = SIZE_MAX;
    bool established_ = true;
    bool refused_ = false;
    bool far_finished_ = false;
    bool finish_pushed_ = false;
    bool far_reset_ = false;
    bool near_finished_ = false;
    bool near_closed_ = false;
    bool near_reset_ = false;
    bool near_full_ = false;  // a write took less than it was given
    bool exported_ = false;   // another worker may have the near end
    uint32_t untold_ = 0;     // events for an end that is not watched yet
};
using WirePtr = std::shared_ptr<Wire>;

class Network final : public Poller, public net::Connector {
public:
    // What happens to those who connect to an address.
    enum class Reception : uint8_t { accept, accept_later, refuse };

    WirePtr wire();
    // The worker's end of it.
    std::unique_ptr<net::Transport> transport(const WirePtr& wire);

    void listen(const SocketAddress& address, Reception reception = Reception::accept) {
        receptions_[address] = reception;
    }
    // Who connects to any backend finds TLS there, from now on; null: none. It outlives its connections.
    void secure_backends(const tls::ServerSide* side) { backend_side_ = side; }
    // Connections to the address that nobody took yet, oldest first; null when there is none.
    WirePtr next_connection(const SocketAddress& address);
    [[nodiscard]] bool has_connection(const SocketAddress& address) { return !connections_[address].empty(); }

    // Connections made from now on are sockets of the kernel with so much room in them, little unless said otherwise.
    void use_sockets(int room = 4096);
    // Reads and writes move random amounts from now on.
    void stutter(Random& random) { random_ = &random; }
    [[nodiscard]] bool has_events();
    // Of each connection that was asked for, in their order; empty: it was to go to the address.
    [[nodiscard]] const std::vector<std::string>& unix_paths() const noexcept { return unix_paths_; }
    [[nodiscard]] size_t open_ends() const noexcept { return open_ends_; }

    // ---- Poller

    Result<> add(int fd, uint32_t events, uint64_t key) override;
    void remove(int fd) override;
    std::span<const Event> wait(Duration timeout) override;

    // ---- Connector

    std::expected<net::Connection, net::ConnectFailure> connect(const net::Destination& to) override;

private:
    friend class Wire;
    friend class WireTransport;
    friend class SocketTransport;

    void tell(int fd, uint32_t events);
    [[nodiscard]] size_t portion(size_t bytes);
    // Whether a read or a write is to wait for the other direction, as one of TLS may.
    [[nodiscard]] bool turns_round();
    void ask_kernel();

    std::vector<std::string> unix_paths_;
    bool sockets_ = false;
    int socket_room_ = 0;
    EpollPoller kernel_;
    std::map<int, uint32_t> not_connected_;  // sockets that the kernel is not asked about yet
    std::vector<Event> from_kernel_;

    Random* random_ = nullptr;
    int next_fd_ = 1'000'000;
    size_t open_ends_ = 0;
    std::map<int, uint64_t> watched_;
    std::map<int, uint32_t> pending_;
    std::vector<Event> events_;
    std::vector<std::weak_ptr<Wire>> wires_;
    const tls::ServerSide* backend_side_ = nullptr;
    std::map<SocketAddress, Reception> receptions_;
    std::map<SocketAddress, std::deque<WirePtr>> connections_;
};

}  // namespace seki::stage
