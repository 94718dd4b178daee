#include "x509/key_match.h"

#include <array>
#include <cstdint>
#include <memory>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <optional>
#include <utility>

#include "base/check.h"
#include "x509/der.h"

namespace seki::x509 {
namespace {

struct Free {
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
    void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
    void operator()(EC_POINT* point) const { EC_POINT_free(point); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::unexpected<Failure> not_its_key() { return failure("the key does not belong to the certificate"); }
std::unexpected<Failure> damaged() { return failure("the key is damaged: its numbers contradict each other"); }

const uint8_t* bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

Owned<BIGNUM> number_of(std::string_view big_endian) {
    Owned<BIGNUM> number(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
    SEKI_CHECK(number != nullptr);
    return number;
}

// The numbers of RSAPrivateKey, behind its version (RFC 8017 §A.1.2).
struct RsaNumbers {
    enum Name : uint8_t {
        modulus,
        public_exponent,
        private_exponent,
        p,
        q,
        exponent_p,
        exponent_q,
        coefficient,
        count
    };
    std::array<std::string_view, count> bytes;

    static std::optional<RsaNumbers> read(std::string_view der) {
        DerReader parts(only_content(der, tag::sequence).value_or(""));
        const auto version = parts.unsigned_integer();
        if (!version || !version->empty()) return {};  // 1 would be of more than two primes
        RsaNumbers numbers;
        for (std::string_view& number : numbers.bytes) {
            const auto read = parts.unsigned_integer();
            if (!read || read->empty() || read->size() > max_rsa_bits / 8) return {};
            number = *read;
        }
        return parts.done() ? std::optional(numbers) : std::nullopt;
    }
};

// What has to hold between them, or signatures would be wrong, and tell the primes.
class RsaCheck {
public:
    explicit RsaCheck(const RsaNumbers& numbers) : context_(BN_CTX_new()), result_(BN_new()) {
        SEKI_CHECK(context_ != nullptr && result_ != nullptr);
        for (size_t i = 0; i < numbers_.size(); ++i) numbers_[i] = number_of(numbers.bytes[i]);
    }

    bool consistent() {
        using enum RsaNumbers::Name;
        if (BN_mul(result_.get(), at(p), at(q), context_.get()) != 1) return false;
        if (BN_cmp(result_.get(), at(modulus)) != 0) return false;
        if (!inverts(coefficient, q, at(p))) return false;
        const Owned<BIGNUM> below_p = one_less(p);
        const Owned<BIGNUM> below_q = one_less(q);
        return inverts(public_exponent, exponent_p, below_p.get()) &&
               inverts(public_exponent, exponent_q, below_q.get()) &&
               inverts(public_exponent, private_exponent, below_p.get()) &&
               inverts(public_exponent, private_exponent, below_q.get());
    }

private:
    [[nodiscard]] BIGNUM* at(RsaNumbers::Name name) const { return numbers_[name].get(); }

    [[nodiscard]] Owned<BIGNUM> one_less(RsaNumbers::Name name) const {
        Owned<BIGNUM> less(BN_dup(at(name)));
        SEKI_CHECK(less != nullptr && BN_sub_word(less.get(), 1) == 1);
        return less;
    }

    bool inverts(RsaNumbers::Name a, RsaNumbers::Name b, const BIGNUM* modulus) {
        return BN_cmp(modulus, BN_value_one()) > 0 &&
               BN_mod_mul(result_.get(), at(a), at(b), modulus, context_.get()) == 1 && BN_is_one(result_.get()) == 1;
    }

    Owned<BN_CTX> context_;
    Owned<BIGNUM> result_;
    std::array<Owned<BIGNUM>, RsaNumbers::count> numbers_;
};

Result<NormalKey> match_rsa(PrivateKey key, std::string_view certified) {
    DerReader parts(only_content(certified, tag::sequence).value_or(""));
    const auto modulus = parts.unsigned_integer();
    const auto exponent = parts.unsigned_integer();
    if (!modulus || !exponent) return failure("the certificate's RSA key is damaged");
    const int bits = BN_num_bits(number_of(modulus->substr(0, max_rsa_bits / 8 + 1)).get());
    if (bits < min_rsa_bits || bits > max_rsa_bits) {
        return failure("an RSA key of {} bits is not within {} and {}", bits, min_rsa_bits, max_rsa_bits);
    }
    const auto numbers = RsaNumbers::read(key.der);
    if (!numbers) return failure("its RSA key is damaged, or of more than two primes");
    if (numbers->bytes[RsaNumbers::modulus] != *modulus) return not_its_key();
    if (numbers->bytes[RsaNumbers::public_exponent] != *exponent) return not_its_key();
    if (!RsaCheck(*numbers).consistent()) return damaged();
    return NormalKey{"RSA PRIVATE KEY", std::move(key.der)};
}

// In the order of Curve.
constexpr std::array library_curves{NID_undef, NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};

// Making a group costs more than using it.
const EC_GROUP* group_of(Curve curve) {
    static thread_local std::array<Owned<EC_GROUP>, library_curves.size()> groups;
    const auto index = static_cast<size_t>(curve);
    Owned<EC_GROUP>& group = groups[index];
    if (group == nullptr) group.reset(EC_GROUP_new_by_curve_name(library_curves[index]));
    SEKI_CHECK(group != nullptr);
    return group.get();
}

// The point that a secret leads to, uncompressed; empty when the secret is none of the curve.
std::string point_of(Curve curve, std::string_view secret) {
    const EC_GROUP* group = group_of(curve);
    const Owned<BN_CTX> context(BN_CTX_new());
    const Owned<EC_POINT> point(EC_POINT_new(group));
    const Owned<BIGNUM> number = number_of(secret);
    SEKI_CHECK(context != nullptr && point != nullptr);
    if (BN_is_zero(number.get()) == 1 || BN_cmp(number.get(), EC_GROUP_get0_order(group)) >= 0) return {};
    if (EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, context.get()) != 1) return {};
    std::string bits(1 + 2 * field_size(curve), '\0');
    const size_t size = EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                           reinterpret_cast<uint8_t*>(bits.data()), bits.size(), context.get());
    return size == bits.size() ? bits : std::string();
}

std::string sec1(Curve curve, std::string_view secret, std::string_view point) {
    const std::string number = std::string(field_size(curve) - secret.size(), '\0') + std::string(secret);
    return der_element(
        tag::sequence,
        {der_element(tag::integer, {"\x01"}), der_element(tag::octet_string, {number}),
         der_element(tag::explicit_context(0), {der_element(tag::oid, {curve_oid(curve)})}),
         der_element(tag::explicit_context(1), {der_element(tag::bit_string, {std::string_view("\0", 1), point})})});
}

// On P-256 the secret itself is put to the test, which takes 15 µs there and a millisecond on the others. For these the
// file's own word about its public key is enough, as it is for the library.
Result<NormalKey> match_ecdsa(const PrivateKey& key, const PublicKey& certified) {
    constexpr char uncompressed = 4;
    const Curve curve = key.type.curve;
    if (certified.bits.size() != 1 + 2 * field_size(curve) || certified.bits.front() != uncompressed) {
        return failure("the certificate's ECDSA key is not an uncompressed point");
    }
    const bool take_its_word = curve != Curve::p256 && !key.point.empty();
    const std::string point = take_its_word ? key.point : point_of(curve, key.secret);
    if (point != certified.bits) return not_its_key();
    return NormalKey{"EC PRIVATE KEY", sec1(curve, key.secret, certified.bits)};
}

Result<NormalKey> match_ed25519(const PrivateKey& key, std::string_view certified) {
    const Owned<EVP_PKEY> pair(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(key.secret), key.secret.size()));
    SEKI_CHECK(pair != nullptr);
    std::array<uint8_t, 32> raw{};
    size_t size = raw.size();
    SEKI_CHECK(EVP_PKEY_get_raw_public_key(pair.get(), raw.data(), &size) == 1);
    if (certified != std::string_view(reinterpret_cast<const char*>(raw.data()), size)) return not_its_key();
    const std::string algorithm = der_element(tag::sequence, {der_element(tag::oid, {"\x2B\x65\x70"})});
    const std::string octets = der_element(tag::octet_string, {key.secret});
    const std::string zero = der_element(tag::integer, {std::string_view("\0", 1)});
    return NormalKey{"PRIVATE KEY",
                     der_element(tag::sequence, {zero, algorithm, der_element(tag::octet_string, {octets})})};
}

}  // namespace

Result<NormalKey> match(PrivateKey key, const PublicKey& certified) {
    if (key.type != certified.type || key.type.kind == KeyKind::other) return not_its_key();
    if (key.type.kind == KeyKind::rsa) return match_rsa(std::move(key), certified.bits);
    if (key.type.kind == KeyKind::ecdsa) return match_ecdsa(key, certified);
    return match_ed25519(key, certified.bits);
}

}  // namespace seki::x509
