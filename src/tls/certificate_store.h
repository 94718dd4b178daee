#pragma once

// The certificates of one listening address, found by the name that a client asks for. However many there are, a lookup
// is two questions to hash tables: for the name, and for the wildcard that stands for it.

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/container/inlined_vector.h>
#include <absl/strings/string_view.h>
#include <string_view>

#include "tls/certificate.h"

namespace seki::tls {

// Those of one name, at most one of each kind of key: the first in rank.
using Candidates = absl::InlinedVector<CertificatePtr, 1>;

class CertificateStore {
public:
    struct Shown {
        Candidates candidates;
        bool is_default = false;
    };

    // One that is there already, by its fingerprint, gives way to it and is returned.
    CertificatePtr put(CertificatePtr certificate);
    // Null when there is none.
    CertificatePtr remove(const Fingerprint& fingerprint);
    // For clients that ask for a name that nobody has, or for none. Where the same was put here, that one is shown to
    // them: it may come with a newer OCSP response.
    void set_default(CertificatePtr certificate) { default_ = std::move(certificate); }

    // Of the exact name, else of the wildcard. `host`: lower case, no dot at the end. Empty: none.
    [[nodiscard]] Candidates find(std::string_view host) const;
    // Null: none.
    [[nodiscard]] CertificatePtr default_certificate() const;
    // Those that may be shown to a client that asks for this host, or for none: the default one where nobody has it.
    [[nodiscard]] Shown shown_for(std::string_view host) const;
    [[nodiscard]] CertificatePtr find(const Fingerprint& fingerprint) const;
    [[nodiscard]] size_t size() const noexcept { return by_fingerprint_.size(); }
    [[nodiscard]] bool empty() const noexcept { return by_fingerprint_.empty() && default_ == nullptr; }
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const CertificatePtr& certificate : by_fingerprint_) visit(*certificate);
    }

private:
    // All of a name, also those that another one goes before.
    using Named = absl::InlinedVector<CertificatePtr, 1>;

    // As a hash and as an equality.
    struct ByFingerprint {
        using is_transparent = void;
        static const Fingerprint& of(const Fingerprint& fingerprint) noexcept { return fingerprint; }
        static const Fingerprint& of(const CertificatePtr& certificate) noexcept { return certificate->fingerprint(); }
        template <typename One>
        size_t operator()(const One& one) const noexcept {
            return hash(of(one));
        }
        template <typename One, typename Other>
        bool operator()(const One& one, const Other& other) const noexcept {
            return of(one) == of(other);
        }
        static size_t hash(const Fingerprint& fingerprint) noexcept;
    };

    void unlink(std::string_view name, const CertificatePtr& removed);

    absl::flat_hash_map<absl::string_view, Named> by_name_;  // the name is a part of the first of them
    absl::flat_hash_set<CertificatePtr, ByFingerprint, ByFingerprint> by_fingerprint_;
    CertificatePtr default_;
};

}  // namespace seki::tls
