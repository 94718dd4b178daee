#pragma once

// Records of TLS 1.3 (RFC 8446 §5) and of TLS 1.2 with authenticated encryption (RFC 5246 §6.2.3.3), made and read in
// the memory of the caller. One RecordState is one direction of one connection; what it needs to go on is in it, and so
// it can go to another process.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tls/cipher_cache.h"
#include "tls/key_schedule.h"
#include "tls/suite.h"

namespace seki::tls {

enum class ContentType : uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };

// RFC 8446 §6.
enum class Alert : uint8_t {
    close_notify = 0,
    unexpected_message = 10,
    bad_record_mac = 20,
    record_overflow = 22,
    illegal_parameter = 47,
    decode_error = 50,
    decrypt_error = 51,
    protocol_version = 70,
    internal_error = 80,
    user_canceled = 90,
    no_renegotiation = 100,
    unrecognized_name = 112,
};

constexpr size_t record_header_bytes = 5;
constexpr size_t max_fragment_bytes = 16384;
constexpr size_t tag_bytes = 16;

struct RecordHeader {
    ContentType type;
    size_t fragment_bytes;  // that follow
    [[nodiscard]] size_t record_bytes() const noexcept { return record_header_bytes + fragment_bytes; }
};
// What the first bytes of a record say, of which there are record_header_bytes.
[[nodiscard]] RecordHeader read_record_header(std::string_view bytes) noexcept;
// There is a whole record at the front.
[[nodiscard]] inline bool holds_record(std::string_view bytes) noexcept {
    return bytes.size() >= record_header_bytes && bytes.size() >= read_record_header(bytes).record_bytes();
}
// Longer ones are an error whatever is in them (RFC 8446 §5.2, RFC 5246 §6.2.3).
[[nodiscard]] constexpr size_t max_ciphertext_bytes(Version version) noexcept {
    return max_fragment_bytes + (version == Version::tls13 ? 256 : 2048);
}

// Of TLS 1.3 there is the secret and not the key that follows from it: that is made again where no cipher is ready for
// it, and most connections are idle.
struct RecordState {
    TrafficSecret secret;  // of TLS 1.2, the key
    Secret<12> iv;
    uint64_t sequence = 0;  // of the next record
    CipherCache::Place cipher;
};

[[nodiscard]] constexpr size_t sealed_bytes(const Suite& suite, size_t content_bytes) noexcept {
    const size_t inner_type = suite.version == Version::tls13 ? 1 : 0;
    return record_header_bytes + suite.explicit_nonce_bytes() + content_bytes + inner_type + tag_bytes;
}

// Writes a record of sealed_bytes(). The same number and content give the same bytes; another content must never leave
// under a number of which some have left. False when there is no memory for the cipher.
[[nodiscard]] bool seal(CipherCache& ciphers, const Suite& suite, RecordState& state, uint64_t sequence,
                        ContentType type, std::string_view content, char* out);

struct Opened {
    Alert alert = Alert::close_notify;  // what is wrong; close_notify: nothing
    ContentType type{};
    std::string_view content;  // in the record's own memory
    [[nodiscard]] bool good() const noexcept { return alert == Alert::close_notify; }
};
// Reads a whole record, decrypting in place. A record that is not good leaves garbage in its memory.
[[nodiscard]] Opened open(CipherCache& ciphers, const Suite& suite, RecordState& state, std::span<char> record);

// The first key of TLS 1.3 in this direction.
void use_secret(const Suite& suite, const TrafficSecret& secret, RecordState& state);
// The key that follows a KeyUpdate in this direction.
void update_key(CipherCache& ciphers, const Suite& suite, RecordState& state);

}  // namespace seki::tls
