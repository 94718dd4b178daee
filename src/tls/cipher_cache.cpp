#include "tls/cipher_cache.h"

#include <algorithm>
#include <utility>

namespace seki::tls {

Result<std::unique_ptr<CipherCache>> CipherCache::make(uint32_t capacity) {
    std::unique_ptr<CipherCache> cache(new CipherCache(std::max(capacity, 2U)));
    constexpr const char* names[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
    for (size_t i = 0; i < std::size(names); ++i) {
        cache->ciphers_[i].reset(EVP_CIPHER_fetch(nullptr, names[i], nullptr));
        if (cache->ciphers_[i] == nullptr) return failure("the TLS library has no {}", names[i]);
    }
    return cache;
}

CipherCache::~CipherCache() = default;

EVP_CIPHER_CTX* CipherCache::find(Place& place) noexcept {
    if (place.slot_ == none) return nullptr;
    if (place.slot_ != front_) {
        unlink(place.slot_);
        put_in_front(place.slot_);
    }
    return slots_[place.slot_].context.get();
}

EVP_CIPHER_CTX* CipherCache::make_ready(Place& place, Aead aead, std::span<const uint8_t> key, Purpose purpose) {
    const uint32_t index = slot_for(place);
    if (index == none) return nullptr;
    EVP_CIPHER_CTX* context = slots_[index].context.get();
    if (EVP_CipherInit_ex(context, cipher(aead), nullptr, key.data(), nullptr, purpose == Purpose::seal ? 1 : 0) == 1)
        return context;
    forget(place);
    return nullptr;
}

uint32_t CipherCache::slot_for(Place& place) {
    uint32_t index = none;
    if (free_count_ == 0 && slots_.size() < capacity_) {
        Slot slot;
        slot.context.reset(EVP_CIPHER_CTX_new());
        if (slot.context == nullptr) return none;
        index = static_cast<uint32_t>(slots_.size());
        slots_.push_back(std::move(slot));
    } else {
        index = end_;
        unlink(index);
        Slot& slot = slots_[index];
        if (slot.owner == nullptr) --free_count_;
        if (slot.owner != nullptr) slot.owner->slot_ = none;
    }
    slots_[index].owner = &place;
    place.slot_ = index;
    put_in_front(index);
    return index;
}

void CipherCache::forget(Place& place) noexcept {
    if (place.slot_ == none) return;
    const uint32_t index = std::exchange(place.slot_, none);
    Slot& slot = slots_[index];
    EVP_CIPHER_CTX_reset(slot.context.get());  // wipes the key
    slot.owner = nullptr;
    ++free_count_;
    unlink(index);
    put_at_end(index);
}

void CipherCache::unlink(uint32_t index) noexcept {
    Slot& slot = slots_[index];
    (slot.before == none ? front_ : slots_[slot.before].behind) = slot.behind;
    (slot.behind == none ? end_ : slots_[slot.behind].before) = slot.before;
    slot.before = slot.behind = none;
}

void CipherCache::put_in_front(uint32_t index) noexcept {
    slots_[index].behind = front_;
    (front_ == none ? end_ : slots_[front_].before) = index;
    front_ = index;
}

void CipherCache::put_at_end(uint32_t index) noexcept {
    slots_[index].before = end_;
    (end_ == none ? front_ : slots_[end_].behind) = index;
    end_ = index;
}

}  // namespace seki::tls
