#include "tls/record.h"

#include <algorithm>
#include <array>

namespace seki::tls {

namespace {

using Nonce = std::array<uint8_t, 12>;

unsigned char* bytes(char* text) noexcept { return reinterpret_cast<unsigned char*>(text); }
const unsigned char* bytes(const char* text) noexcept { return reinterpret_cast<const unsigned char*>(text); }

void put_big_endian(uint64_t number, uint8_t* out, size_t size) noexcept {
    while (size-- > 0) {
        out[size] = static_cast<uint8_t>(number);
        number >>= 8U;
    }
}

void put_header(ContentType type, size_t fragment_bytes, char* out) noexcept {
    out[0] = static_cast<char>(type);
    out[1] = out[2] = 3;
    put_big_endian(fragment_bytes, bytes(out) + 3, 2);
}

// What both ends have, and the number of the record (RFC 8446 §5.3, RFC 7905 §2).
Nonce nonce_of(const Secret<12>& shared, uint64_t sequence) noexcept {
    Nonce nonce{};
    put_big_endian(sequence, nonce.data() + 4, 8);
    const auto iv = shared.bytes();
    for (size_t i = 0; i < iv.size(); ++i) nonce[i] ^= iv[i];
    return nonce;
}

// Its first part both ends have, the rest is in the record (RFC 5288 §3).
Nonce nonce_of(const Secret<12>& shared, std::span<const uint8_t> sent) noexcept {
    Nonce nonce{};
    std::ranges::copy(shared.bytes(), nonce.begin());
    std::ranges::copy(sent, nonce.begin() + 4);
    return nonce;
}

// What is protected without being hidden. Of TLS 1.3 it is the header.
struct Additional {
    std::array<uint8_t, 13> bytes;
    size_t size;
};
Additional additional_of(const Suite& suite, uint64_t sequence, const char* header, size_t content_bytes) noexcept {
    Additional data;
    if (suite.version == Version::tls13) {
        std::copy_n(tls::bytes(header), record_header_bytes, data.bytes.begin());
        data.size = record_header_bytes;
        return data;
    }
    put_big_endian(sequence, data.bytes.data(), 8);
    std::copy_n(tls::bytes(header), 3, data.bytes.begin() + 8);
    put_big_endian(content_bytes, data.bytes.data() + 11, 2);
    data.size = 13;
    return data;
}

bool begin(EVP_CIPHER_CTX* context, const Nonce& nonce, const Additional& additional) noexcept {
    int size = 0;
    return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
           EVP_CipherUpdate(context, nullptr, &size, additional.bytes.data(), static_cast<int>(additional.size)) == 1;
}

bool pass(EVP_CIPHER_CTX* context, const char* from, size_t size, char* to) noexcept {
    int passed = 0;
    return size == 0 || EVP_CipherUpdate(context, bytes(to), &passed, bytes(from), static_cast<int>(size)) == 1;
}

EVP_CIPHER_CTX* ready(CipherCache& ciphers, const Suite& suite, RecordState& state, CipherCache::Purpose purpose) {
    if (EVP_CIPHER_CTX* const known = ciphers.find(state.cipher)) return known;
    if (suite.version == Version::tls12)
        return ciphers.make_ready(state.cipher, suite.aead, state.secret.bytes(), purpose);
    Secret<32> key;
    derive_record_key(suite, state.secret, key);
    return ciphers.make_ready(state.cipher, suite.aead, key.bytes(), purpose);
}

Opened wrong(Alert alert) noexcept { return {.alert = alert, .type = {}, .content = {}}; }

// The type is the last byte that is not zero; what follows is padding (RFC 8446 §5.4).
Opened without_padding(std::string_view content) noexcept {
    const size_t last = content.find_last_not_of('\0');
    if (last == std::string_view::npos) return wrong(Alert::unexpected_message);
    return {.type = static_cast<ContentType>(content[last]), .content = content.substr(0, last)};
}

}  // namespace

RecordHeader read_record_header(std::string_view bytes) noexcept {
    const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
    return {static_cast<ContentType>(byte(0)), (byte(3) << 8U) | byte(4)};
}

bool seal(CipherCache& ciphers, const Suite& suite, RecordState& state, uint64_t sequence, ContentType type,
          std::string_view content, char* out) {
    EVP_CIPHER_CTX* const context = ready(ciphers, suite, state, CipherCache::Purpose::seal);
    if (context == nullptr) return false;
    const bool hides_type = suite.version == Version::tls13;
    put_header(hides_type ? ContentType::application_data : type,
               sealed_bytes(suite, content.size()) - record_header_bytes, out);
    char* at = out + record_header_bytes;
    Nonce nonce;
    if (suite.explicit_nonce_bytes() != 0) {
        put_big_endian(sequence, bytes(at), 8);
        nonce = nonce_of(state.iv, std::span<const uint8_t>(bytes(at), 8));
        at += 8;
    } else {
        nonce = nonce_of(state.iv, sequence);
    }
    if (!begin(context, nonce, additional_of(suite, sequence, out, content.size()))) return false;
    if (!pass(context, content.data(), content.size(), at)) return false;
    at += content.size();
    if (hides_type) {
        const char inner = static_cast<char>(type);
        if (!pass(context, &inner, 1, at)) return false;
        ++at;
    }
    int size = 0;
    return EVP_CipherFinal_ex(context, bytes(at), &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, at) == 1;
}

Opened open(CipherCache& ciphers, const Suite& suite, RecordState& state, std::span<char> record) {
    const RecordHeader header = read_record_header({record.data(), record.size()});
    if (header.fragment_bytes > max_ciphertext_bytes(suite.version)) return wrong(Alert::record_overflow);
    const bool hides_type = suite.version == Version::tls13;
    if (hides_type && header.type != ContentType::application_data) return wrong(Alert::unexpected_message);
    const size_t around = suite.explicit_nonce_bytes() + tag_bytes;
    if (header.fragment_bytes < around) return wrong(Alert::bad_record_mac);
    EVP_CIPHER_CTX* const context = ready(ciphers, suite, state, CipherCache::Purpose::open);
    if (context == nullptr) return wrong(Alert::internal_error);

    const size_t content_bytes = header.fragment_bytes - around;
    char* const content = record.data() + record_header_bytes + suite.explicit_nonce_bytes();
    const Nonce nonce = suite.explicit_nonce_bytes() != 0
                            ? nonce_of(state.iv, std::span<const uint8_t>(bytes(content) - 8, 8))
                            : nonce_of(state.iv, state.sequence);
    int size = 0;
    const bool good = begin(context, nonce, additional_of(suite, state.sequence, record.data(), content_bytes)) &&
                      pass(context, content, content_bytes, content) &&
                      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, content + content_bytes) == 1 &&
                      EVP_CipherFinal_ex(context, bytes(content) + content_bytes, &size) == 1;
    if (!good) return wrong(Alert::bad_record_mac);
    ++state.sequence;
    const Opened opened = hides_type ? without_padding({content, content_bytes})
                                     : Opened{.type = header.type, .content = {content, content_bytes}};
    // Padding counts (RFC 8446 §5.4).
    return content_bytes > max_fragment_bytes + (hides_type ? 1 : 0) ? wrong(Alert::record_overflow) : opened;
}

void use_secret(const Suite& suite, const TrafficSecret& secret, RecordState& state) {
    state.secret = secret;
    derive_record_iv(suite, secret, state.iv);
}

void update_key(CipherCache& ciphers, const Suite& suite, RecordState& state) {
    ciphers.forget(state.cipher);
    next_secret(suite, state.secret);
    derive_record_iv(suite, state.secret, state.iv);
    state.sequence = 0;
}

}  // namespace seki::tls
