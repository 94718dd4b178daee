#include "supervisor/handover/executable.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <linux/limits.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/print_error.h"
#include "sandbox/capabilities.h"

namespace seki::supervisor {
namespace {

constexpr const char* own_link = "/proc/self/exe";
constexpr size_t max_reason_bytes = 64 * 1024;

Result<Executable> open_path(const std::string& path, const std::string& name) {
    UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!file.valid()) return failure("{}: {}", name, system_error(errno));
    return Executable(std::move(file));
}

// proc(5): what was removed, or replaced, has this behind its name.
std::string path_of_running() {
    constexpr std::string_view removed = " (deleted)";
    std::array<char, PATH_MAX> room;
    const ssize_t size = ::readlink(own_link, room.data(), room.size());
    std::string path(room.data(), size > 0 ? static_cast<size_t>(size) : 0);
    if (path.ends_with(removed)) path.resize(path.size() - removed.size());
    return path;
}

std::vector<std::string> own_arguments() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> arguments;
    for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
    return arguments;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

void stay_open(std::span<const int> numbers, bool stay) {
    for (const int number : numbers) ::fcntl(number, F_SETFD, stay ? 0 : FD_CLOEXEC);
}

// What is printed until nobody holds the other end any more.
std::string all_of(int pipe) {
    std::string text;
    std::array<char, 4096> room;
    for (;;) {
        const ssize_t got = ::read(pipe, room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        if (text.size() < max_reason_bytes) text.append(room.data(), static_cast<size_t>(got));
    }
}

std::string ended_how(int status) {
    if (WIFEXITED(status)) return fmt::format("it ended with code {}", WEXITSTATUS(status));
    return fmt::format("it was killed by signal {}", WTERMSIG(status));
}

}  // namespace

Result<Executable> Executable::installed() {
    const std::string path = path_of_running();
    return open_path(path, path);
}

Result<Executable> Executable::running() { return open_path(own_link, "the running executable"); }

Result<Executable> Executable::copy() const {
    UniqueFd copied(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 3));
    if (!copied.valid()) return failure("cannot copy a descriptor: {}", system_error(errno));
    return Executable(std::move(copied));
}

Failure Executable::become(const Call& call) const {
    std::vector<std::string> arguments = own_arguments();
    std::vector<std::string> environment = call.variables;
    for (char* const* variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
    stay_open(call.keep, true);
    sandbox::pass_on_low_ports(true);
    ::execveat(file_.get(), "", pointers_to(arguments).data(), pointers_to(environment).data(), AT_EMPTY_PATH);
    const int error = errno;
    sandbox::pass_on_low_ports(false);
    stay_open(call.keep, false);
    return Failure{system_error(error)};
}

Result<> Executable::try_out(const Call& call, const std::string& promise) const {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure("cannot make a pipe: {}", system_error(errno));
    const UniqueFd printed(ends[0]);
    UniqueFd prints(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return failure("cannot start a process: {}", system_error(errno));
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever waits for it was given up
        ::dup2(prints.get(), STDERR_FILENO);
        print_error(become(call).message);
        ::_exit(1);
    }
    prints.reset();
    std::string text = all_of(printed.get());
    while (text.ends_with('\n')) text.pop_back();
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const bool can = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (can && text == promise) return {};
    if (!can && !text.empty()) return failure("{}", text);
    return failure("{}", can ? "it is no Seki that can take over" : ended_how(status));
}

}  // namespace seki::supervisor
