// Each test enters the sandbox in a process of its own: nobody gets out of it again.

#include "sandbox/worker_sandbox.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <latch>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sandbox/account.h"
#include "sandbox/refused_calls.h"
#include "sandbox/system_calls.h"

namespace seki::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What is not so is said on stderr.
void in_the_sandbox(
    const WorkerSandbox& sandbox, const std::function<void()>& look, const std::function<void()>& before = [] {}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        before();
        const auto entered = sandbox.enter();
        EXPECT_TRUE(entered) << entered.error().message;
        look();
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

int error_of(long outcome) { return outcome < 0 ? errno : 0; }

TEST(WorkerSandbox, names_each_call_that_is_refused_once) {
    in_the_sandbox({.landlock = false}, [] {
        EXPECT_FALSE(RefusedCalls::any());
        for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(::mkdirat(AT_FDCWD, "/tmp/seki-made-this", 0700)), EPERM);
        EXPECT_EQ(error_of(::listen(0, 1)), EPERM);
        EXPECT_TRUE(RefusedCalls::any());
        EXPECT_THAT(RefusedCalls::take(), testing::UnorderedElementsAre("mkdirat", "listen"));
        EXPECT_EQ(error_of(::listen(0, 1)), EPERM);
        EXPECT_FALSE(RefusedCalls::any());
    });
}

TEST(WorkerSandbox, says_of_calls_that_are_newer_than_itself_that_they_are_not_there) {
    in_the_sandbox({}, [] {
        EXPECT_EQ(error_of(::syscall(1000)), ENOSYS);
        EXPECT_EQ(error_of(::syscall(5000)), ENOSYS);
        EXPECT_THAT(RefusedCalls::take(), ElementsAre("number 1000", "number 1023"));
    });
}

TEST(WorkerSandbox, refuses_in_threads_that_begin_later_as_well) {
    in_the_sandbox({}, [] {
        int error = 0;
        std::thread([&error] { error = error_of(::socket(AF_NETLINK, SOCK_RAW, 0)); }).join();
        EXPECT_EQ(error, EPERM);
        EXPECT_THAT(RefusedCalls::take(), ElementsAre("socket"));
    });
}

TEST(WorkerSandbox, refuses_in_threads_that_began_before_as_well) {
    std::latch entered(1);
    int error = 0;
    std::thread other;
    const auto begin = [&] {
        other = std::thread([&] {
            entered.wait();
            error = error_of(::mkdirat(AT_FDCWD, "/nowhere/at-all", 0700));
        });
    };
    const auto look = [&] {
        entered.count_down();
        other.join();
        EXPECT_EQ(error, EPERM);
    };
    in_the_sandbox({.landlock = false}, look, begin);
}

TEST(WorkerSandbox, makes_sockets_of_tcp_and_udp_and_their_like_only) {
    in_the_sandbox({}, [] {
        const auto made = [](int family, int type, int protocol) {
            return error_of(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
        };
        for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
            for (const int type : {SOCK_STREAM, SOCK_DGRAM}) EXPECT_EQ(made(family, type, 0), 0) << family << type;
            for (const int type : {SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM}) EXPECT_EQ(made(family, type, 0), EPERM) << type;
        }
        // Each a module of the kernel that most machines have never loaded.
        for (const int protocol : {IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_MPTCP, IPPROTO_ICMP})
            EXPECT_EQ(made(AF_INET, SOCK_STREAM, protocol), EPERM) << protocol;
    });
}

TEST(WorkerSandbox, writes_behind_what_a_log_has_and_not_over_it) {
    std::array<char, 32> path{"/tmp/seki-log-XXXXXX"};
    const int log = ::mkostemp(path.data(), O_APPEND | O_CLOEXEC);
    ASSERT_GE(log, 0);
    EXPECT_EQ(::unlink(path.data()), 0);
    EXPECT_EQ(::write(log, "first\n", 6), 6);
    in_the_sandbox({}, [log] {
        constexpr int not_at_the_end = 0x20;  // RWF_NOAPPEND, of Linux 6.9
        const iovec line{const_cast<char*>("other\n"), 6};
        EXPECT_EQ(error_of(::fcntl(log, F_SETFL, 0)), EPERM);
        EXPECT_EQ(error_of(::pwritev2(log, &line, 1, 0, not_at_the_end)), EPERM);
        EXPECT_NE(error_of(::pwritev2(log, &line, 1, -1, RWF_NOWAIT)), EPERM);
        EXPECT_EQ(::write(log, "last\n", 5), 5);
    });
    std::array<char, 6> begins{};
    EXPECT_EQ(::pread(log, begins.data(), begins.size(), 0), 6);
    EXPECT_EQ(std::string(begins.data(), begins.size()), "first\n");
    ::close(log);
}

TEST(WorkerSandbox, says_what_the_kernel_says_where_there_can_be_no_filter) {
    in_the_sandbox({.landlock = false}, [] {
        const auto again = filter_system_calls();  // seccomp(2) is refused by now
        ASSERT_FALSE(again);
        EXPECT_THAT(again.error().message, HasSubstr("Operation not permitted"));
    });
}

TEST(WorkerSandbox, goes_on_with_what_is_open_and_with_memory_that_runs_no_code) {
    const int log = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(log, 0);
    in_the_sandbox({}, [log] {
        EXPECT_EQ(::write(log, "line\n", 5), 5);
        const auto map = [](int protection) {
            return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        };
        void* const page = map(PROT_READ | PROT_WRITE);
        EXPECT_NE(page, MAP_FAILED);
        EXPECT_EQ(map(PROT_READ | PROT_EXEC), MAP_FAILED);
        EXPECT_EQ(error_of(::mprotect(page, 4096, PROT_READ | PROT_EXEC)), EPERM);
    });
    ::close(log);
}

TEST(WorkerSandbox, by_landlock_alone_makes_no_file_either) {
    in_the_sandbox({.seccomp = false}, [] {
        if (WorkerSandbox{.seccomp = false}.enter()->contains("no Landlock")) return;
        EXPECT_EQ(error_of(::open("/tmp/seki-made-this", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), EACCES);
    });
}

TEST(Account, who_is_not_there_is_told_by_the_key) {
    EXPECT_THAT(find_account("no-such-user", {}).error().message, HasSubstr("user: there is no user 'no-such-user'"));
    EXPECT_THAT(find_account("root", "no-such-group").error().message,
                HasSubstr("group: there is no group 'no-such-group'"));
}

}  // namespace
}  // namespace seki::sandbox
