#include "supervisor/service_manager.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/inherited.h"

namespace seki::supervisor {

namespace {

using observe::Module;

std::optional<uint64_t> number_in(const std::optional<std::string>& text) {
    uint64_t number = 0;
    if (!text) return std::nullopt;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, number);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// Half of the time after which it takes us for dead, as sd_watchdog_enabled(3) advises.
Duration watchdog_interval(const std::optional<std::string>& usec, const std::optional<std::string>& pid) {
    const auto limit_us = number_in(usec);
    const bool is_for_us = !pid || number_in(pid) == static_cast<uint64_t>(::getpid());
    return limit_us && is_for_us ? Duration(std::chrono::microseconds(*limit_us)) / 2 : Duration::zero();
}

}  // namespace

std::unique_ptr<ServiceManager> ServiceManager::from_environment(EventLoop& loop, observe::Log& log) {
    std::vector<std::string> variables;
    const auto take = [&variables](const char* name) {
        auto value = take_variable(name);
        if (value) variables.push_back(fmt::format("{}={}", name, *value));
        return value;
    };
    const auto path = take("NOTIFY_SOCKET");
    const auto usec = take("WATCHDOG_USEC");
    const Duration watchdog = watchdog_interval(usec, take("WATCHDOG_PID"));
    if (!path) return nullptr;
    auto address = UnixAddress::of(*path);
    if (!address) {
        log.warn(Module::supervisor, "NOTIFY_SOCKET: {}", address.error().message);
        return nullptr;
    }
    return std::unique_ptr<ServiceManager>(new ServiceManager(loop, log, *address, watchdog, std::move(variables)));
}

void ServiceManager::ready(std::string_view status) {
    alive();
    tell(fmt::format("READY=1\nMAINPID={}\nSTATUS={}", ::getpid(), status));
    if (watchdog_ > Duration::zero() && !armed()) loop_.timers().arm(*this, loop_.now() + watchdog_);
}

void ServiceManager::reloading() {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now().time_since_epoch());
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the configuration file", now.count()));
}

void ServiceManager::stopping(std::string_view status) { tell(fmt::format("STOPPING=1\nSTATUS={}", status)); }

void ServiceManager::alive() {
    if (watchdog_ > Duration::zero()) tell("WATCHDOG=1");
}

void ServiceManager::on_timer() {
    alive();
    loop_.timers().arm(*this, loop_.now() + watchdog_);
}

// A socket for each, since the service manager may be another process meanwhile (it is replaced, too).
void ServiceManager::tell(const std::string& lines) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool told = socket.valid() && address_.connect(socket.get()) == 0 &&
                      ::send(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL) >= 0;
    if (!told && !complained_) {
        log_.warn(Module::supervisor, "the service manager cannot be told ({}): {}", lines.substr(0, lines.find('\n')),
                  system_error(errno));
    }
    complained_ = !told;
}

}  // namespace seki::supervisor
