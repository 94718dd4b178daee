#include "sandbox/worker_sandbox.h"

#include <ctime>

#include "sandbox/capabilities.h"
#include "sandbox/landlock.h"
#include "sandbox/system_calls.h"

namespace seki::sandbox {
namespace {

Result<std::string> landlock_text(bool wanted) {
    if (!wanted) return "no Landlock";
    const auto version = leave_file_system();
    if (!version) return failure("worker_landlock: {}", version.error().message);
    return *version == 0 ? "no Landlock in this kernel" : fmt::format("Landlock {}", *version);
}

}  // namespace

Result<std::string> WorkerSandbox::enter() const {
    ::tzset();  // the first time that is written down, UTC or not, would have the C library look for a time zone
    if (auto gained = gain_nothing_by_programs(); !gained) return std::unexpected(gained.error());
    if (auto dropped = drop_all_capabilities(); !dropped) return std::unexpected(dropped.error());
    auto text = landlock_text(landlock);
    if (!text) return text;
    if (!seccomp) return "no filter of system calls, " + *text;
    if (auto filtered = filter_system_calls(); !filtered)
        return failure("worker_seccomp: {}", filtered.error().message);
    return "a filter of system calls, " + *text;
}

}  // namespace seki::sandbox
