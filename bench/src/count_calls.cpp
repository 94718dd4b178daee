// A preloaded library that counts what a process takes and says: allocations, their bytes, and the bytes that it sends
// by sendmsg, which Seki uses for its command socket and its workers alone. The counts are in the file
// $BENCH_COUNTS/<pid>, three numbers of 64 bits, for others to read at any time. Single-threaded processes only.

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* __libc_realloc(void*, size_t);
extern "C" void* __libc_memalign(size_t, size_t);

namespace {

struct Counts {
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t sent_bytes;
};

Counts before_main;
Counts* counts = &before_main;

__attribute__((constructor)) void open_counts() {
    const char* folder = std::getenv("BENCH_COUNTS");
    if (folder == nullptr) return;
    const int fd = open((std::string(folder) + "/" + std::to_string(getpid())).c_str(), O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(Counts)) != 0) return;
    void* mapped = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) counts = static_cast<Counts*>(mapped);
}

void note(size_t bytes) {
    ++counts->allocations;
    counts->allocated_bytes += bytes;
}

}  // namespace

extern "C" void* malloc(size_t size) {
    note(size);
    return __libc_malloc(size);
}

extern "C" void* calloc(size_t number, size_t size) {
    note(number * size);
    return __libc_calloc(number, size);
}

extern "C" void* realloc(void* old, size_t size) {
    note(size);
    return __libc_realloc(old, size);
}

extern "C" void* aligned_alloc(size_t alignment, size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}

extern "C" int posix_memalign(void** into, size_t alignment, size_t size) {
    note(size);
    *into = __libc_memalign(alignment, size);
    return *into == nullptr ? ENOMEM : 0;
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    const ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
    if (sent > 0) counts->sent_bytes += static_cast<uint64_t>(sent);
    return sent;
}
