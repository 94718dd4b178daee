#include "net/buffer_pool.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

namespace seki::net {

void Buffer::consume(size_t read) noexcept {
    SEKI_DCHECK(read <= size());
    begin_ += static_cast<uint32_t>(read);
}

void Buffer::append(std::string_view text) noexcept {
    SEKI_CHECK(text.size() <= capacity_ - end_);
    std::memcpy(bytes() + end_, text.data(), text.size());
    end_ += static_cast<uint32_t>(text.size());
}

void Buffer::compact() noexcept {
    if (begin_ == 0) return;
    std::memmove(bytes(), bytes() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
}

void ReturnBuffer::operator()(Buffer* buffer) const noexcept { buffer->pool_->give_back(*buffer); }

void BufferPool::Memory::Unmap::operator()(char* memory) const noexcept { munmap(memory, size); }

Result<BufferPool::Memory> BufferPool::Memory::map(const Sizes& sizes) {
    auto large = map(sizes.max_buffers, sizes.buffer_size);
    if (!large) return std::unexpected(large.error());
    auto small = map(sizes.max_small, sizes.small_size);
    if (!small) return std::unexpected(small.error());
    return Memory(sizes, std::move(*large), std::move(*small));
}

Result<BufferPool::Memory::Mapping> BufferPool::Memory::map(uint32_t count, uint32_t size) {
    // Whole pages, so that the memory of one buffer can be given back without touching another.
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t stride = (sizeof(Buffer) + size + alignof(Buffer) - 1) / alignof(Buffer) * alignof(Buffer);
    if (stride > page) stride = (stride + page - 1) / page * page;
    size_t bytes = 0;
    if (__builtin_mul_overflow(stride, size_t{count}, &bytes)) bytes = SIZE_MAX;  // which nobody can have
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return failure("cannot have {} buffers of {} bytes (max_buffers, max_connections): {}", count, size,
                       system_error(errno));
    // A huge page would make one small buffer cost 2 MiB.
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return Mapping{{static_cast<char*>(memory), Unmap{bytes}}, stride, count};
}

BufferPool::BufferPool(Memory memory)
    : memory_(std::move(memory)), sizes_(memory_.sizes_), large_(memory_.large_), small_(memory_.small_) {}

BufferPool::~BufferPool() { SEKI_CHECK(large_.in_use == 0 && small_.in_use == 0); }

bool BufferPool::reserve(uint32_t count) noexcept {
    if (reserved_ + count > sizes_.max_buffers) return false;
    reserved_ += count;
    return true;
}

void BufferPool::unreserve(uint32_t count) noexcept {
    SEKI_CHECK(count <= reserved_);
    reserved_ -= count;
}

BufferPtr BufferPool::acquire() {
    SEKI_CHECK(large_.in_use < reserved_);
    return take(large_, sizes_.buffer_size, false);
}

BufferPtr BufferPool::try_acquire() {
    if (!reserve(1)) return nullptr;
    BufferPtr buffer = acquire();
    buffer->reserved_ = true;
    return buffer;
}

void BufferPool::transfer_reservation(Buffer& buffer) noexcept {
    if (buffer.reserved_ != 0 || buffer.small_ != 0) return;
    buffer.reserved_ = true;
    ++reserved_;
}

BufferPtr BufferPool::acquire_small() {
    if (small_.in_use == small_.count) return nullptr;
    return take(small_, sizes_.small_size, true);
}

BufferPtr BufferPool::take(Class& buffers, uint32_t size, bool small) {
    uint32_t index = 0;
    if (buffers.free_list.empty()) {
        index = buffers.untouched++;
    } else {
        index = buffers.free_list.back();
        buffers.free_list.pop_back();
        buffers.low_water = std::min(buffers.low_water, static_cast<uint32_t>(buffers.free_list.size()));
    }
    ++buffers.in_use;
    buffers.released[index] = false;
    return BufferPtr(new (buffers.memory + buffers.stride * index) Buffer(*this, size, index, small));
}

void BufferPool::give_back(Buffer& buffer) noexcept {
    Class& buffers = buffer.small_ != 0 ? small_ : large_;
    if (buffer.reserved_ != 0) unreserve(1);
    --buffers.in_use;
    buffers.free_list.push_back(buffer.index_);
}

// Only large buffers: small ones share their pages.
void BufferPool::trim() {
    for (uint32_t i = sizes_.min_buffers; i < large_.low_water; ++i) {
        const uint32_t index = large_.free_list[i];
        if (large_.released[index]) continue;
        large_.released[index] = true;
        madvise(large_.memory + large_.stride * index, large_.stride, MADV_DONTNEED);
    }
    large_.low_water = static_cast<uint32_t>(large_.free_list.size());
}

}  // namespace seki::net
