#pragma once

// What becomes of a system call that the filter (system_calls.h) does not know: it fails, as calls may, and the call is
// remembered, once each, so that whoever has a log can name it. Nobody dies of it: a new version of a library that
// makes a call of which we have not heard must not cost a connection.

#include <atomic>
#include <string>
#include <vector>

#include "base/result.h"

namespace seki::sandbox {

class RefusedCalls {
public:
    // The handler of SIGSYS. No thread may block that signal from then on: the kernel would end the process.
    static Result<> watch();

    // Those that were refused since the last time, by name ("openat"), each once in the life of the process.
    [[nodiscard]] static bool any() noexcept { return news.load(std::memory_order_relaxed); }
    static std::vector<std::string> take();

private:
    friend struct RefusedCallsHandler;
    static std::atomic<bool> news;
};

}  // namespace seki::sandbox
