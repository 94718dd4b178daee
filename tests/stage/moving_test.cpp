// Clients at rest that move from one worker to another, or that the other one refuses: what they count among those of
// their source, and whose they are when the sessions of a cluster are closed.

#include "stage/moving.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "stage/message.h"
#include "stage/stage.h"

namespace seki::stage {
namespace {

// One whose descriptor can be given to another worker.
class Client {
public:
    explicit Client(Stage& stage, uint16_t port = 50'000) {
        auto [ours, its] = socket_pair();
        socket_ = std::move(ours);
        stage.worker->accept_connection(Stage::http, std::make_unique<net::PlainTransport>(std::move(its)),
                                        SocketAddress::v4(0xC0000201U, port));
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
    [[nodiscard]] bool saw_end() const {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, 0) == 0;
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
    std::string newcomer() {
        const Client client(*this, 60'000);
        return ask(client);
    }
    void at_most(uint64_t connections) {
        command::Request request;
        request.mutable_add_cluster()->set_cluster_id("c");
        request.mutable_add_cluster()->set_max_connections_per_ip(connections);
        ASSERT_TRUE(change({request}).has_done());
    }
    uint64_t close_sessions() {
        worker::Order asked;
        asked.mutable_query()->mutable_close_sessions()->set_cluster_id("c");
        const worker::Report report = order(std::move(asked));
        settle();
        return report.answer().response().content().closed_sessions().closed();
    }
    [[nodiscard]] uint64_t counted() const { return worker->context().source_counts.held(); }

private:
    std::vector<WirePtr> backends_;
};

constexpr const char* served = "HTTP/1.1 200";
constexpr const char* refused = "HTTP/1.1 429";

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

TEST(Moving, clients_count_among_those_of_their_source_all_the_way) {
    Scene from;
    Scene to;
    for (Scene* worker : {&from, &to}) worker->at_most(1);
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, to);
    from.settle();
    EXPECT_EQ(from.counted(), 1U) << "given";
    to.settle();
    EXPECT_EQ(to.counted(), 1U) << "taken";
    EXPECT_EQ(from.counted(), 1U) << "and not let go of";
    settle(from, to);
    EXPECT_EQ(from.counted(), 0U);
    EXPECT_EQ(to.counted(), 1U);
    EXPECT_EQ(to.newcomer(), refused);
    EXPECT_EQ(to.ask(client), served);
    EXPECT_EQ(to.counted(), 1U);
}

TEST(Moving, clients_whom_the_other_worker_refuses_count_where_they_are) {
    Scene from;
    Scene full(1);
    for (Scene* worker : {&from, &full}) worker->at_most(1);
    const Client other(full);
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, full);
    settle(from, full);
    EXPECT_EQ(full.counted(), 0U);
    EXPECT_EQ(from.counted(), 1U);
    EXPECT_EQ(from.newcomer(), refused);
    EXPECT_EQ(from.ask(client), served);
    EXPECT_EQ(from.close_sessions(), 1U);
    EXPECT_TRUE(client.saw_end());
    EXPECT_EQ(from.counted(), 0U);
}

TEST(Moving, clients_count_for_a_limit_that_comes_later) {
    Scene from;
    Scene to;
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, to);
    settle(from, to);
    EXPECT_EQ(to.counted(), 0U);
    to.at_most(1);
    EXPECT_EQ(to.counted(), 1U);
    EXPECT_EQ(to.newcomer(), refused);
}

TEST(Moving, clients_count_for_a_limit_that_comes_while_they_are_on_their_way) {
    Scene from;
    Scene to;
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, to);
    from.settle();
    to.settle();
    to.at_most(1);
    settle(from, to);
    EXPECT_EQ(to.counted(), 1U);
    EXPECT_EQ(to.newcomer(), refused);
}

TEST(Moving, clients_count_for_a_limit_that_comes_before_they_are_refused) {
    Scene from;
    Scene full(1);
    const Client other(full);
    const Client client(from);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, full);
    from.settle();
    from.at_most(1);
    EXPECT_EQ(from.counted(), 0U);
    settle(from, full);
    EXPECT_EQ(from.counted(), 1U);
    EXPECT_EQ(from.newcomer(), refused);
}

TEST(Moving, clients_are_closed_with_the_sessions_of_their_cluster) {
    Scene from;
    Scene to;
    const Client client(from);
    const Client silent(from, 50'001);
    EXPECT_EQ(from.ask(client), served);
    begin_to_move(from, to);
    settle(from, to);
    EXPECT_EQ(from.close_sessions(), 0U);
    EXPECT_EQ(to.close_sessions(), 1U);
    EXPECT_TRUE(client.saw_end());
    EXPECT_FALSE(silent.saw_end());
}

}  // namespace
}  // namespace seki::stage
