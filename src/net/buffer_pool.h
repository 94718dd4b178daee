#pragma once

// All memory for bytes on their way, of a fixed size from the start. Buffers of `buffer_size` bytes carry bodies and
// answers; a class of small ones keeps unfinished heads, so that clients which send half a head cannot take the large
// ones from others.
//
// A large buffer is first reserved, later acquired: an exchange reserves at admission what it may ever need, so that a
// running exchange never finds the pool empty. Memory comes from the kernel when a buffer is first used and goes back
// some time after it was last used (trim()), down to `min_buffers`.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace seki::net {

class BufferPool;

// The unread or unsent bytes of one direction: [begin, end) of a fixed capacity. Lives at the front of its own memory.
class Buffer {
public:
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    [[nodiscard]] std::string_view data() const noexcept { return {bytes() + begin_, end_ - begin_}; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] uint32_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] uint32_t capacity() const noexcept { return capacity_; }
    // What may be written behind the data.
    [[nodiscard]] std::span<char> room() noexcept { return {bytes() + end_, capacity_ - end_}; }

    void commit(size_t written) noexcept { end_ += static_cast<uint32_t>(written); }  // at most room().size()
    void consume(size_t read) noexcept;                                               // at most size()
    void append(std::string_view text) noexcept;                                      // at most room().size()
    // Forgets what stands behind the first `size` bytes of the data, which has as many.
    void truncate(size_t size) noexcept { end_ = begin_ + static_cast<uint32_t>(size); }
    // Moves the data to the front, so that room() is all that is left.
    void compact() noexcept;
    // Bytes that were consumed but still are there, and the way back to them: what was sent may have to be sent again.
    [[nodiscard]] uint32_t consumed() const noexcept { return begin_; }
    void rewind() noexcept { begin_ = 0; }

private:
    friend class BufferPool;
    friend struct ReturnBuffer;
    Buffer(BufferPool& pool, uint32_t capacity, uint32_t index, bool small) noexcept
        : pool_(&pool), capacity_(capacity), index_(index), small_(small), reserved_(false) {}
    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }

    BufferPool* pool_;
    uint32_t begin_ = 0;
    uint32_t end_ = 0;
    uint32_t capacity_;
    uint32_t index_ : 30;
    uint32_t small_ : 1;
    uint32_t reserved_ : 1;  // has a reservation of its own
};

struct ReturnBuffer {
    void operator()(Buffer* buffer) const noexcept;
};
using BufferPtr = std::unique_ptr<Buffer, ReturnBuffer>;

class BufferPool {
public:
    struct Sizes {
        uint32_t buffer_size = 16393;
        uint32_t min_buffers = 1;
        uint32_t max_buffers = 1000;
        uint32_t small_size = 2048;
        uint32_t max_small = 10000;
    };

    // All addresses that a pool will ever use. The system may refuse so many (RLIMIT_AS), or so many mappings.
    class Memory {
    public:
        static Result<Memory> map(const Sizes& sizes);

    private:
        friend class BufferPool;
        struct Unmap {
            size_t size;
            void operator()(char* memory) const noexcept;
        };
        // Buffers of one size.
        struct Mapping {
            std::unique_ptr<char, Unmap> memory;
            size_t stride;
            uint32_t count;
        };
        Memory(const Sizes& sizes, Mapping large, Mapping small)
            : sizes_(sizes), large_(std::move(large)), small_(std::move(small)) {}
        static Result<Mapping> map(uint32_t count, uint32_t size);

        Sizes sizes_;
        Mapping large_;
        Mapping small_;
    };

    explicit BufferPool(Memory memory);
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    // Whether `count` more large buffers may be in use at once; nothing is taken yet.
    [[nodiscard]] bool reserve(uint32_t count) noexcept;
    void unreserve(uint32_t count) noexcept;

    // A large buffer under a reservation of the caller's.
    [[nodiscard]] BufferPtr acquire();
    // A large buffer with a reservation of its own, which goes back with it; null when there is none to be had.
    [[nodiscard]] BufferPtr try_acquire();
    // Gives a buffer a reservation of its own for the rest of its life, in place of the one it was acquired under,
    // which the caller gives back in the same turn.
    void transfer_reservation(Buffer& buffer) noexcept;
    // A small buffer, or null when all are in use.
    [[nodiscard]] BufferPtr acquire_small();

    // Gives the memory of buffers that were free ever since the last call back to the kernel.
    void trim();

    [[nodiscard]] uint32_t buffer_size() const noexcept { return sizes_.buffer_size; }
    [[nodiscard]] uint32_t small_size() const noexcept { return sizes_.small_size; }
    [[nodiscard]] uint32_t capacity() const noexcept { return sizes_.max_buffers; }
    [[nodiscard]] uint32_t in_use() const noexcept { return large_.in_use; }
    [[nodiscard]] uint32_t reserved() const noexcept { return reserved_; }
    [[nodiscard]] uint32_t small_in_use() const noexcept { return small_.in_use; }

private:
    friend struct ReturnBuffer;

    // Buffers of one size in one mapping. `free_list` is a stack; indices from `untouched` on were never used.
    struct Class {
        explicit Class(const Memory::Mapping& mapping)
            : memory(mapping.memory.get()), stride(mapping.stride), count(mapping.count), released(mapping.count) {}
        char* memory;
        size_t stride;
        uint32_t count;
        uint32_t untouched = 0;
        uint32_t in_use = 0;
        uint32_t low_water = 0;  // the least height of the free list since the last trim
        std::vector<uint32_t> free_list;
        std::vector<bool> released;  // memory is with the kernel
    };

    BufferPtr take(Class& buffers, uint32_t size, bool small);
    void give_back(Buffer& buffer) noexcept;

    Memory memory_;
    Sizes sizes_;
    uint32_t reserved_ = 0;
    Class large_;
    Class small_;
};

}  // namespace seki::net
