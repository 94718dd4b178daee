#include "supervisor/processors.h"

#include <cerrno>
#include <sched.h>
#include <vector>

namespace seki::supervisor {

Result<> bind_to_processor(pid_t process, uint32_t slot) {
    cpu_set_t usable;
    if (::sched_getaffinity(0, sizeof usable, &usable) != 0)
        return failure("sched_getaffinity: {}", system_error(errno));
    std::vector<int> processors;
    for (int number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(number, &usable)) processors.push_back(number);
    }
    if (processors.empty()) return failure("no processor may be used");
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors[slot % processors.size()], &one);
    if (::sched_setaffinity(process, sizeof one, &one) != 0)
        return failure("sched_setaffinity: {}", system_error(errno));
    return {};
}

}  // namespace seki::supervisor
