#pragma once

// The few socket calls that the measuring tools share. They run on one machine, over loopback, against programs that
// are known: what goes wrong ends the tool with a message.

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

[[noreturn]] inline void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

inline sockaddr* raw(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

// "127.0.0.1:80"
inline sockaddr_in parse_address(const std::string& text) {
    const size_t colon = text.find(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (colon == std::string::npos || inet_aton(text.substr(0, colon).c_str(), &address.sin_addr) == 0) {
        std::fprintf(stderr, "%s is not ip:port\n", text.c_str());
        std::exit(2);
    }
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(text.substr(colon + 1))));
    return address;
}

inline void no_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Port 0 lets the kernel choose; local_port() tells which it was.
inline int listen_on(sockaddr_in address) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    constexpr int backlog = 8192;
    if (bind(fd, raw(address), sizeof address) != 0 || listen(fd, backlog) != 0) die("listen");
    return fd;
}

inline sockaddr_in local_address(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(fd, raw(address), &size);
    return address;
}

inline int local_port(int fd) { return ntohs(local_address(fd).sin_port); }

inline void control(int epoll, int operation, int fd, uint32_t events, void* owner) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = owner;
    epoll_ctl(epoll, operation, fd, &event);
}

// As many descriptors as allowed, and no death by a closed peer.
inline void prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace bench
