// The backend of every measurement: a single-threaded HTTP/1.1 server that does as little as possible.
//
//   origin -l ip:port [-r count]      prints "READY port"; with -r it listens on so many consecutive addresses
//
// /<n>, /<n>k and /<n>m answer with a body of that size, everything else with 1 KiB. Requests have no bodies.

#include <algorithm>
#include <map>
#include <string_view>

#include "net.h"

namespace bench {
namespace {

constexpr size_t default_body_bytes = 1024;
constexpr size_t largest_body_bytes = 16 << 20;
constexpr size_t largest_head_bytes = 4096;

struct Connection {
    int fd = -1;
    bool listens = false;
    bool close_after = false;
    bool waits_to_send = false;
    std::string input{};
    std::string_view output{};  // into the table of answers
};

class Origin {
public:
    void listen(sockaddr_in address) {
        auto* connection = new Connection;  // lives as long as the process
        connection->fd = listen_on(address);
        connection->listens = true;
        control(epoll_, EPOLL_CTL_ADD, connection->fd, EPOLLIN, connection);
        port_ = local_port(connection->fd);
    }

    [[nodiscard]] int port() const { return port_; }

    [[noreturn]] void run() {
        for (;;) {
            epoll_event events[256];
            const int count = epoll_wait(epoll_, events, 256, -1);
            for (int i = 0; i < count; ++i) handle(static_cast<Connection*>(events[i].data.ptr));
        }
    }

private:
    void handle(Connection* connection) {
        if (connection->listens) return accept_some(*connection);
        const bool alive =
            connection->output.empty() ? receive(*connection) : flush(*connection) && answer_all(*connection);
        if (alive) return;
        close(connection->fd);
        delete connection;
    }

    void accept_some(const Connection& listener) const {
        for (int i = 0; i < 64; ++i) {
            const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0) return;
            no_delay(fd);
            auto* connection = new Connection{.fd = fd};
            control(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP, connection);
        }
    }

    bool receive(Connection& connection) {
        char bytes[largest_head_bytes];
        const ssize_t size = recv(connection.fd, bytes, sizeof bytes, 0);
        if (size <= 0) return size < 0 && errno == EAGAIN;
        connection.input.append(bytes, static_cast<size_t>(size));
        return answer_all(connection);
    }

    // False when the connection is to be closed.
    bool answer_all(Connection& connection) {
        while (connection.output.empty()) {
            const size_t end = connection.input.find("\r\n\r\n");
            if (end == std::string::npos) return connection.input.size() < largest_head_bytes;
            const std::string_view head(connection.input.data(), end);
            connection.close_after = closes(head);
            connection.output = answer(body_size(head));
            connection.input.erase(0, end + 4);
            if (!flush(connection)) return false;
        }
        return true;
    }

    bool flush(Connection& connection) const {
        while (!connection.output.empty()) {
            const ssize_t sent = send(connection.fd, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) return wait_to_send(connection, true);
            if (sent < 0) return false;
            connection.output.remove_prefix(static_cast<size_t>(sent));
        }
        return !connection.close_after && wait_to_send(connection, false);
    }

    bool wait_to_send(Connection& connection, bool wait) const {
        if (connection.waits_to_send == wait) return true;
        connection.waits_to_send = wait;
        control(epoll_, EPOLL_CTL_MOD, connection.fd, wait ? EPOLLOUT : EPOLLIN | EPOLLRDHUP, &connection);
        return true;
    }

    static bool closes(std::string_view head) {
        return head.find("\r\nConnection: close") != std::string_view::npos ||
               head.find("\r\nconnection: close") != std::string_view::npos ||
               (head.find(" HTTP/1.0\r\n") != std::string_view::npos &&
                head.find("keep-alive") == std::string_view::npos);
    }

    static size_t body_size(std::string_view head) {
        const size_t slash = head.find(" /");
        if (slash == std::string_view::npos) return default_body_bytes;
        size_t size = 0;
        size_t at = slash + 2;
        while (at < head.size() && head[at] >= '0' && head[at] <= '9')
            size = size * 10 + static_cast<size_t>(head[at++] - '0');
        if (at == slash + 2) return default_body_bytes;
        if (head[at] == 'k') size <<= 10;
        if (head[at] == 'm') size <<= 20;
        return std::min(size, largest_body_bytes);
    }

    // Made once for each size.
    std::string_view answer(size_t body_bytes) {
        std::string& made = answers_[body_bytes];
        if (made.empty()) {
            made = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body_bytes) +
                   "\r\n\r\n" + std::string(body_bytes, 'x');
        }
        return made;
    }

    int epoll_ = epoll_create1(0);
    int port_ = 0;
    std::map<size_t, std::string> answers_;
};

int main(int argc, char** argv) {
    prepare_process();
    sockaddr_in first{};
    uint32_t count = 1;
    for (int option; (option = getopt(argc, argv, "l:r:")) > 0;) {
        if (option == 'l')
            first = parse_address(optarg);
        else if (option == 'r')
            count = static_cast<uint32_t>(std::stoul(optarg));
        else
            return 2;
    }
    Origin origin;
    const uint32_t ip = ntohl(first.sin_addr.s_addr);
    for (uint32_t i = 0; i < count; ++i) {
        sockaddr_in address = first;
        address.sin_addr.s_addr = htonl(ip + i);
        origin.listen(address);
        first.sin_port = htons(static_cast<uint16_t>(origin.port()));  // the kernel chose it for the first
    }
    std::printf("READY %d\n", origin.port());
    std::fflush(stdout);
    origin.run();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
