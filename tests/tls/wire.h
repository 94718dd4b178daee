#pragma once

// Two ends of a connection in memory: one is a Transport, for what is tested, the other one belongs to the test. As
// little passes at a time as the test says.

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <string>

#include "net/transport.h"

namespace seki::tls {

struct Wire {
    std::string to_server;
    std::string to_client;
    size_t piece = SIZE_MAX;     // of one read or write
    size_t capacity = SIZE_MAX;  // of what the client has not taken yet
    bool client_ended = false;
    bool server_ended = false;
    bool reset = false;
    int writes = 0;
};

class WireEnd final : public net::Transport {
public:
    explicit WireEnd(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}

    net::IoOutcome read(std::span<char> into) override {
        const size_t size = std::min({into.size(), wire_->to_server.size(), wire_->piece});
        if (size == 0 && wire_->client_ended) return net::IoOutcome::ended();
        if (size == 0) return net::IoOutcome::blocked(net::Readiness::input);
        std::memcpy(into.data(), wire_->to_server.data(), size);
        wire_->to_server.erase(0, size);
        return {size};
    }
    net::IoOutcome write(std::string_view bytes) override {
        ++wire_->writes;
        const size_t room = wire_->capacity - std::min(wire_->capacity, wire_->to_client.size());
        const size_t size = std::min({bytes.size(), room, wire_->piece});
        wire_->to_client.append(bytes.substr(0, size));
        if (size == 0) return net::IoOutcome::blocked(net::Readiness::output);
        return {size};
    }
    net::IoOutcome shutdown_write() override {
        wire_->server_ended = true;
        return {};
    }
    void reset_on_close() override { wire_->reset = true; }
    int connect_error() override { return 0; }
    Result<WatchId> watch(EventLoop&, EventHandler&, EventLoop::Order) override { return WatchId{}; }
    void unwatch(EventLoop&, WatchId) override {}
    [[nodiscard]] std::optional<Export> to_export() const override { return Export{0, {}}; }

private:
    std::shared_ptr<Wire> wire_;
};

}  // namespace seki::tls
