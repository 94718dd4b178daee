#include "sandbox/system_calls.h"

#include <cerrno>
#include <fcntl.h>
#include <initializer_list>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sandbox/refused_calls.h"

namespace seki::sandbox {
namespace {

// Whatever their arguments are.
constexpr auto allowed = {
    // connections, logs, the channel
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(splice), SCMP_SYS(accept4),
    SCMP_SYS(accept), SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(pipe2), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(dup),
    SCMP_SYS(dup3), SCMP_SYS(fstat), SCMP_SYS(lseek),
    // the loop
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(eventfd2),
    // memory
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    // threads, signals, the end
    SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(membarrier), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // time, randomness, who we are
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage), SCMP_SYS(getrlimit)};

// What sanitizers do besides: they read what programs and processes are made of, and look for leaks from a process of
// their own that halts this one.
#if defined(__SANITIZE_ADDRESS__)
constexpr auto allowed_to_sanitizers = {
    SCMP_SYS(ptrace),     SCMP_SYS(wait4),    SCMP_SYS(waitid),     SCMP_SYS(clone),
    SCMP_SYS(prctl),      SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
    SCMP_SYS(newfstatat), SCMP_SYS(access),   SCMP_SYS(faccessat),  SCMP_SYS(getdents),
    SCMP_SYS(getdents64), SCMP_SYS(lstat),    SCMP_SYS(prlimit64),  SCMP_SYS(ioctl)};
constexpr bool for_sanitizers = true;
#else
constexpr std::initializer_list<int> allowed_to_sanitizers = {};
constexpr bool for_sanitizers = false;
#endif

constexpr uint64_t pr_set_vma = 0x53564d41;  // the names that an allocator gives to its memory

scmp_arg_cmp is(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp masked(unsigned argument, uint64_t mask, uint64_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

constexpr const char* what = "the filter of system calls";

// Of those that the library tells, some are not the kernel's.
Result<> can_be_had() {
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr) < 0 && errno == EFAULT) return {};
    return failure("{}: {}", what, system_error(errno));
}

class Filter {
public:
    Filter() : context_(::seccomp_init(SCMP_ACT_TRAP), &::seccomp_release) {}

    void set(scmp_filter_attr attribute, uint32_t value) {
        note(context_ != nullptr ? ::seccomp_attr_set(context_.get(), attribute, value) : -ENOMEM);
    }
    // What it is good without, where the kernel does not have it.
    void prefer(scmp_filter_attr attribute, uint32_t value) {
        if (context_ != nullptr) static_cast<void>(::seccomp_attr_set(context_.get(), attribute, value));
    }
    // One that this architecture does not have is passed over.
    void allow(int call, std::initializer_list<scmp_arg_cmp> conditions = {}) { add(SCMP_ACT_ALLOW, call, conditions); }
    void allow_each(int call, unsigned argument, std::initializer_list<uint64_t> values) {
        for (const uint64_t value : values) allow(call, {is(argument, value)});
    }
    // For what makes do without it.
    void deny_existence(int call) { add(SCMP_ACT_ERRNO(ENOSYS), call, {}); }

    Result<> load() {
        if (error_ == 0) note(::seccomp_load(context_.get()));
        return error_ == 0 ? Result<>() : failure("{}: {}", what, system_error(error_));
    }

private:
    void add(uint32_t action, int call, std::initializer_list<scmp_arg_cmp> conditions) {
        if (context_ == nullptr) return;
        const int added = ::seccomp_rule_add_array(context_.get(), action, call,
                                                   static_cast<unsigned>(conditions.size()), conditions.begin());
        if (added != -EDOM) note(added);
    }
    void note(int outcome) {
        if (error_ == 0 && outcome < 0) error_ = -outcome;
    }

    std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
    int error_ = 0;
};

// TCP, UDP and what there is of that kind between processes: a protocol that is named would have the kernel load a
// module that nobody else here needs.
void allow_sockets(Filter& filter) {
    constexpr uint64_t without_flags = ~uint64_t{SOCK_NONBLOCK | SOCK_CLOEXEC};
    for (const uint64_t family : {AF_INET, AF_INET6, AF_UNIX}) {
        for (const uint64_t type : {SOCK_STREAM, SOCK_DGRAM})
            filter.allow(SCMP_SYS(socket), {is(0, family), masked(1, without_flags, type), is(2, 0)});
    }
}

// Of what is open. A log that lines are appended to must stay so, or who gets in here could write over what it says of
// him; and what others have as well (listening sockets, the standard streams) must not begin to block. So there is
// neither F_SETFL nor a write that asks for anything but not to wait.
void allow_to_descriptors(Filter& filter) {
    filter.allow_each(SCMP_SYS(fcntl), 1,
                      {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_GET_SEALS});
    filter.allow(SCMP_SYS(pwritev2), {is(5, RWF_NOWAIT)});
    filter.allow(SCMP_SYS(ioctl), {is(1, TCGETS)});  // isatty(3)
    // fstat(3), by some versions of the C library. A path cannot be seen: who gets in here can look whether there is
    // such a file, and how large it is.
    filter.allow(SCMP_SYS(newfstatat), {masked(3, AT_EMPTY_PATH, AT_EMPTY_PATH)});
}

void allow_to_itself(Filter& filter) {
    filter.allow_each(SCMP_SYS(prctl), 0, {PR_SET_NAME, PR_GET_NAME, pr_set_vma});
    filter.allow(SCMP_SYS(prlimit64), {is(0, 0), is(2, 0)});  // to be read
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) filter.allow(call, {masked(2, PROT_EXEC, 0)});
    // Threads only. The arguments of clone3(2) cannot be seen.
    filter.allow(SCMP_SYS(clone), {masked(0, CLONE_THREAD, CLONE_THREAD)});
    filter.deny_existence(SCMP_SYS(clone3));
    // abort(3), raise(3).
    const auto self = static_cast<uint64_t>(::getpid());
    for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill)}) filter.allow(call, {is(0, self)});
}

void allow_to_sanitizers(Filter& filter) {
    if (!for_sanitizers) return;
    for (const int call : allowed_to_sanitizers) filter.allow(call);
    constexpr auto changing = O_ACCMODE | O_CREAT | O_TRUNC;
    filter.allow(SCMP_SYS(open), {masked(1, changing, O_RDONLY)});
    filter.allow(SCMP_SYS(openat), {masked(2, changing, O_RDONLY)});
}

}  // namespace

Result<> filter_system_calls() {
    if (auto watched = RefusedCalls::watch(); !watched) return watched;
    if (auto can = can_be_had(); !can) return can;
    Filter filter;
    filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, in place of one comparison after another
    filter.prefer(SCMP_FLTATR_CTL_TSYNC, 1);  // for threads that something preloaded has begun, too
    filter.prefer(SCMP_FLTATR_CTL_LOG, 1);    // what is refused goes to the audit log of the kernel, too
    filter.prefer(SCMP_FLTATR_CTL_SSB, 1);    // no mitigation that makes the whole process slower
    for (const int call : allowed) filter.allow(call);
    allow_sockets(filter);
    allow_to_descriptors(filter);
    allow_to_itself(filter);
    allow_to_sanitizers(filter);
    return filter.load();
}

}  // namespace seki::sandbox
