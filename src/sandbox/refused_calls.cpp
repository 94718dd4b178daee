#include "sandbox/refused_calls.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <seccomp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

namespace seki::sandbox {
namespace {

// Later ones share the last number.
constexpr size_t calls_known_apart = 1024;
constexpr int sent_by_filter = 1;  // si_code (SYS_SECCOMP in the kernel)
// What is newer than this file was made by who can do without it, and wants to hear that it is not there.
constexpr int newest_known_here = SYS_landlock_restrict_self;

using Bits = std::array<std::atomic<uint64_t>, calls_known_apart / 64>;
Bits seen;
Bits told;

void set_result(ucontext_t& context, long result) noexcept {
#if defined(__x86_64__)
    context.uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
    context.uc_mcontext.regs[0] = static_cast<unsigned long long>(result);
#else
#error "the register of a system call's result"
#endif
}

std::string name_of(int call) {
    char* const name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
    std::string text = name != nullptr ? name : fmt::format("number {}", call);
    std::free(name);
    return text;
}

}  // namespace

std::atomic<bool> RefusedCalls::news = false;

// Runs within the call, in whatever thread made it: no lock, no allocation.
struct RefusedCallsHandler {
    static void handle(int /*number*/, siginfo_t* info, void* context) noexcept {
        if (info->si_code != sent_by_filter) return;  // somebody sent it
        const auto call = static_cast<size_t>(info->si_syscall);
        const size_t bit = call < calls_known_apart ? call : calls_known_apart - 1;
        seen[bit / 64].fetch_or(uint64_t{1} << (bit % 64), std::memory_order_relaxed);
        if ((told[bit / 64].load(std::memory_order_relaxed) >> (bit % 64) & 1) == 0)
            RefusedCalls::news.store(true, std::memory_order_release);
        set_result(*static_cast<ucontext_t*>(context), info->si_syscall > newest_known_here ? -ENOSYS : -EPERM);
    }
};

Result<> RefusedCalls::watch() {
    struct sigaction action = {};
    action.sa_sigaction = RefusedCallsHandler::handle;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    if (::sigaction(SIGSYS, &action, nullptr) == 0) return {};
    return failure("SIGSYS: {}", system_error(errno));
}

std::vector<std::string> RefusedCalls::take() {
    std::vector<std::string> names;
    if (!news.exchange(false, std::memory_order_acquire)) return names;
    for (size_t word = 0; word < seen.size(); ++word) {
        uint64_t fresh = seen[word].load(std::memory_order_relaxed) & ~told[word].load(std::memory_order_relaxed);
        told[word].fetch_or(fresh, std::memory_order_relaxed);
        for (size_t bit = 0; fresh != 0; ++bit, fresh >>= 1) {
            if ((fresh & 1) != 0) names.push_back(name_of(static_cast<int>(word * 64 + bit)));
        }
    }
    return names;
}

}  // namespace seki::sandbox
