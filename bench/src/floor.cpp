// The floor: what the kernel alone costs. Each client is tied to a backend connection that is already open, and bytes
// are passed on unread. No proxy that uses the same calls can be cheaper.
//
//   floor -l ip:port -b ip:port [-p connections to open beforehand] [-s]      -s: splice in place of recv and send
//
// A client that leaves while nothing is in flight gives its backend connection back.

#include <algorithm>
#include <array>
#include <vector>

#include "net.h"

namespace bench {
namespace {

constexpr size_t piece_bytes = 256 << 10;

struct Side {
    int fd = -1;
    Side* peer = nullptr;
    bool is_backend = false;
    bool blocked = false;      // `held` waits until the socket takes more; the peer is not read meanwhile
    std::vector<char> held{};  // recv and send: what the socket did not take
    size_t held_from = 0;
    std::array<int, 2> pipe{-1, -1};  // splice: on the way to this socket
    size_t in_pipe = 0;
};

constexpr uint32_t reading = EPOLLIN | EPOLLRDHUP;

class Floor {
public:
    Floor(sockaddr_in listen_address, sockaddr_in backend, int pooled, bool splices)
        : listener_(listen_on(listen_address)), backend_(backend), splices_(splices), piece_(piece_bytes) {
        for (int i = 0; i < pooled; ++i) pool_.push_back(connect_backend());
        control(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    }

    [[noreturn]] void run() {
        for (;;) {
            epoll_event events[256];
            const int count = epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < count; ++i) handle(static_cast<Side*>(events[i].data.ptr), events[i].events);
            for (Side* side : to_delete_) delete side;
            to_delete_.clear();
        }
    }

private:
    void handle(Side* side, uint32_t events) {
        if (side == nullptr) return accept_all();
        if (side->fd < 0) return;  // dropped earlier in this turn
        if (side->peer == nullptr) return forget_pooled(side);
        if ((events & EPOLLOUT) != 0 && !unblock(*side)) return drop(side);
        if (side->fd >= 0 && !side->peer->blocked && (events & ~EPOLLOUT) != 0 && !pass(*side)) drop(side);
    }

    void accept_all() {
        for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            no_delay(fd);
            auto* client = new Side{.fd = fd};
            client->peer = take_backend();
            client->peer->peer = client;
            control(epoll_, EPOLL_CTL_ADD, fd, reading, client);
        }
    }

    Side* take_backend() {
        if (pool_.empty()) return connect_backend();
        Side* taken = pool_.back();
        pool_.pop_back();
        return taken;
    }

    Side* connect_backend() {
        auto* side = new Side{.fd = socket(AF_INET, SOCK_STREAM, 0), .is_backend = true};
        if (connect(side->fd, raw(backend_), sizeof backend_) != 0) die("connect");
        no_delay(side->fd);
        fcntl(side->fd, F_SETFL, O_NONBLOCK);
        control(epoll_, EPOLL_CTL_ADD, side->fd, reading, side);
        return side;
    }

    // One piece from `from` to its peer. False at the end.
    bool pass(Side& from) { return splices_ ? pass_by_splice(from) : pass_by_copy(from); }

    bool pass_by_copy(Side& from) {
        const ssize_t size = recv(from.fd, piece_.data(), piece_.size(), 0);
        if (size <= 0) return size < 0 && errno == EAGAIN;
        ssize_t sent = send(from.peer->fd, piece_.data(), static_cast<size_t>(size), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        sent = std::max<ssize_t>(sent, 0);
        if (sent == size) return true;
        from.peer->held.assign(piece_.begin() + sent, piece_.begin() + size);
        from.peer->held_from = 0;
        block(*from.peer);
        return true;
    }

    bool pass_by_splice(Side& from) {
        Side& to = *from.peer;
        if (to.pipe[0] < 0) {
            if (pipe2(to.pipe.data(), O_NONBLOCK) != 0) die("pipe2");
            fcntl(to.pipe[1], F_SETPIPE_SZ, static_cast<int>(piece_bytes));
        }
        const ssize_t size =
            splice(from.fd, nullptr, to.pipe[1], nullptr, piece_bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (size <= 0) return size < 0 && errno == EAGAIN;
        to.in_pipe += static_cast<size_t>(size);
        if (!empty_pipe(to)) return false;
        if (to.in_pipe > 0) block(to);
        return true;
    }

    static bool empty_pipe(Side& to) {
        const ssize_t sent = splice(to.pipe[0], nullptr, to.fd, nullptr, to.in_pipe, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (sent < 0) return errno == EAGAIN;
        to.in_pipe -= static_cast<size_t>(sent);
        return true;
    }

    void block(Side& side) const {
        side.blocked = true;
        control(epoll_, EPOLL_CTL_MOD, side.fd, EPOLLOUT, &side);
        control(epoll_, EPOLL_CTL_MOD, side.peer->fd, 0, side.peer);
    }

    bool unblock(Side& side) const {
        if (splices_) {
            if (!empty_pipe(side)) return false;
            if (side.in_pipe > 0) return true;
        } else {
            const ssize_t sent =
                send(side.fd, side.held.data() + side.held_from, side.held.size() - side.held_from, MSG_NOSIGNAL);
            if (sent < 0) return errno == EAGAIN;
            side.held_from += static_cast<size_t>(sent);
            if (side.held_from < side.held.size()) return true;
        }
        side.blocked = false;
        control(epoll_, EPOLL_CTL_MOD, side.fd, reading, &side);
        control(epoll_, EPOLL_CTL_MOD, side.peer->fd, reading, side.peer);
        return true;
    }

    void drop(Side* side) {
        Side* peer = side->peer;
        const bool peer_stays = !side->is_backend && !side->blocked && !peer->blocked;
        delete_later(side);
        if (peer_stays) {
            peer->peer = nullptr;
            pool_.push_back(peer);
        } else {
            delete_later(peer);
        }
    }

    void forget_pooled(Side* side) {
        std::erase(pool_, side);
        delete_later(side);
    }

    void delete_later(Side* side) {
        close(side->fd);
        side->fd = -1;
        for (const int end : side->pipe) {
            if (end >= 0) close(end);
        }
        to_delete_.push_back(side);
    }

    int epoll_ = epoll_create1(0);
    int listener_;
    sockaddr_in backend_;
    bool splices_;
    std::vector<char> piece_;
    std::vector<Side*> pool_;
    std::vector<Side*> to_delete_;
};

int main(int argc, char** argv) {
    prepare_process();
    sockaddr_in listen_address{};
    sockaddr_in backend{};
    int pooled = 128;
    bool splices = false;
    for (int option; (option = getopt(argc, argv, "l:b:p:s")) > 0;) {
        if (option == 'l')
            listen_address = parse_address(optarg);
        else if (option == 'b')
            backend = parse_address(optarg);
        else if (option == 'p')
            pooled = std::stoi(optarg);
        else if (option == 's')
            splices = true;
        else
            return 2;
    }
    Floor(listen_address, backend, pooled, splices).run();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
