#pragma once

// A transport over a socket that does what a secured one may do: waits for the other readiness in the middle of a read
// or a write, and has something to send before closing for which there is no room yet. The test says when.

#include <memory>
#include <string>

#include "net/transport.h"

namespace seki::net {

class DemandingTransport final : public Transport {
public:
    explicit DemandingTransport(UniqueFd socket) : plain_(std::move(socket)) {}

    // The next read, write, shutdown or finish is blocked so often, and says that it waits for this.
    struct Demand {
        int times = 0;
        Readiness awaits = Readiness::input;
    };
    Demand of_read;
    Demand of_write;
    Demand of_shutdown;
    Demand of_finish;
    std::string closing_bytes;  // what finish() says
    int reads = 0;
    int writes = 0;

    IoOutcome read(std::span<char> into) override {
        ++reads;
        return demands(of_read) ? IoOutcome::blocked(of_read.awaits) : plain_.read(into);
    }
    IoOutcome write(std::string_view bytes) override {
        ++writes;
        return demands(of_write) ? IoOutcome::blocked(of_write.awaits) : plain_.write(bytes);
    }
    IoOutcome shutdown_write() override {
        return demands(of_shutdown) ? IoOutcome::blocked(of_shutdown.awaits) : plain_.shutdown_write();
    }
    IoOutcome finish() override {
        if (demands(of_finish)) return IoOutcome::blocked(of_finish.awaits);
        plain_.write(std::exchange(closing_bytes, {}));
        return {};
    }
    void reset_on_close() override { plain_.reset_on_close(); }
    int connect_error() override { return plain_.connect_error(); }
    Result<WatchId> watch(EventLoop& loop, EventHandler& handler, EventLoop::Order order) override {
        return plain_.watch(loop, handler, order);
    }
    void unwatch(EventLoop& loop, WatchId id) override { plain_.unwatch(loop, id); }

private:
    static bool demands(Demand& demand) { return demand.times > 0 && demand.times-- > 0; }

    PlainTransport plain_;
};

}  // namespace seki::net
