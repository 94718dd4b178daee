#pragma once

// Two workers, one of which gives its connections to the other one. What moves are sockets of the kernel: both networks
// use them (Network::use_sockets).

#include <sys/socket.h>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"
#include "stage/stage.h"

namespace seki::stage {

inline std::pair<UniqueFd, UniqueFd> socket_pair() {
    int ends[2];
    SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

inline worker::Report order_with(Stage& stage, const worker::Order& order, UniqueFd socket) {
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(socket));
    return stage.order(order, std::move(fds));
}

// What the other end of the socket gives.
inline bool take_over(Stage& to, UniqueFd socket) {
    worker::Order order;
    order.mutable_take_over();
    return order_with(to, order, std::move(socket)).has_done();
}

// To whoever is at the other end of the socket.
inline void hand_over(Stage& from, UniqueFd socket) {
    worker::Order order;
    order.mutable_hand_over();
    order_with(from, order, std::move(socket));
}

// The first of two workers is to give its clients to the second.
inline void begin_to_move(Stage& from, Stage& to) {
    auto [ours, its] = socket_pair();
    SEKI_CHECK(take_over(to, std::move(its)));
    hand_over(from, std::move(ours));
}

inline void settle(Stage& from, Stage& to) {
    do {
        from.settle();
        to.settle();
    } while (from.network.has_events() || from.loop.has_ready());
}

}  // namespace seki::stage
