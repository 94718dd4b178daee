#include "supervisor/launcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace seki::supervisor {
namespace {

constexpr int channel_in_child = 3;

// The header of the C library that declares these (sys/pidfd.h) is not for C++ in Debian 12.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
void send_signal(int pidfd, int number) { ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0); }

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// proc(5): the state is the first word behind the name, which is in parentheses and may have any characters.
std::string condition_of(pid_t pid) {
    const std::string stat = first_line(fmt::format("/proc/{}/stat", pid));
    const size_t name_end = stat.rfind(") ");
    const char state = name_end != std::string::npos && name_end + 2 < stat.size() ? stat[name_end + 2] : '?';
    if (state == 'R') return "runs";
    if (state == 'T' || state == 't') return "is stopped";
    const std::string where = first_line(fmt::format("/proc/{}/wchan", pid));
    return fmt::format("waits ({}{}{})", state == 'D' ? "for a device" : "state ",
                       state == 'D' ? "" : std::string(1, state), where.empty() || where == "0" ? "" : ", " + where);
}

// Known by a descriptor, not by a number that may be another process's tomorrow (pidfd_open(2)).
class Watched : public Process {
public:
    Watched(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}

    [[nodiscard]] pid_t pid() const override { return pid_; }
    [[nodiscard]] int ended_fd() const override { return fd_.get(); }
    void signal(int number) override {
        if (!over_) send_signal(fd_.get(), number);
    }
    [[nodiscard]] std::string condition() const override { return condition_of(pid_); }

    // One that has ended cannot be reaped while a debugger has it. Whoever is not reaped is init's when we have ended.
    bool end() override {
        constexpr int limit_ms = 1000;
        if (over_) return true;
        signal(SIGKILL);
        over_ = true;
        pollfd ended{fd_.get(), POLLIN, 0};
        while (::poll(&ended, 1, limit_ms) < 0 && errno == EINTR) {
        }
        return ended.revents != 0;
    }

protected:
    pid_t pid_;
    UniqueFd fd_;
    bool over_ = false;  // reaped, or given up
};

class Child final : public Watched {
public:
    using Watched::Watched;
    ~Child() override { end(); }

    std::string reap() override {
        const siginfo_t info = wait(0);
        if (info.si_code == CLD_EXITED) return fmt::format("exited with code {}", info.si_status);
        const char* name = sigabbrev_np(info.si_status);
        return fmt::format("was killed by SIG{} (signal {}{})", name != nullptr ? name : "?", info.si_status,
                           info.si_code == CLD_DUMPED ? ", core dumped" : "");
    }

    bool end() override {
        if (over_) return true;
        if (!Watched::end()) return false;
        wait(WNOHANG);
        return true;
    }

private:
    siginfo_t wait(int options) {
        siginfo_t info{};
        while (waitid(P_PIDFD, static_cast<id_t>(fd_.get()), &info, WEXITED | options) != 0 && errno == EINTR) {
        }
        over_ = true;
        return info;
    }
};

// Somebody else reaps it, so nobody says how it ended.
class Stranger final : public Watched {
public:
    using Watched::Watched;
    std::string reap() override {
        over_ = true;
        return "has ended";
    }
};

// waitid(2) looks, and reaps nobody.
bool is_child(int pidfd) {
    siginfo_t info{};
    return waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

// What the child's beginning is to be like: the channel at a known number without close-on-exec, every signal with its
// default action and blocked. A worker that has not come to its first line yet must not be ended by a signal to all of
// us, and one to open logs again waits until the worker is ready for it.
class Beginning {
public:
    Beginning() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
    }
    Beginning(const Beginning&) = delete;
    Beginning& operator=(const Beginning&) = delete;
    ~Beginning() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    Result<pid_t> spawn(int channel, char* const* arguments) {
        pid_t pid = -1;
        int error = prepare(channel);
        if (error == 0) error = posix_spawn(&pid, "/proc/self/exe", &actions_, &attributes_, arguments, environ);
        if (error != 0) return failure("cannot start a worker: {}", system_error(error));
        return pid;
    }

private:
    int prepare(int channel) {
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        return posix_spawn_file_actions_adddup2(&actions_, channel, channel_in_child);
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// Kills it if it cannot be watched.
Result<std::unique_ptr<Process>> watch(pid_t pid, const char* what) {
    UniqueFd ended(open_pidfd(pid));
    if (ended.valid()) return std::make_unique<Child>(pid, std::move(ended));
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return failure("cannot watch {}: {}", what, system_error(error));
}

// A copy of a listening socket would keep its queue alive, and one of a client's connection the client waiting.
void close_all_but(std::span<const int> keep) {
    std::vector<int> kept(keep.begin(), keep.end());
    kept.insert(kept.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    std::ranges::sort(kept);
    unsigned first = 0;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > first) ::close_range(first, number - 1, 0);
        first = number + 1;
    }
    ::close_range(first, UINT_MAX, 0);
}

// Signals that are meant for all of us (an init system's SIGTERM) wait in vain; what the copy does wrong ends it.
void detach_signals() {
    for (int number = 1; number < _NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, number);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

Result<std::unique_ptr<Process>> begin_copy(std::span<const int> keep, const std::function<void()>& work) {
    constexpr int when_idle = 19;
    const pid_t pid = ::fork();
    if (pid < 0) return failure("cannot start another process: {}", system_error(errno));
    if (pid > 0) return watch(pid, "another process");
    detach_signals();
    close_all_but(keep);
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, when_idle));
    work();
    ::_exit(0);
}

// A child is not reaped by anybody, so the number is still its own. Of others, who asks has to see to that.
Result<std::unique_ptr<Process>> ProcessLauncher::find(pid_t pid) {
    UniqueFd ended(open_pidfd(pid));
    if (!ended.valid()) return failure("cannot watch process {}: {}", pid, system_error(errno));
    if (is_child(ended.get())) return std::make_unique<Child>(pid, std::move(ended));
    return std::make_unique<Stranger>(pid, std::move(ended));
}

Result<Launched> ProcessLauncher::launch(uint32_t worker_id) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return failure("cannot make a channel: {}", system_error(errno));
    }
    UniqueFd ours(pair[0]);
    const UniqueFd theirs(pair[1]);
    std::array<std::string, 6> words{
        "seki", "worker", "--id", std::to_string(worker_id), "--channel", std::to_string(channel_in_child)};
    std::array<char*, words.size() + 1> arguments{};
    for (size_t index = 0; index < words.size(); ++index) arguments[index] = words[index].data();

    const auto pid = Beginning().spawn(theirs.get(), arguments.data());
    if (!pid) return std::unexpected(pid.error());
    auto process = watch(*pid, "a worker");
    if (!process) return std::unexpected(process.error());
    return Launched{std::move(*process), std::move(ours)};
}

}  // namespace seki::supervisor
