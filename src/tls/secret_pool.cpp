#include "tls/secret_pool.h"

#include <algorithm>
#include <sys/mman.h>

namespace seki::tls {

SecretMemory::SecretMemory(size_t object_bytes, size_t alignment) noexcept
    : stride_((std::max(object_bytes, sizeof(Free)) + alignment - 1) / alignment * alignment) {
    SEKI_CHECK(alignment >= alignof(Free) && stride_ <= chunk_bytes);
}

SecretMemory::~SecretMemory() {
    SEKI_CHECK(in_use_ == 0);
    for (void* chunk : chunks_) ::munmap(chunk, chunk_bytes);
}

void* SecretMemory::take() {
    if (free_ == nullptr && !grow()) return nullptr;
    ++in_use_;
    void* const taken = free_;
    free_ = free_->next;
    return taken;
}

void SecretMemory::give_back(void* object) noexcept {
    --in_use_;
    free_ = new (object) Free{free_};
}

bool SecretMemory::grow() {
    void* const chunk = ::mmap(nullptr, chunk_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED) return false;
    static_cast<void>(::madvise(chunk, chunk_bytes, MADV_DONTDUMP));  // kernels that cannot do it dump it
    chunks_.push_back(chunk);
    // The first one is taken first, so that few pages are touched.
    for (size_t at = chunk_bytes / stride_; at-- > 0;)
        free_ = new (static_cast<char*>(chunk) + at * stride_) Free{free_};
    return true;
}

}  // namespace seki::tls
