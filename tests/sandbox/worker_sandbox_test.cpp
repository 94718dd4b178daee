// Each test enters the sandbox in a process of its own: nobody gets out of it again.

#include "sandbox/worker_sandbox.h"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sandbox/account.h"
#include "sandbox/refused_calls.h"

namespace seki::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What is not so is said on stderr.
void in_the_sandbox(const WorkerSandbox& sandbox, const std::function<void()>& look) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
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
