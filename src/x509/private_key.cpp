#include "x509/private_key.h"

#include <optional>
#include <utility>

#include "x509/der.h"
#include "x509/pem.h"

namespace seki::x509 {
namespace {

constexpr size_t ed25519_size = 32;

std::unexpected<Failure> not_served() {
    return failure("the key is of a kind that is not served: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are");
}

std::unexpected<Failure> no_key(std::string_view label) { return failure("its block {} is no key", label); }

std::string_view without_zeros(std::string_view number) {
    while (!number.empty() && number.front() == 0) number.remove_prefix(1);
    return number;
}

// RFC 5915 §3. The curve may be said outside.
Result<PrivateKey> read_sec1(std::string_view der, Curve curve, std::string_view label) {
    DerReader parts(only_content(der, tag::sequence).value_or(""));
    const auto version = parts.unsigned_integer();
    const auto secret = parts.content(tag::octet_string);
    if (!version || !secret) return no_key(label);
    if (const auto parameters = parts.content(tag::explicit_context(0))) {
        const Curve said = curve_of(only_content(*parameters, tag::oid).value_or(""));
        if (curve != Curve::none && said != curve) return no_key(label);
        curve = said;
    }
    if (curve == Curve::none) return not_served();
    PrivateKey key{
        .type = {KeyKind::ecdsa, curve}, .der = {}, .secret = std::string(without_zeros(*secret)), .point = {}};
    if (const auto point = parts.content(tag::explicit_context(1))) {
        DerReader bits(*point);
        key.point = bits.bits().value_or("");
    }
    if (!parts.done() || key.secret.size() > field_size(curve)) return no_key(label);
    return key;
}

// What is in it is looked at when it is compared with a certificate.
PrivateKey read_pkcs1(std::string der) {
    return {.type = {KeyKind::rsa, Curve::none}, .der = std::move(der), .secret = {}, .point = {}};
}

Result<PrivateKey> read_ed25519(std::string_view octets, std::string_view label) {
    const auto secret = only_content(octets, tag::octet_string);
    if (!secret || secret->size() != ed25519_size) return no_key(label);
    return PrivateKey{.type = {KeyKind::ed25519, Curve::none}, .der = {}, .secret = std::string(*secret), .point = {}};
}

// RFC 5958 §2. What follows the key is not needed.
Result<PrivateKey> read_pkcs8(std::string_view der, std::string_view label) {
    DerReader parts(only_content(der, tag::sequence).value_or(""));
    const auto version = parts.unsigned_integer();
    const auto algorithm = parts.content(tag::sequence);
    const auto inner = parts.content(tag::octet_string);
    if (!version || !algorithm || !inner) return no_key(label);
    const auto type = read_key_type(*algorithm);
    if (!type) return no_key(label);
    if (type->kind == KeyKind::rsa) return read_pkcs1(std::string(*inner));
    if (type->kind == KeyKind::ecdsa) return read_sec1(*inner, type->curve, label);
    if (type->kind == KeyKind::ed25519) return read_ed25519(*inner, label);
    return not_served();
}

}  // namespace

Result<PrivateKey> read_private_key(std::string_view pem) {
    auto blocks = read_pem(pem);
    if (!blocks) return std::unexpected(blocks.error());
    for (PemBlock& block : *blocks) {
        // "EC PARAMETERS", certificates and whatever else may stand beside it.
        if (!block.label.ends_with("PRIVATE KEY")) continue;
        if (block.encrypted || block.label == "ENCRYPTED PRIVATE KEY") {
            return failure("the key is encrypted, and there is nobody to ask for its password");
        }
        if (block.label == "PRIVATE KEY") return read_pkcs8(block.der, block.label);
        if (block.label == "EC PRIVATE KEY") return read_sec1(block.der, Curve::none, block.label);
        if (block.label == "RSA PRIVATE KEY") return read_pkcs1(std::move(block.der));
        return not_served();
    }
    return failure("it holds no private key in PEM");
}

}  // namespace seki::x509
