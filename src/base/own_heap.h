#pragma once

// Memory that is needed for a moment, and much of it. Beside what stays it would keep nearly all of its pages: each has
// something that stays. A thread allocates in an arena of its own (mallopt(3), M_ARENA_MAX), so what is made there lies
// apart, and goes back to the kernel when it is no longer needed.

#include <malloc.h>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace seki {

// What the work returns, made in a thread that nothing runs beside. Where none can be begun: in this one, which only
// costs memory.
template <typename Work>
auto in_own_heap(Work work) {
    std::optional<decltype(work())> result;
    try {
        std::thread([&] { result.emplace(work()); }).join();
    } catch (const std::system_error&) {
        result.emplace(work());
    }
    return std::move(*result);
}

// Once it is gone.
inline void give_back_memory() { malloc_trim(0); }

}  // namespace seki
