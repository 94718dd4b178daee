#include "x509/certificate.h"

#include <algorithm>
#include <openssl/sha.h>

#include "x509/der.h"
#include "x509/names.h"
#include "x509/time.h"

namespace seki::x509 {
namespace {

using namespace std::string_view_literals;

constexpr auto alternative_names_oid = "\x55\x1D\x11"sv;
// md5WithRSAEncryption, sha1WithRSAEncryption (RFC 3279 §2.2.1), ecdsa-with-SHA1 (§2.2.3).
constexpr std::array weak_signatures{"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04"sv, "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05"sv,
                                     "\x2A\x86\x48\xCE\x3D\x04\x01"sv};

bool is_weak(std::string_view algorithm) {
    const auto oid = DerReader(algorithm).content(tag::oid);
    return oid && std::ranges::find(weak_signatures, *oid) != weak_signatures.end();
}

}  // namespace

std::string hex(const Fingerprint& fingerprint) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(fingerprint.size() * 2);
    for (const uint8_t byte : fingerprint) {
        text += digits[byte >> 4];
        text += digits[byte & 0xF];
    }
    return text;
}

Fingerprint fingerprint_of(std::string_view der) {
    Fingerprint fingerprint;
    SHA256(reinterpret_cast<const uint8_t*>(der.data()), der.size(), fingerprint.data());
    return fingerprint;
}

Result<Certificate> Certificate::read(std::string der) {
    Certificate certificate;
    certificate.der_ = std::move(der);
    if (!certificate.read_all()) return failure("it is no certificate");
    certificate.fingerprint_ = fingerprint_of(certificate.der_);
    return certificate;
}

bool Certificate::read_all() {
    const auto content = only_content(der_, tag::sequence);
    if (!content) return false;
    DerReader parts(*content);
    const auto body = parts.content(tag::sequence);
    const auto algorithm = parts.content(tag::sequence);
    if (!body || !algorithm || !parts.bits() || !parts.done()) return false;
    weak_signature_ = is_weak(*algorithm);
    return read_body(*body) && read_names();
}

// TBSCertificate.
bool Certificate::read_body(std::string_view body) {
    DerReader parts(body);
    parts.next(tag::explicit_context(0));  // the version
    if (!parts.next(tag::integer)) return false;
    if (!parts.next(tag::sequence)) return false;  // the algorithm of the signature
    const auto issuer = parts.content(tag::sequence);
    const auto validity = parts.content(tag::sequence);
    const auto subject = parts.content(tag::sequence);
    const auto spki = parts.next(tag::sequence);
    if (!issuer || !validity || !subject || !spki) return false;
    issuer_ = range(*issuer);
    subject_ = range(*subject);
    if (!read_validity(*validity) || !read_key(spki->whole, spki->content)) return false;
    for (const uint8_t unique_id : {1, 2}) parts.next(tag::context(unique_id));
    if (parts.done()) return true;
    const auto extensions = parts.content(tag::explicit_context(3));
    return extensions && parts.done() && read_extensions(*extensions);
}

bool Certificate::read_validity(std::string_view validity) {
    DerReader times(validity);
    const auto not_before = times.next();
    const auto not_after = times.next();
    if (!not_before || !not_after || !times.done()) return false;
    const auto begin = unix_seconds(*not_before);
    const auto end = unix_seconds(*not_after);
    not_before_s_ = begin.value_or(0);
    not_after_s_ = end.value_or(0);
    return begin && end;
}

bool Certificate::read_key(std::string_view whole, std::string_view content) {
    const auto key = read_public_key(content);
    if (!key) return false;
    key_type_ = key->type;
    key_bits_ = range(key->bits);
    spki_ = range(whole);
    return true;
}

bool Certificate::read_extensions(std::string_view extensions) {
    const auto content = only_content(extensions, tag::sequence);
    if (!content) return false;
    DerReader list(*content);
    while (!list.done()) {
        const auto extension = list.content(tag::sequence);
        if (!extension) return false;
        DerReader parts(*extension);
        const auto oid = parts.content(tag::oid);
        parts.next(tag::boolean);  // whether it is critical
        const auto value = parts.content(tag::octet_string);
        if (!oid || !value || !parts.done()) return false;
        if (*oid == alternative_names_oid) alternative_names_ = range(*value);
    }
    return true;
}

bool Certificate::read_names() {
    if (alternative_names_.size > 0 && !read_alternative_names(view(alternative_names_), names_)) return false;
    std::vector<std::string> common;
    if (!read_common_name(view(subject_), common)) return false;
    if (names_.empty()) names_ = std::move(common);
    return true;
}

}  // namespace seki::x509
