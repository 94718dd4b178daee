#include "tls/key_schedule.h"

#include <algorithm>
#include <memory>
#include <openssl/evp.h>
#include <string>

namespace seki::tls {

namespace {

constexpr size_t longest_hash = EVP_MAX_MD_SIZE;

size_t bytes_of(Hash hash) noexcept { return hash == Hash::sha256 ? 32 : 48; }

// Looked up once: by name, as HMAC() does it, takes longer than the hash itself. They live as long as the process.
const EVP_MD* digest_of(Hash hash) noexcept {
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    static const EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
    return hash == Hash::sha256 ? sha256 : sha384;
}

// Of a padded key and a text behind it.
bool digest(Hash hash, std::span<const uint8_t> pad, std::string_view text, uint8_t* out) {
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    return context != nullptr && EVP_DigestInit_ex2(context.get(), digest_of(hash), nullptr) == 1 &&
           EVP_DigestUpdate(context.get(), pad.data(), pad.size()) == 1 &&
           EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
           EVP_DigestFinal_ex(context.get(), out, nullptr) == 1;
}

// RFC 2104. No key here is longer than a block.
bool hmac(Hash hash, std::span<const uint8_t> key, std::string_view text, uint8_t* out) {
    Secret<128> pad;
    const std::span<uint8_t> block = pad.resize(hash == Hash::sha256 ? 64 : 128);
    if (key.size() > block.size()) return false;
    std::array<uint8_t, longest_hash> inner;
    std::ranges::copy(key, block.begin());
    for (uint8_t& byte : block) byte ^= 0x36;
    const bool begun = digest(hash, block, text, inner.data());
    for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5C;
    const std::string_view second(reinterpret_cast<const char*>(inner.data()), bytes_of(hash));
    const bool made = begun && digest(hash, block, second, out);
    OPENSSL_cleanse(inner.data(), inner.size());
    return made;
}

void append(std::string& text, const uint8_t* bytes, size_t size) {
    text.append(reinterpret_cast<const char*>(bytes), size);
}

// T(1) | T(2) | …, each the MAC of the one before, of what all are for, and of its number (RFC 5869 §2.3).
bool hkdf_expand(Hash hash, std::span<const uint8_t> secret, std::string_view info, std::span<uint8_t> out) {
    Secret<longest_hash> block;
    std::string text;
    for (uint8_t number = 1; !out.empty(); ++number) {
        text.clear();
        append(text, block.bytes().data(), block.bytes().size());
        text.append(info).push_back(static_cast<char>(number));
        const bool made = hmac(hash, secret, text, block.resize(bytes_of(hash)).data());
        OPENSSL_cleanse(text.data(), text.size());
        if (!made) return false;
        const size_t taken = std::min(out.size(), block.bytes().size());
        std::ranges::copy(block.bytes().first(taken), out.begin());
        out = out.subspan(taken);
    }
    return true;
}

// P_hash of RFC 5246 §5.
bool prf(Hash hash, std::span<const uint8_t> secret, std::string_view seed, std::span<uint8_t> out) {
    std::string a(seed);
    std::array<uint8_t, longest_hash> block;
    while (!out.empty()) {
        if (!hmac(hash, secret, a, block.data())) return false;
        a.assign(reinterpret_cast<const char*>(block.data()), bytes_of(hash));
        if (!hmac(hash, secret, a + std::string(seed), block.data())) return false;
        const size_t taken = std::min(out.size(), bytes_of(hash));
        std::ranges::copy(std::span(block).first(taken), out.begin());
        out = out.subspan(taken);
    }
    OPENSSL_cleanse(block.data(), block.size());
    return true;
}

std::string_view view(const HandshakeRandom& random) noexcept {
    return {reinterpret_cast<const char*>(random.data()), random.size()};
}

std::span<const uint8_t> take(std::span<const uint8_t>& bytes, size_t size) noexcept {
    const auto taken = bytes.first(size);
    bytes = bytes.subspan(size);
    return taken;
}

}  // namespace

bool expand_label(Hash hash, std::span<const uint8_t> secret, std::string_view label, std::span<uint8_t> out) {
    constexpr std::string_view prefix = "tls13 ";
    std::string info;
    info.push_back(static_cast<char>(out.size() >> 8U));
    info.push_back(static_cast<char>(out.size()));
    info.push_back(static_cast<char>(prefix.size() + label.size()));
    info.append(prefix).append(label).push_back('\0');  // no context
    return hkdf_expand(hash, secret, info, out);
}

bool derive(std::span<const uint8_t> secret, std::string_view info, std::span<uint8_t> out) {
    constexpr std::array<uint8_t, 32> no_salt{};
    Secret<32> extracted;
    const std::string_view input(reinterpret_cast<const char*>(secret.data()), secret.size());
    return hmac(Hash::sha256, no_salt, input, extracted.resize(32).data()) &&
           hkdf_expand(Hash::sha256, extracted.bytes(), info, out);
}

bool derive_record_key(const Suite& suite, const TrafficSecret& secret, RecordKey& key) {
    return expand_label(suite.hash, secret.bytes(), "key", key.key.resize(suite.key_bytes())) &&
           expand_label(suite.hash, secret.bytes(), "iv", key.iv.resize(suite.iv_bytes()));
}

bool next_secret(const Suite& suite, TrafficSecret& secret) {
    TrafficSecret next;
    if (!expand_label(suite.hash, secret.bytes(), "traffic upd", next.resize(suite.hash_bytes()))) return false;
    secret = next;
    return true;
}

bool derive_tls12_keys(const Suite& suite, const MasterSecret& master, const HandshakeRandom& client_random,
                       const HandshakeRandom& server_random, ConnectionKeys& keys) {
    Secret<88> block;
    std::string seed("key expansion");
    seed.append(view(server_random)).append(view(client_random));
    const size_t needed = 2 * (suite.key_bytes() + suite.iv_bytes());
    if (!prf(suite.hash, master.bytes(), seed, block.resize(needed))) return false;
    auto rest = block.bytes();
    return keys.client.key.assign(take(rest, suite.key_bytes())) &&
           keys.server.key.assign(take(rest, suite.key_bytes())) &&
           keys.client.iv.assign(take(rest, suite.iv_bytes())) && keys.server.iv.assign(take(rest, suite.iv_bytes()));
}

}  // namespace seki::tls
