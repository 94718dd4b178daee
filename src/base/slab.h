#pragma once

// Objects in slots, known by an id of slot and generation. A slot is used again, its generation never: an id that
// outlived its object finds nothing, where a pointer would find somebody else. Objects do not move. Memory grows in
// chunks of `chunk_size` objects and slots are given out last in, first out, so that few pages stay hot; it does not
// shrink.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/check.h"

namespace seki {

struct SlabId {
    uint32_t slot = UINT32_MAX;
    uint32_t generation = 0;

    [[nodiscard]] bool valid() const noexcept { return slot != UINT32_MAX; }
    [[nodiscard]] uint64_t packed() const noexcept { return (static_cast<uint64_t>(generation) << 32U) | slot; }
    static SlabId unpack(uint64_t packed) noexcept {
        return SlabId{static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32U)};
    }
    bool operator==(const SlabId&) const = default;
};

template <typename T, uint32_t chunk_size = 64>
class Slab {
public:
    explicit Slab(uint32_t capacity) noexcept : capacity_(capacity) {}
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() {
        for_each([this](SlabId id, T&) { erase(id); });
    }

    [[nodiscard]] uint32_t size() const noexcept { return size_; }
    [[nodiscard]] uint32_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }

    // Constructs an object; an invalid id when full. The constructor gets the object's own id first.
    template <typename... Args>
    SlabId emplace(Args&&... args) {
        if (full()) return SlabId{};
        if (free_ == none) grow();
        const uint32_t index = free_;
        Slot& slot = at(index);
        free_ = slot.next_free;
        slot.generation |= 1U;  // odd: in use
        const SlabId id{index, slot.generation};
        new (slot.storage) T(id, std::forward<Args>(args)...);
        ++size_;
        return id;
    }

    [[nodiscard]] T* find(SlabId id) noexcept {
        if (id.slot >= slots()) return nullptr;
        Slot& slot = at(id.slot);
        return slot.generation == id.generation && (id.generation & 1U) != 0 ? slot.object() : nullptr;
    }

    void erase(SlabId id) {
        T* object = find(id);
        SEKI_CHECK(object != nullptr);
        Slot& slot = at(id.slot);
        ++slot.generation;  // even: free, and no id of this slot is valid any more
        object->~T();
        slot.next_free = free_;
        free_ = id.slot;
        --size_;
    }

    // `visit` may erase the object it is given.
    template <typename Visit>
    void for_each(Visit visit) {
        for (uint32_t index = 0; index < slots(); ++index) visit_if_used(index, visit);
    }

    // The same for a part: of the `count` slots from `first` on. Returns where the next part begins, 0 after the last.
    template <typename Visit>
    uint32_t for_some(uint32_t first, uint32_t count, Visit visit) {
        const uint32_t end = first < slots() ? first + std::min(count, slots() - first) : slots();
        for (uint32_t index = first; index < end; ++index) visit_if_used(index, visit);
        return end < slots() ? end : 0;
    }

private:
    static constexpr uint32_t none = UINT32_MAX;

    struct Slot {
        alignas(T) unsigned char storage[sizeof(T)];
        uint32_t generation = 0;
        uint32_t next_free = none;
        T* object() noexcept { return std::launder(reinterpret_cast<T*>(storage)); }
    };

    [[nodiscard]] uint32_t slots() const noexcept { return static_cast<uint32_t>(chunks_.size()) * chunk_size; }
    Slot& at(uint32_t index) noexcept { return chunks_[index / chunk_size][index % chunk_size]; }

    template <typename Visit>
    void visit_if_used(uint32_t index, Visit& visit) {
        Slot& slot = at(index);
        if ((slot.generation & 1U) != 0) visit(SlabId{index, slot.generation}, *slot.object());
    }

    void grow() {
        const uint32_t first = slots();
        chunks_.push_back(std::make_unique<Slot[]>(chunk_size));
        for (uint32_t index = first + chunk_size; index-- > first;) {
            at(index).next_free = free_;
            free_ = index;
        }
    }

    std::vector<std::unique_ptr<Slot[]>> chunks_;
    uint32_t capacity_;
    uint32_t size_ = 0;
    uint32_t free_ = none;
};

}  // namespace seki
