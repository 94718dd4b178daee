// A preloaded library that counts what a worker allocates while a test says so, and keeps where the first of it came
// from. The file that $COUNT_ALLOCATIONS names is shared memory between test and worker; only workers open it.
//
// Everything goes on to the C library's own allocator, so nothing changes but the count.

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <fcntl.h>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

// As test_allocations.py reads it: everything is 8 bytes.
struct Call {
    uint64_t depth;
    void* frames[31];
};
struct Tally {
    std::atomic<uint64_t> counting;  // written by the test
    uint64_t calls;
    Call first[32];
};

Tally* tally = nullptr;
bool noting = false;

void note() noexcept {
    if (tally == nullptr || noting || tally->counting == 0) return;
    noting = true;
    const uint64_t number = tally->calls++;
    if (number < std::size(tally->first)) {
        Call& call = tally->first[number];
        call.depth = static_cast<uint64_t>(backtrace(call.frames, static_cast<int>(std::size(call.frames))));
    }
    noting = false;
}

[[gnu::constructor]] void open_tally(int count, char** arguments, char** /*environment*/) {
    const char* path = std::getenv("COUNT_ALLOCATIONS");
    if (path == nullptr || count < 2 || std::strcmp(arguments[1], "worker") != 0) return;
    void* frame = nullptr;
    backtrace(&frame, 1);  // the first call allocates
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) std::abort();
    void* memory = mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) std::abort();
    close(fd);
    tally = static_cast<Tally*>(memory);
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
    note();
    return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
    note();
    return __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
    note();
    *out = __libc_memalign(alignment, size);
    return *out != nullptr ? 0 : ENOMEM;
}
}
