// A preloaded library that makes the system refuse what a test wants, at the moment at which it wants it. The file that
// $SEKI_REFUSE_FILE names has a line for each call that fails:
//
//     <supervisor|trial|successor|former|worker> <call>
//
// without it, or without that line, everything goes on to the C library. A trial is to see whether a new executable
// could take over from the one that runs, and a successor has done so; a former supervisor got everything back from
// one.
//
// "killed_at_fsync" and "hangs_at_fsync" are none: what is written is about to be whole then.

#include <cerrno>
#include <crypt.h>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

// No allocation and no call of those below.
bool read_file(const char* path, char* into, size_t size) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = read(fd, into, size - 1);
    close(fd);
    into[got > 0 ? got : 0] = '\0';
    return got > 0;
}

const char* supervisor_role = "supervisor";
bool former = false;
pid_t first_process;

// As it is when the program begins: it takes these out of the environment.
[[gnu::constructor]] void look_around() {
    first_process = getpid();
    if (getenv("SEKI_HANDOVER") == nullptr) return;
    former = getenv("SEKI_HANDOVER_REFUSED") != nullptr;
    if (!former) supervisor_role = getenv("SEKI_HANDOVER_TRIAL") != nullptr ? "trial" : "successor";
}

const char* role() {
    static char arguments[4096];
    if (arguments[0] == '\0' && !read_file("/proc/self/cmdline", arguments, sizeof arguments)) return "";
    const char* second = arguments + strlen(arguments) + 1;
    return strcmp(second, "worker") == 0 ? "worker" : supervisor_role;
}

bool names(const char* lines, const char* who, const char* call) {
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s %s\n", who, call);
    return strstr(lines, wanted) != nullptr;
}

bool refused(const char* call) {
    const char* path = getenv("SEKI_REFUSE_FILE");
    char lines[1024];
    if (path == nullptr || !read_file(path, lines, sizeof lines)) return false;
    return names(lines, role(), call) || (former && names(lines, "former", call));
}

bool is_saved(int fd) {
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return strstr(path, "state.json") != nullptr;
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int fail(int error) {
    errno = error;
    return -1;
}

}  // namespace

extern "C" {

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    if (operation == EPOLL_CTL_ADD && refused("epoll_ctl")) return fail(ENOSPC);
    static auto* const real = next<decltype(epoll_ctl)>("epoll_ctl");
    return real(epoll, operation, fd, event);
}

int epoll_create1(int flags) noexcept {
    if (refused("epoll_create1")) return fail(EMFILE);
    static auto* const real = next<decltype(epoll_create1)>("epoll_create1");
    return real(flags);
}

int eventfd(unsigned int value, int flags) noexcept {
    if (refused("eventfd")) return fail(EMFILE);
    static auto* const real = next<decltype(eventfd)>("eventfd");
    return real(value, flags);
}

int signalfd(int fd, const sigset_t* mask, int flags) noexcept {
    if (refused("signalfd")) return fail(ENOMEM);
    static auto* const real = next<decltype(signalfd)>("signalfd");
    return real(fd, mask, flags);
}

int prctl(int option, ...) noexcept {
    if (refused("prctl")) return fail(EPERM);
    va_list arguments;
    va_start(arguments, option);
    const unsigned long second = va_arg(arguments, unsigned long);
    const unsigned long third = va_arg(arguments, unsigned long);
    const unsigned long fourth = va_arg(arguments, unsigned long);
    const unsigned long fifth = va_arg(arguments, unsigned long);
    va_end(arguments);
    static auto* const real = next<int(int, ...)>("prctl");
    return real(option, second, third, fourth, fifth);
}

int socketpair(int domain, int type, int protocol, int* pair) noexcept {
    if (refused("socketpair")) return fail(EMFILE);
    static auto* const real = next<decltype(socketpair)>("socketpair");
    return real(domain, type, protocol, pair);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
    if (refused("pthread_create")) return EAGAIN;
    static auto* const real = next<decltype(pthread_create)>("pthread_create");
    return real(thread, attributes, run, argument);
}

char* crypt_ra(const char* phrase, const char* setting, void** data, int* size) noexcept {
    if (refused("crypt_ra")) {
        errno = EINVAL;  // as of yescrypt without memory
        return nullptr;
    }
    static auto* const real = next<decltype(crypt_ra)>("crypt_ra");
    return real(phrase, setting, data, size);
}

int memfd_create(const char* name, unsigned flags) noexcept {
    if (refused("memfd_create")) return fail(EMFILE);
    static auto* const real = next<decltype(memfd_create)>("memfd_create");
    return real(name, flags);
}

// Of the program that runs, not of a copy that tries another one.
int execveat(int folder, const char* path, char* const* arguments, char* const* environment, int flags) noexcept {
    if (getpid() == first_process && refused("execveat")) return fail(ENOMEM);
    static auto* const real = next<decltype(execveat)>("execveat");
    return real(folder, path, arguments, environment, flags);
}

pid_t fork() noexcept {
    if (refused("fork")) return fail(EAGAIN);
    static auto* const real = next<decltype(fork)>("fork");
    return real();
}

// Of a new file.
int open(const char* path, int flags, ...) {
    if ((flags & O_EXCL) != 0 && refused("open")) return fail(EMFILE);
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    static auto* const real = next<int(const char*, int, ...)>("open");
    return real(path, flags, mode);
}

// To a file that somebody saves; logs go on.
ssize_t write(int fd, const void* bytes, size_t size) {
    static auto* const real = next<decltype(write)>("write");
    return is_saved(fd) && refused("write") ? fail(ENOSPC) : real(fd, bytes, size);
}

int fsync(int fd) {
    if (refused("fsync")) return fail(EIO);
    if (refused("killed_at_fsync")) raise(SIGKILL);
    if (refused("hangs_at_fsync")) pause();
    static auto* const real = next<decltype(fsync)>("fsync");
    return real(fd);
}

int rename(const char* from, const char* to) noexcept {
    if (refused("rename")) return fail(EROFS);
    static auto* const real = next<decltype(rename)>("rename");
    return real(from, to);
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
    if (refused("posix_spawn")) return EAGAIN;
    static auto* const real = next<decltype(posix_spawn)>("posix_spawn");
    return real(pid, path, actions, attributes, arguments, environment);
}
}
