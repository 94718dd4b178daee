#include "tls/own_ticket.h"

#include <memory>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace seki::tls {

namespace {

// name of the key | nonce | ticket | tag
constexpr size_t name_bytes = TicketKeyName{}.size();
constexpr size_t nonce_bytes = 12;
constexpr size_t tag_bytes = 16;
constexpr uint8_t format = 1;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const EVP_CIPHER* cipher() noexcept {
    static const EVP_CIPHER* const aes_256_gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    return aes_256_gcm;
}

int64_t seconds_of(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count(); }

std::string to_plain(const OwnTicket& ticket) {
    std::string plain;
    WireWriter out(plain);
    out.u8(format);
    out.u8(static_cast<uint8_t>(ticket.hash));
    out.number(8, static_cast<uint64_t>(ticket.made_at_s));
    out.raw(Bytes(ticket.bound_to));
    out.raw(ticket.secret.bytes());
    return plain;
}

std::optional<OwnTicket> from_plain(Bytes plain) {
    WireReader in(plain);
    OwnTicket ticket;
    if (in.u8() != format) return std::nullopt;
    ticket.hash = in.u8() == 0 ? Hash::sha256 : Hash::sha384;
    ticket.made_at_s = static_cast<int64_t>(in.u64());
    const Bytes bound = in.take(ticket.bound_to.size());
    const Bytes secret = in.take(hash_bytes(ticket.hash));
    if (!in.done()) return std::nullopt;
    std::ranges::copy(bound, ticket.bound_to.begin());
    ticket.secret.assign(secret);
    return ticket;
}

}  // namespace

std::string seal_ticket(TicketKeys& keys, WallTime now, const OwnTicket& ticket) {
    const TicketKey* const key = keys.current(now);
    if (key == nullptr) return {};
    std::string plain = to_plain(ticket);
    std::string sealed(name_bytes + nonce_bytes + plain.size() + tag_bytes, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    std::ranges::copy(key->own_name, out);
    unsigned char* const nonce = out + name_bytes;
    unsigned char* const body = nonce + nonce_bytes;
    const CipherPtr context(EVP_CIPHER_CTX_new());
    int size = 0;
    const bool made =
        context != nullptr && RAND_bytes(nonce, nonce_bytes) == 1 &&
        EVP_EncryptInit_ex2(context.get(), cipher(), key->own_key.bytes().data(), nonce, nullptr) == 1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &size, out, name_bytes) == 1 &&
        EVP_EncryptUpdate(context.get(), body, &size, bytes_of(plain).data(), static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), body + plain.size(), &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, body + plain.size()) == 1;
    OPENSSL_cleanse(plain.data(), plain.size());
    return made ? sealed : std::string();
}

std::optional<OwnTicket> open_ticket(TicketKeys& keys, WallTime now, Bytes sealed) {
    if (sealed.size() <= name_bytes + nonce_bytes + tag_bytes) return std::nullopt;
    const auto found = keys.find(&TicketKey::own_name, sealed.first(name_bytes), now);
    if (!found) return std::nullopt;
    const Bytes nonce = sealed.subspan(name_bytes, nonce_bytes);
    const Bytes body = sealed.subspan(name_bytes + nonce_bytes, sealed.size() - name_bytes - nonce_bytes - tag_bytes);
    std::array<uint8_t, tag_bytes> tag{};
    std::ranges::copy(sealed.last(tag_bytes), tag.begin());
    std::string plain(body.size(), '\0');
    auto* const out = reinterpret_cast<unsigned char*>(plain.data());
    const CipherPtr context(EVP_CIPHER_CTX_new());
    int size = 0;
    const bool good =
        context != nullptr &&
        EVP_DecryptInit_ex2(context.get(), cipher(), found->key->own_key.bytes().data(), nonce.data(), nullptr) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &size, sealed.data(), name_bytes) == 1 &&
        EVP_DecryptUpdate(context.get(), out, &size, body.data(), static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), out + plain.size(), &size) == 1;
    ERR_clear_error();
    std::optional<OwnTicket> ticket;
    if (good) ticket = from_plain(bytes_of(plain));
    OPENSSL_cleanse(plain.data(), plain.size());
    if (!ticket) return std::nullopt;
    // As long as its client was told. From a worker whose clock is ahead it comes before it was made.
    const int64_t age_s = seconds_of(now) - ticket->made_at_s;
    return age_s <= keys.window() / std::chrono::seconds(1) ? ticket : std::nullopt;
}

}  // namespace seki::tls
