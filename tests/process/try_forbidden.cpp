// A preloaded library that has a worker try what it may not do, when it has accepted its first client: each call, made
// without the C library, leaves a line "tried NAME: ERROR" on stderr, with "ok" for one that succeeded. $SEKI_TRY_PATH
// is where it would make a file, $SEKI_TRY_SOCKET the command socket.

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

bool is_worker = false;

[[gnu::constructor]] void look_around(int count, char** arguments, char** /*environment*/) {
    is_worker = count > 1 && std::strcmp(arguments[1], "worker") == 0;
}

void tell(const char* name, long outcome) {
    std::array<char, 128> line;
    const char* const error = outcome >= 0 ? "ok" : strerrorname_np(errno);
    const int size = std::snprintf(line.data(), line.size(), "tried %s: %s\n", name, error);
    if (write(STDERR_FILENO, line.data(), static_cast<size_t>(size)) < 0) std::abort();
}

void try_files() {
    const char* const path = std::getenv("SEKI_TRY_PATH");
    tell("read a file", syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
    tell("make a file", syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600));
    tell("open its memory", syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR));
    tell("remove a file", syscall(SYS_unlinkat, AT_FDCWD, path, 0));
    tell("make a folder", syscall(SYS_mkdirat, AT_FDCWD, path, 0700));
    tell("change its root", syscall(SYS_chroot, "/"));
}

void try_programs() {
    std::array<char*, 1> nothing{nullptr};
    tell("run code of its own",
         reinterpret_cast<long>(mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) == -1
             ? -1
             : 0);
    const long child = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) _exit(0);
    tell("start a process", child);
    tell("run a program", syscall(SYS_execve, "/bin/true", nothing.data(), nothing.data()));
    tell("become root", syscall(SYS_setuid, 0));
}

void try_processes() {
    const pid_t parent = getppid();
    tell("signal another process", syscall(SYS_kill, parent, SIGUSR2));
    tell("signal its group", syscall(SYS_kill, 0, SIGUSR2));
    tell("trace another process", syscall(SYS_ptrace, PTRACE_SEIZE, parent, nullptr, nullptr));
    tell("watch another process", syscall(SYS_pidfd_open, parent, 0));
    tell("limit another process", syscall(SYS_prlimit64, parent, 7, nullptr, nullptr));
}

void try_sockets() {
    const auto any = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
    tell("make a socket", any);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tell("bind", syscall(SYS_bind, any, &address, sizeof address));
    tell("listen", syscall(SYS_listen, any, 1));
    tell("talk to the kernel", syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0));
    close(any);
}

// Asks for the listeners; "ok" is an answer, ENOTCONN the end of the connection without any.
void try_to_command() {
    constexpr std::array<char, 10> list_listeners{10, 0, 0, 0, 0, 0, 0, 0, 6 << 3 | 2, 0};
    std::array<char, 256> answer;
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, std::getenv("SEKI_TRY_SOCKET"), sizeof address.sun_path - 1);
    const auto any = static_cast<int>(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
    if (connect(any, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return tell("command", -1);
    long outcome = send(any, list_listeners.data(), list_listeners.size(), MSG_NOSIGNAL);
    if (outcome >= 0) outcome = read(any, answer.data(), answer.size());
    if (outcome == 0) errno = ENOTCONN;
    tell("command", outcome > 0 ? outcome : -1);
    close(any);
}

void try_everything() {
    try_files();
    try_programs();
    try_processes();
    try_sockets();
    try_to_command();
    tell("call what there is not yet", syscall(1000));
    tell("the end", 0);
}

}  // namespace

extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static bool tried = false;
    const auto accepted = static_cast<int>(syscall(SYS_accept4, fd, address, size, flags));
    const int error = errno;
    if (is_worker && accepted >= 0 && !tried) {
        tried = true;
        try_everything();
    }
    errno = error;
    return accepted;
}
