#include "base/inherited.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace seki {

namespace {

constexpr int standard_streams = 3;

// Where there is no /dev (a bare chroot), a descriptor that takes nothing still keeps the number away from others.
bool open_nothing() noexcept { return ::open("/dev/null", O_RDWR) >= 0 || ::open("/", O_PATH) >= 0; }

bool is_left_to_the_starter(int number) noexcept { return number == SIGHUP || number == SIGINT || number == SIGQUIT; }

}  // namespace

// An open(2) takes the lowest number that is free.
void open_standard_streams() noexcept {
    for (int fd = 0; fd < standard_streams; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF && !open_nothing()) return;
    }
}

// A handler can only be one of a library in this process, and is its own affair.
void reset_signal_actions() noexcept {
    for (int number = 1; number < _NSIG; ++number) {
        struct sigaction found{};
        if (is_left_to_the_starter(number) || ::sigaction(number, nullptr, &found) != 0) continue;
        if (found.sa_handler == SIG_IGN) ::signal(number, SIG_DFL);
    }
}

void block_only(std::span<const int> signals) noexcept {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int number : signals) sigaddset(&mask, number);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

std::optional<std::string> take_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    std::string taken(value);
    ::unsetenv(name);
    return taken;
}

void keep_descriptors_from_children() noexcept {
    // Linux 5.11; before, who leaves descriptors open to us leaves them open to our workers.
    ::close_range(standard_streams, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

}  // namespace seki
