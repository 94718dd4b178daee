#include "base/check.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <signal.h>
#include <string.h>
#include <unistd.h>

namespace seki {

namespace {

const char* process_name = "seki";

// Only async-signal-safe calls from here on: no stdio, no allocation.
class CrashLine {
public:
    void add(const char* text) noexcept { add(text, strlen(text)); }
    void add(const char* text, size_t length) noexcept {
        const size_t room = sizeof buffer_ - used_ - 1;
        const size_t take = length < room ? length : room;
        memcpy(buffer_ + used_, text, take);
        used_ += take;
    }
    void add_context() noexcept {
        const CrashContext& context = crash_context();
        if (context.describe == nullptr) return;
        add("; last: ");
        const size_t room = sizeof buffer_ - used_ - 1;
        used_ += context.describe(context.owner, buffer_ + used_, room);
    }
    void print() noexcept {
        buffer_[used_++] = '\n';
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, buffer_, used_);
    }

private:
    char buffer_[2048];
    size_t used_ = 0;
};

void on_fatal_signal(int signal_number) {
    CrashLine line;
    line.add(process_name);
    line.add(": killed by SIG");
    const char* name = sigabbrev_np(signal_number);
    line.add(name != nullptr ? name : "?");
    line.add_context();
    line.print();
    // SA_RESETHAND restored the default action: this ends the process and leaves the true status for waitpid.
    raise(signal_number);
}

}  // namespace

CrashContext& crash_context() noexcept {
    static CrashContext context;
    return context;
}

void check_failed(const char* condition, const char* file, int line) noexcept {
    char number[16];
    snprintf(number, sizeof number, ":%d", line);
    CrashLine message;
    message.add(process_name);
    message.add(": check failed: ");
    message.add(condition);
    message.add(" at ");
    message.add(file);
    message.add(number);
    message.print();
    abort();
}

void install_crash_handlers(const char* who) noexcept {
    process_name = who;
    struct sigaction action = {};
    action.sa_handler = on_fatal_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (const int signal_number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
        sigaction(signal_number, &action, nullptr);
}

}  // namespace seki
