#pragma once

// Assertions about our own code. SEKI_CHECK is always on; SEKI_DCHECK is for what is too dear on the path of a request
// and runs in debug builds only. A failed check prints the condition, the place and what the process was doing, then
// aborts: the supervisor replaces the worker.

namespace seki {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

// What the process is working on, for the line that a failed check or a fatal signal leaves behind. `describe` writes
// at most `capacity` bytes to `out` and returns how many; it is called in a signal handler and must neither allocate
// nor lock.
struct CrashContext {
    using Describe = unsigned long (*)(void* owner, char* out, unsigned long capacity);
    Describe describe = nullptr;
    void* owner = nullptr;
};

CrashContext& crash_context() noexcept;

// SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT print one line on stderr (the signal and the crash context) and then take
// their default action. `who` ("WRK-00") begins the line and must outlive the process.
void install_crash_handlers(const char* who) noexcept;

}  // namespace seki

#define SEKI_CHECK(condition) \
    (__builtin_expect(!(condition), 0) ? ::seki::check_failed(#condition, __FILE__, __LINE__) : static_cast<void>(0))

#ifdef SEKI_DEBUG
#define SEKI_DCHECK(condition) SEKI_CHECK(condition)
#else
#define SEKI_DCHECK(condition) static_cast<void>(sizeof(condition))
#endif
