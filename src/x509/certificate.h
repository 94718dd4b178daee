#pragma once

// What one certificate says (RFC 5280 §4.1), found by a walk through its bytes: names, dates, key. Nobody's signature
// is verified: whether to trust it is the client's business. The library's own reader is not asked, because it takes a
// hundred times as long, and there are installations with a hundred thousand certificates.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "x509/public_key.h"

namespace seki::x509 {

// SHA-256 of the DER.
using Fingerprint = std::array<uint8_t, 32>;
Fingerprint fingerprint_of(std::string_view der);

// 64 digits in lower case, as clients know certificates by.
std::string hex(const Fingerprint& fingerprint);

class Certificate {
public:
    static Result<Certificate> read(std::string der);

    [[nodiscard]] const std::string& der() const noexcept { return der_; }
    [[nodiscard]] const Fingerprint& fingerprint() const noexcept { return fingerprint_; }
    // Whom it is for: what its alternative names say (names.h), or its common name if they say no name of a host.
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    // Seconds since 1970.
    [[nodiscard]] int64_t not_before_s() const noexcept { return not_before_s_; }
    [[nodiscard]] int64_t not_after_s() const noexcept { return not_after_s_; }
    [[nodiscard]] KeyType key_type() const noexcept { return key_type_; }
    // Signed with what no client has believed in for years: MD5 or SHA-1.
    [[nodiscard]] bool has_weak_signature() const noexcept { return weak_signature_; }

    // Into der().
    [[nodiscard]] PublicKey public_key() const noexcept { return {key_type_, view(key_bits_)}; }
    [[nodiscard]] std::string_view spki() const noexcept { return view(spki_); }        // the whole element
    [[nodiscard]] std::string_view subject() const noexcept { return view(subject_); }  // a distinguished name
    [[nodiscard]] std::string_view issuer() const noexcept { return view(issuer_); }

private:
    // A place in der_.
    struct Range {
        size_t begin = 0;
        size_t size = 0;
    };

    Certificate() = default;
    [[nodiscard]] std::string_view view(Range range) const noexcept {
        return std::string_view(der_).substr(range.begin, range.size);
    }
    [[nodiscard]] Range range(std::string_view part) const noexcept {
        return {static_cast<size_t>(part.data() - der_.data()), part.size()};
    }

    bool read_all();
    bool read_body(std::string_view body);
    bool read_validity(std::string_view validity);
    bool read_key(std::string_view whole, std::string_view content);
    bool read_extensions(std::string_view extensions);
    bool read_names();

    std::string der_;
    Fingerprint fingerprint_{};
    std::vector<std::string> names_;
    int64_t not_before_s_ = 0;
    int64_t not_after_s_ = 0;
    KeyType key_type_;
    bool weak_signature_ = false;
    Range key_bits_;
    Range spki_;
    Range subject_;
    Range issuer_;
    Range alternative_names_;
};

}  // namespace seki::x509
