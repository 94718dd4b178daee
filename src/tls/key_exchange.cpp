#define OPENSSL_SUPPRESS_DEPRECATED  // agree_p256(): the functions for one curve take half the time of those for all
                                     // keys
#include "tls/key_exchange.h"

#include <openssl/ec.h>
#include <openssl/err.h>

namespace seki::tls {

namespace {

constexpr size_t x25519_bytes = 32;
constexpr size_t p256_share_bytes = 65;

template <auto free_object>
struct Free {
    template <typename Object>
    void operator()(Object* object) const noexcept {
        free_object(object);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using EcKeyPtr = std::unique_ptr<EC_KEY, Free<EC_KEY_free>>;
using PointPtr = std::unique_ptr<EC_POINT, Free<EC_POINT_free>>;

bool is_on_curve(const EC_GROUP* curve, EC_POINT* point, Bytes share) {
    return EC_POINT_oct2point(curve, point, share.data(), share.size(), nullptr) == 1;
}

std::optional<KeyExchange::Agreed> agree_p256(Bytes theirs) {
    if (theirs.size() != p256_share_bytes || theirs[0] != POINT_CONVERSION_UNCOMPRESSED) return std::nullopt;
    const EcKeyPtr mine(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    if (mine == nullptr) return std::nullopt;
    const EC_GROUP* const curve = EC_KEY_get0_group(mine.get());
    const PointPtr point(EC_POINT_new(curve));
    if (point == nullptr || !is_on_curve(curve, point.get(), theirs) || EC_KEY_generate_key(mine.get()) != 1)
        return std::nullopt;
    KeyExchange::Agreed agreed;
    agreed.share_size = EC_POINT_point2oct(curve, EC_KEY_get0_public_key(mine.get()), POINT_CONVERSION_UNCOMPRESSED,
                                           agreed.share_bytes.data(), agreed.share_bytes.size(), nullptr);
    const auto secret = agreed.secret.resize(32);
    const int size = ECDH_compute_key(secret.data(), secret.size(), point.get(), mine.get(), nullptr);
    if (agreed.share_size != p256_share_bytes || size != 32) return std::nullopt;
    return agreed;
}

}  // namespace

std::optional<KeyExchange::Agreed> KeyExchange::agree(Group group, Bytes theirs) {
    auto agreed = group == Group::x25519 ? agree_x25519(theirs) : agree_p256(theirs);
    ERR_clear_error();  // nobody else shall take it for one of his own
    return agreed;
}

std::optional<KeyExchange::Agreed> KeyExchange::agree_x25519(Bytes theirs) {
    if (theirs.size() != x25519_bytes) return std::nullopt;
    if (x25519_keys_ == nullptr) {
        x25519_keys_.reset(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
        if (x25519_keys_ == nullptr || EVP_PKEY_keygen_init(x25519_keys_.get()) != 1) return std::nullopt;
    }
    EVP_PKEY* made = nullptr;
    if (EVP_PKEY_keygen(x25519_keys_.get(), &made) != 1) return std::nullopt;
    const KeyPtr mine(made);
    const KeyPtr peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, theirs.data(), theirs.size()));
    const ContextPtr exchange(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
    if (peer == nullptr || exchange == nullptr) return std::nullopt;
    Agreed agreed;
    agreed.share_size = agreed.share_bytes.size();
    if (EVP_PKEY_get_raw_public_key(mine.get(), agreed.share_bytes.data(), &agreed.share_size) != 1)
        return std::nullopt;
    const auto secret = agreed.secret.resize(x25519_bytes);
    size_t size = secret.size();
    // Also refuses shares that lead to a secret of zeros (RFC 7748 §6.1).
    const bool derived = EVP_PKEY_derive_init(exchange.get()) == 1 &&
                         EVP_PKEY_derive_set_peer(exchange.get(), peer.get()) == 1 &&
                         EVP_PKEY_derive(exchange.get(), secret.data(), &size) == 1;
    if (!derived || size != x25519_bytes) return std::nullopt;
    return agreed;
}

}  // namespace seki::tls
