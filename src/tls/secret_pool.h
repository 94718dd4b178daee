#pragma once

// Objects that hold keys, in memory of their own that no core dump shows (madvise(2), MADV_DONTDUMP). They do not move.
// Memory comes in chunks and goes back with the pool.

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "base/check.h"

namespace seki::tls {

class SecretMemory {
public:
    SecretMemory(size_t object_bytes, size_t alignment) noexcept;
    SecretMemory(const SecretMemory&) = delete;
    SecretMemory& operator=(const SecretMemory&) = delete;
    ~SecretMemory();

    // Null when the system has none.
    void* take();
    void give_back(void* object) noexcept;
    [[nodiscard]] size_t in_use() const noexcept { return in_use_; }

private:
    static constexpr size_t chunk_bytes = 64 * 1024;
    struct Free {
        Free* next;
    };
    bool grow();

    size_t stride_;
    std::vector<void*> chunks_;
    Free* free_ = nullptr;
    size_t in_use_ = 0;
};

template <typename T>
class SecretPool {
public:
    struct GiveBack {
        SecretMemory* memory;
        void operator()(T* object) const noexcept {
            object->~T();
            memory->give_back(object);
        }
    };
    using Ptr = std::unique_ptr<T, GiveBack>;

    SecretPool() noexcept : memory_(sizeof(T), alignof(T)) {}

    // Null when there is no memory.
    [[nodiscard]] Ptr make() {
        void* place = memory_.take();
        return Ptr(place == nullptr ? nullptr : new (place) T(), GiveBack{&memory_});
    }
    [[nodiscard]] size_t in_use() const noexcept { return memory_.in_use(); }

private:
    SecretMemory memory_;
};

}  // namespace seki::tls
