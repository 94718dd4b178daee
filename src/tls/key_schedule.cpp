#include "tls/key_schedule.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <string>

#include "tls/hash.h"

namespace seki::tls {

namespace {

void append(std::string& text, const uint8_t* bytes, size_t size) {
    text.append(reinterpret_cast<const char*>(bytes), size);
}

// T(1) | T(2) | …, each the MAC of the one before, of what all are for, and of its number (RFC 5869 §2.3).
void hkdf_expand(Hash hash, std::span<const uint8_t> secret, std::string_view info, std::span<uint8_t> out) {
    HashValue block;
    std::string text;
    for (uint8_t number = 1; !out.empty(); ++number) {
        text.clear();
        append(text, block.bytes().data(), block.bytes().size());
        text.append(info).push_back(static_cast<char>(number));
        block = hmac(hash, secret, bytes_of(text));
        OPENSSL_cleanse(text.data(), text.size());
        const size_t taken = std::min(out.size(), block.bytes().size());
        std::ranges::copy(block.bytes().first(taken), out.begin());
        out = out.subspan(taken);
    }
}

// P_hash of RFC 5246 §5.
void prf(Hash hash, std::span<const uint8_t> secret, std::string_view seed, std::span<uint8_t> out) {
    HashValue a = hmac(hash, secret, bytes_of(seed));
    while (!out.empty()) {
        std::string text(text_of(a.bytes()));
        text += seed;
        const HashValue block = hmac(hash, secret, bytes_of(text));
        OPENSSL_cleanse(text.data(), text.size());
        const size_t taken = std::min(out.size(), block.bytes().size());
        std::ranges::copy(block.bytes().first(taken), out.begin());
        out = out.subspan(taken);
        a = hmac(hash, secret, a.bytes());
    }
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

void expand_label(Hash hash, std::span<const uint8_t> secret, std::string_view label, std::span<const uint8_t> context,
                  std::span<uint8_t> out) {
    constexpr std::string_view prefix = "tls13 ";
    std::string info;
    info.push_back(static_cast<char>(out.size() >> 8U));
    info.push_back(static_cast<char>(out.size()));
    info.push_back(static_cast<char>(prefix.size() + label.size()));
    info.append(prefix).append(label).push_back(static_cast<char>(context.size()));
    append(info, context.data(), context.size());
    hkdf_expand(hash, secret, info, out);
}

void derive(std::span<const uint8_t> secret, std::string_view info, std::span<uint8_t> out) {
    constexpr std::array<uint8_t, 32> no_salt{};
    const HashValue extracted = hmac(Hash::sha256, no_salt, secret);
    hkdf_expand(Hash::sha256, extracted.bytes(), info, out);
}

void derive_record_key(const Suite& suite, const TrafficSecret& secret, Secret<32>& key) {
    expand_label(suite.hash, secret.bytes(), "key", {}, key.resize(suite.key_bytes()));
}

void derive_record_iv(const Suite& suite, const TrafficSecret& secret, Secret<12>& iv) {
    expand_label(suite.hash, secret.bytes(), "iv", {}, iv.resize(suite.iv_bytes()));
}

void next_secret(const Suite& suite, TrafficSecret& secret) {
    TrafficSecret next;
    expand_label(suite.hash, secret.bytes(), "traffic upd", {}, next.resize(suite.hash_bytes()));
    secret = next;
}

void derive_tls12_keys(const Suite& suite, const MasterSecret& master, const HandshakeRandom& client_random,
                       const HandshakeRandom& server_random, ConnectionKeys& keys) {
    Secret<88> block;
    std::string seed("key expansion");
    seed.append(view(server_random)).append(view(client_random));
    const size_t needed = 2 * (suite.key_bytes() + suite.iv_bytes());
    prf(suite.hash, master.bytes(), seed, block.resize(needed));
    auto rest = block.bytes();
    keys.client.key.assign(take(rest, suite.key_bytes()));
    keys.server.key.assign(take(rest, suite.key_bytes()));
    keys.client.iv.assign(take(rest, suite.iv_bytes()));
    keys.server.iv.assign(take(rest, suite.iv_bytes()));
}

}  // namespace seki::tls
