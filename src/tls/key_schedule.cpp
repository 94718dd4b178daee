#include "tls/key_schedule.h"

#include <algorithm>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string>

namespace seki::tls {

namespace {

constexpr size_t longest_hash = EVP_MAX_MD_SIZE;

const EVP_MD* digest_of(Hash hash) noexcept { return hash == Hash::sha256 ? EVP_sha256() : EVP_sha384(); }
size_t bytes_of(Hash hash) noexcept { return hash == Hash::sha256 ? 32 : 48; }

bool hmac(Hash hash, std::span<const uint8_t> key, std::string_view text, uint8_t* out) {
    unsigned int size = 0;
    return HMAC(digest_of(hash), key.data(), static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size) != nullptr;
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
