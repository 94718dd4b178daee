#include "stage/swarm.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/text_client_codec.h"

namespace seki::stage {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Reception = Network::Reception;

Stage::Options Swarm::options(uint64_t seed) {
    Stage::Options options;
    options.seed = seed;
    // Every third worker is short of buffers.
    if (seed % 3 == 0) options.max_buffers = 12;
    return options;
}

Swarm::Swarm(uint64_t seed) : chances_(seed * 2 + 1), cuts_(seed * 2), stage(options(seed)) {
    // Every fourth swarm meets on sockets of the kernel, so that long bodies go through pipes.
    sockets_ = seed % 4 == 3;
    if (sockets_) {
        stage.network.use_sockets();
        stage.worker->context().settings.splice_threshold = 1000;
    } else {
        stage.network.stutter(cuts_);
    }
    // In every fifth half of the backends have many requests on a connection.
    streams_to_backends_ = !sockets_ && seed % 5 == 1;
    if (streams_to_backends_) {
        stage.worker->context().stream_format = [](const backend::Backend& backend) {
            return backend.id < "b3" ? std::make_unique<TextClientCodec>() : nullptr;
        };
    }
    stage.route_to_backends(backends);
    EXPECT_TRUE(stage.change({add_frontend("c", "b")}).has_done());
    // In every third one the backends are reached through TLS, most of the time.
    secured_backends_ = !sockets_ && seed % 3 == 1;
    if (secured_backends_) secure_backends(true);
    // In every fourth one some clients come through TLS.
    secured_ = seed % 4 == 1;
    if (!secured_) return;
    stage.listen_secured();
    EXPECT_TRUE(stage.change({secured(add_frontend("c", "a")), secured(add_frontend("c", "b"))}).has_done());
}

void Swarm::run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
        act();
        chance(3) ? stage.settle() : stage.loop.turn(Duration::zero());
        look();
    }
    calm_down();
}

void Swarm::act() {
    if (clients_.size() < 2 || (clients_.size() < 12 && chance(20)))
        clients_.push_back(std::make_unique<SwarmClient>(
            *this, secured_ && chance(2) ? stage.secured_client({}, {.server_name = "a"}) : stage.client()));
    if (streams_.empty() || (streams_.size() < 4 && chance(40)))
        streams_.push_back(std::make_unique<SwarmStreams>(*this, stage.stream_client()));
    for (int deeds = 0; deeds < 4; ++deeds) {
        if (chance(2)) streams_[below(static_cast<uint32_t>(streams_.size()))]->act();
        clients_[below(static_cast<uint32_t>(clients_.size()))]->act();
        if (!stream_connections_.empty())
            stream_connections_[below(static_cast<uint32_t>(stream_connections_.size()))]->act();
        if (!connections_.empty()) connections_[below(static_cast<uint32_t>(connections_.size()))]->act();
    }
    if (chance(25)) change_something();
    if (chance(60)) {
        constexpr Duration leaps[] = {milliseconds(10), seconds(1), seconds(4), seconds(11), seconds(31), seconds(70)};
        stage.pass(leaps[below(6)]);
    }
}

void Swarm::secure_backends(bool secured) {
    command::Request request;
    request.mutable_add_cluster()->set_cluster_id("c");
    if (secured) {
        command::BackendTls& tls = *request.mutable_add_cluster()->mutable_tls();
        tls.add_ca_certificates(tls::to_pem(*certificate_).certificate);
        tls.set_server_name("backend");
    }
    stage.network.secure_backends(secured ? &backend_side_ : nullptr);
    EXPECT_TRUE(stage.change({request}).has_done());
}

void Swarm::change_something() {
    if (secured_backends_ && chance(4)) return secure_backends(!chance(3));
    const auto n = static_cast<uint8_t>(1 + below(backends));
    switch (below(5)) {
        case 0:
            EXPECT_TRUE(stage.change({add_backend("c", n)}).has_done());
            break;
        case 1:
            EXPECT_TRUE(stage.change({remove_backend("c", n)}).has_done());
            break;
        case 2:
            EXPECT_TRUE(change_frontend(remove_frontend("c", "b")).has_done());
            break;
        case 3:
            EXPECT_TRUE(change_frontend(add_frontend("c", "b")).has_done());
            break;
        default: {
            constexpr Reception receptions[] = {Reception::accept, Reception::accept_later, Reception::refuse};
            stage.network.listen(backend_address(n), receptions[below(3)]);
        }
    }
}

worker::Report Swarm::change_frontend(const command::Request& change) {
    return secured_ ? stage.change({change, secured(change)}) : stage.change({change});
}

void Swarm::meet_connections() {
    for (uint8_t n = 1; n <= backends; ++n) {
        while (WirePtr wire = stage.network.next_connection(backend_address(n))) {
            const bool established = wire->established();
            if (streams_to_backends_ && n < 3) {
                stream_connections_.push_back(
                    std::make_unique<SwarmStreamBackend>(*this, std::move(wire), established));
                continue;
            }
            connections_.push_back(std::make_unique<SwarmBackend>(*this, std::move(wire), established));
        }
    }
}

void Swarm::look() {
    meet_connections();
    for (const auto& connection : connections_) connection->look();
    for (const auto& connection : stream_connections_) connection->look();
    for (const auto& client : clients_) client->look();
    for (const auto& client : streams_) client->look();
    std::erase_if(connections_, [](const auto& connection) { return connection->over(); });
    std::erase_if(stream_connections_, [](const auto& connection) { return connection->over(); });
}

// Everybody does his duty from here on, and everybody must get his due.
void Swarm::calm_down() {
    calm_ = true;
    for (uint8_t n = 1; n <= backends; ++n) stage.network.listen(backend_address(n));
    const auto content = [](const auto& who) { return who->content(); };
    bool all = false;
    for (int round = 0; round < 300 && !all; ++round) {
        look();
        for (const auto& client : clients_) client->behave();
        for (const auto& client : streams_) client->behave();
        for (const auto& connection : connections_) connection->behave();
        for (const auto& connection : stream_connections_) connection->behave();
        stage.settle();
        look();
        if (round % 10 == 9) stage.pass(seconds(7));
        all = std::ranges::all_of(clients_, content) && std::ranges::all_of(streams_, content) &&
              std::ranges::all_of(connections_, content) && std::ranges::all_of(stream_connections_, content);
    }
    if (!all) {
        for (const auto& client : clients_) EXPECT_TRUE(client->content()) << client->describe();
        for (const auto& client : streams_) EXPECT_TRUE(client->content()) << client->describe();
        for (const auto& connection : stream_connections_) EXPECT_TRUE(connection->content()) << connection->describe();
        for (const auto& connection : connections_) EXPECT_TRUE(connection->content()) << connection->describe();
        stage.worker->sessions().for_each(
            [](net::Session& session) { ADD_FAILURE() << "left: " << session.describe(); });
    }
    if (chance(2)) return;
    stage.worker->stop(false);
    for (int round = 0; round < 20 && !stage.worker->done(); ++round) stage.pass(seconds(7));
    EXPECT_TRUE(stage.worker->done());
}

}  // namespace seki::stage
