#include "base/allocations.h"

#include <cstdlib>
#include <new>

namespace {
size_t count = 0;
}

namespace seki {
size_t allocations() noexcept { return count; }
}  // namespace seki

void* operator new(size_t size) {
    ++count;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
