#pragma once

// Tunnels through a worker that gives them to another one.

#include <gtest/gtest.h>

#include "stage/moving.h"
#include "stage/stage.h"

namespace seki::stage {

struct TunnelScene : Stage {
    explicit TunnelScene(const Options& options = {}, int room = 4096) : Stage(options) {
        network.use_sockets(room);
        tunnel_to_backends(1);
        route_to_backends(1);
    }
    [[nodiscard]] const proxy::Context::Tunnels& tunnels() const { return worker->context().tunnels; }
    [[nodiscard]] uint32_t backends() const { return worker->sessions().size() - worker->sessions().clients(); }
    [[nodiscard]] uint64_t counted() const { return worker->context().source_counts.held(); }
    void at_most(uint64_t connections) {
        command::Request request;
        request.mutable_add_cluster()->set_cluster_id("c");
        request.mutable_add_cluster()->set_max_connections_per_ip(connections);
        ASSERT_TRUE(change({request}).has_done());
    }
};

inline void move(Stage& from, Stage& to) {
    begin_to_move(from, to);
    settle(from, to);
}

// Both ends of a tunnel through the first of some workers.
struct Pair {
    explicit Pair(TunnelScene& scene) : client(scene.tunnel_client("hello")), backend(scene.backend(1)) {
        EXPECT_EQ(backend->take(), "hello");
    }
    // Whether bytes pass both ways through that worker.
    void works_through(TunnelScene& owner, TunnelScene& scene) const {
        client->send("to the backend");
        backend->send("to the client");
        settle(owner, scene);
        EXPECT_EQ(backend->take(), "to the backend");
        EXPECT_EQ(client->take(), "to the client");
    }
    WirePtr client;
    WirePtr backend;
};

}  // namespace seki::stage
