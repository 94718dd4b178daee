#define OPENSSL_SUPPRESS_DEPRECATED  // see the header
#include "tls/hash.h"

#include <algorithm>

#include "base/check.h"

namespace seki::tls {

RunningHash::RunningHash(Hash hash) noexcept : hash_(hash) {
    if (hash == Hash::sha256) {
        SHA256_Init(&sha256_);
    } else {
        SHA384_Init(&sha384_);
    }
}

RunningHash::~RunningHash() { OPENSSL_cleanse(&sha384_, sizeof sha384_); }

void RunningHash::add(Bytes bytes) noexcept {
    if (hash_ == Hash::sha256) {
        SHA256_Update(&sha256_, bytes.data(), bytes.size());
    } else {
        SHA384_Update(&sha384_, bytes.data(), bytes.size());
    }
}

HashValue RunningHash::value() const noexcept {
    HashValue value;
    const std::span<uint8_t> out = value.resize(hash_bytes(hash_));
    RunningHash end = *this;
    if (hash_ == Hash::sha256) {
        SHA256_Final(out.data(), &end.sha256_);
    } else {
        SHA384_Final(out.data(), &end.sha384_);
    }
    return value;
}

HashValue hmac(Hash hash, Bytes key, Bytes text) noexcept {
    Secret<128> pad;
    const std::span<uint8_t> block = pad.resize(hash == Hash::sha256 ? 64 : 128);
    SEKI_CHECK(key.size() <= block.size());
    std::ranges::copy(key, block.begin());
    for (uint8_t& byte : block) byte ^= 0x36;
    RunningHash inner(hash);
    inner.add(block);
    inner.add(text);
    for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5C;
    RunningHash outer(hash);
    outer.add(block);
    outer.add(inner.value().bytes());
    return outer.value();
}

}  // namespace seki::tls
