#pragma once

// Ciphers that are ready for a key. Getting one ready costs more than a short record, and keeping one ready takes more
// memory than all else that an idle connection has: so the connections that were active last have one, and the others
// only the secrets that their keys follow from. One cache for each worker.

#include <cstdint>
#include <memory>
#include <openssl/evp.h>
#include <span>
#include <vector>

#include "base/result.h"
#include "tls/suite.h"

namespace seki::tls {

class CipherCache {
public:
    enum class Purpose : uint8_t { open, seal };

    // Whoever has a key holds one of these beside it; it must not move, and it must not outlive the cache.
    class Place {
    public:
        Place() = default;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        friend class CipherCache;
        uint32_t slot_ = none;
    };

    // `capacity`: how many are ready at once; at least 2.
    static Result<std::unique_ptr<CipherCache>> make(uint32_t capacity);
    CipherCache(const CipherCache&) = delete;
    CipherCache& operator=(const CipherCache&) = delete;
    ~CipherCache();

    // A context that has the key, and waits for a nonce. Good until the next call. Null when none is ready.
    [[nodiscard]] EVP_CIPHER_CTX* find(Place& place) noexcept;
    // Where there was none. Null when there is no memory for it.
    [[nodiscard]] EVP_CIPHER_CTX* make_ready(Place& place, Aead aead, std::span<const uint8_t> key, Purpose purpose);
    // The key goes, or becomes another one.
    void forget(Place& place) noexcept;
    // So many are ready.
    [[nodiscard]] uint32_t size() const noexcept { return static_cast<uint32_t>(slots_.size()) - free_count_; }

private:
    static constexpr uint32_t none = UINT32_MAX;

    struct FreeContext {
        void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
    };
    struct FreeCipher {
        void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
    };
    using CipherPtr = std::unique_ptr<EVP_CIPHER, FreeCipher>;

    // In a list, the one that was used last in front. Those that are free stand at the end.
    struct Slot {
        std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context;
        Place* owner = nullptr;
        uint32_t before = none;
        uint32_t behind = none;
    };

    explicit CipherCache(uint32_t capacity) noexcept : capacity_(capacity) {}
    [[nodiscard]] EVP_CIPHER* cipher(Aead aead) const noexcept { return ciphers_[static_cast<size_t>(aead)].get(); }
    uint32_t slot_for(Place& place);
    void unlink(uint32_t index) noexcept;
    void put_in_front(uint32_t index) noexcept;
    void put_at_end(uint32_t index) noexcept;

    CipherPtr ciphers_[3];
    std::vector<Slot> slots_;
    uint32_t capacity_;
    uint32_t free_count_ = 0;
    uint32_t front_ = none;
    uint32_t end_ = none;
};

}  // namespace seki::tls
