#pragma once

// What the service manager is told of this process where it asked to be (sd_notify(3)): that it serves, reads its file
// again, stops, is alive; one datagram each, to the socket that $NOTIFY_SOCKET names. The man page writes the protocol
// down for everybody to implement; the library for it would bring five others into each process.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "base/unix_address.h"
#include "event/event_loop.h"
#include "observe/log.h"

namespace seki::supervisor {

class ServiceManager final : private Timer {
public:
    // Null when nobody asked. What the environment says is taken out of it, for it is not meant for children. Both
    // outlive it.
    static std::unique_ptr<ServiceManager> from_environment(EventLoop& loop, observe::Log& log);
    ~ServiceManager() override { loop_.timers().cancel(*this); }

    // "NAME=value" of what was taken out of the environment: for a program that takes our place.
    [[nodiscard]] const std::vector<std::string>& variables() const noexcept { return variables_; }

    // Every worker serves, also again after a reload.
    void ready(std::string_view status);
    void reloading();
    // Where it wants to hear so: in between what takes long.
    void alive();
    void stopping(std::string_view status);

private:
    ServiceManager(EventLoop& loop, observe::Log& log, UnixAddress address, Duration watchdog,
                   std::vector<std::string> variables)
        : loop_(loop), log_(log), address_(std::move(address)), watchdog_(watchdog), variables_(std::move(variables)) {}

    void on_timer() override;
    void tell(const std::string& lines);

    EventLoop& loop_;
    observe::Log& log_;
    UnixAddress address_;
    Duration watchdog_;  // zero: it does not want to hear that we are alive
    std::vector<std::string> variables_;
    bool complained_ = false;
};

}  // namespace seki::supervisor
