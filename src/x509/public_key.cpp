#include "x509/public_key.h"

#include <array>

#include "x509/der.h"

namespace seki::x509 {
namespace {

using namespace std::string_view_literals;

constexpr auto rsa_oid = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;
constexpr auto ec_oid = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
constexpr auto ed25519_oid = "\x2B\x65\x70"sv;

struct CurveFacts {
    std::string_view oid;
    size_t field_size;
};

// In the order of the enumeration.
constexpr std::array curves{CurveFacts{{}, 0}, CurveFacts{"\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv, 32},
                            CurveFacts{"\x2B\x81\x04\x00\x22"sv, 48}, CurveFacts{"\x2B\x81\x04\x00\x23"sv, 66}};

}  // namespace

std::optional<KeyType> read_key_type(std::string_view algorithm) noexcept {
    DerReader parts(algorithm);
    const auto oid = parts.content(tag::oid);
    if (!oid) return {};
    if (*oid == rsa_oid) return KeyType{KeyKind::rsa, Curve::none};
    if (*oid == ed25519_oid) return KeyType{KeyKind::ed25519, Curve::none};
    if (*oid != ec_oid) return KeyType{};
    const Curve curve = curve_of(parts.content(tag::oid).value_or(""));
    return curve == Curve::none ? KeyType{} : KeyType{KeyKind::ecdsa, curve};
}

std::optional<PublicKey> read_public_key(std::string_view spki) noexcept {
    DerReader parts(spki);
    const auto algorithm = parts.content(tag::sequence);
    const auto bits = parts.bits();
    if (!algorithm || !bits || !parts.done()) return {};
    const auto type = read_key_type(*algorithm);
    return type ? std::optional(PublicKey{*type, *bits}) : std::nullopt;
}

std::string_view curve_oid(Curve curve) noexcept { return curves[static_cast<size_t>(curve)].oid; }

size_t field_size(Curve curve) noexcept { return curves[static_cast<size_t>(curve)].field_size; }

Curve curve_of(std::string_view oid) noexcept {
    for (size_t i = 1; i < curves.size(); ++i) {
        if (curves[i].oid == oid) return static_cast<Curve>(i);
    }
    return Curve::none;
}

}  // namespace seki::x509
