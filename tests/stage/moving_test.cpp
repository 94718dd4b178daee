// Clients at rest that move from one worker to another, or that the other one refuses.

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "base/check.h"
#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

std::pair<UniqueFd, UniqueFd> socket_pair() {
    int ends[2];
    SEKI_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// One whose descriptor can be given to another worker.
class Client {
public:
    explicit Client(Stage& stage) {
        auto [ours, its] = socket_pair();
        socket_ = std::move(ours);
        stage.worker->accept_connection(Stage::http, std::make_unique<net::PlainTransport>(std::move(its)),
                                        SocketAddress::v4(0xC0000201U, 50'000));
    }
    void send(std::string_view bytes) const {
        EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    // Empty: nothing, or the end.
    [[nodiscard]] std::string take() const {
        char bytes[4096];
        const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
        return {bytes, static_cast<size_t>(std::max<ssize_t>(got, 0))};
    }

private:
    UniqueFd socket_;
};

struct Scene : Stage {
    explicit Scene(uint32_t max_connections = 100) : Stage(Options{.max_connections = max_connections}) {
        network.use_sockets();
        route_to_backends(1);
    }

    // The first line of the answer; the backend answers at once.
    std::string ask(const Client& client) {
        client.send(get());
        settle();
        while (has_connection(1)) backends_.push_back(Stage::backend(1));
        for (const WirePtr& backend : backends_) {
            while (take_request(backend).whole) backend->send(answer("served"));
        }
        settle();
        return client.take().substr(0, 12);
    }

private:
    std::vector<WirePtr> backends_;
};

constexpr const char* served = "HTTP/1.1 200";

// The first of two workers is to give its clients to the second.
void begin_to_move(Scene& from, Scene& to) {
    auto [ours, its] = socket_pair();
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(its));
    worker::Order take_over;
    take_over.mutable_take_over();
    ASSERT_TRUE(to.order(take_over, std::move(fds)).has_done());
    fds.clear();
    fds.push_back(std::move(ours));
    worker::Order hand_over;
    hand_over.mutable_hand_over();
    from.order(hand_over, std::move(fds));
}

TEST(Moving, clients_who_cannot_are_asked_once) {
    Scene from;
    Scene full(1);
    const Client other(full);
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, full);
    for (int turns = 0; turns < 10; ++turns) {
        from.loop.turn(Duration::zero());
        full.loop.turn(Duration::zero());
    }
    ASSERT_FALSE(from.loop.has_ready());
    EXPECT_EQ(from.ask(client), served);
}

}  // namespace
}  // namespace seki::stage
