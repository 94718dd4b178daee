#include "tls/certificate_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/absl_view.h"

namespace seki::tls {

std::string_view parent_of(std::string_view host) noexcept {
    const size_t dot = host.find('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    return host.substr(dot + 1);
}

bool covers(const Certificate& certificate, std::string_view host) noexcept {
    const std::string_view parent = parent_of(host);
    bool covered = false;
    for_each_name(certificate, [&](std::string_view name) {
        covered |= name == host || (name.starts_with("*.") && !parent.empty() && name.substr(2) == parent);
    });
    return covered;
}

// A digest is as good as any hash of it.
size_t CertificateStore::ByFingerprint::hash(const Fingerprint& fingerprint) noexcept {
    size_t hash;
    std::memcpy(&hash, fingerprint.data(), sizeof hash);
    return hash;
}

CertificatePtr CertificateStore::put(CertificatePtr certificate) {
    CertificatePtr replaced = remove(certificate->fingerprint());
    for_each_name(*certificate, [&](std::string_view name) { by_name_[absl_view(name)].push_back(certificate); });
    by_fingerprint_.insert(std::move(certificate));
    return replaced;
}

CertificatePtr CertificateStore::remove(const Fingerprint& fingerprint) {
    const auto found = by_fingerprint_.find(fingerprint);
    if (found == by_fingerprint_.end()) return nullptr;
    CertificatePtr removed = *found;
    by_fingerprint_.erase(found);
    for_each_name(*removed, [&](std::string_view name) { unlink(name, removed); });
    return removed;
}

// The key of the entry goes with the bytes of the certificate that it is a part of: those that stay get an entry of
// their own.
void CertificateStore::unlink(std::string_view name, const CertificatePtr& removed) {
    const auto named = by_name_.find(absl_view(name));
    if (named == by_name_.end()) return;  // a name that it has twice
    Named rest = std::move(named->second);
    by_name_.erase(named);
    rest.erase(std::ranges::remove(rest, removed).begin(), rest.end());
    if (rest.empty()) return;
    for_each_name(*rest.front(), [&](std::string_view own) {
        if (own == name) by_name_.insert_or_assign(absl_view(own), rest);
    });
}

Candidates CertificateStore::find(std::string_view host) const {
    auto named = by_name_.find(absl_view(host));
    if (named == by_name_.end()) {
        const std::string_view parent = parent_of(host);
        if (parent.empty()) return {};
        named = by_name_.find("*." + std::string(parent));
        if (named == by_name_.end()) return {};
    }
    Candidates best;
    for (const CertificatePtr& one : named->second) {
        const auto same_kind =
            std::ranges::find_if(best, [&](const CertificatePtr& other) { return other->key_kind == one->key_kind; });
        if (same_kind == best.end()) {
            best.push_back(one);
        } else if (one->rank > (*same_kind)->rank) {
            *same_kind = one;
        }
    }
    return best;
}

CertificateStore::Shown CertificateStore::shown_for(std::string_view host) const {
    Shown shown{find(host)};
    if (!shown.candidates.empty()) return shown;
    CertificatePtr own = default_certificate();
    shown.is_default = own != nullptr;
    if (shown.is_default) shown.candidates.push_back(std::move(own));
    return shown;
}

CertificatePtr CertificateStore::default_certificate() const {
    if (default_ == nullptr) return nullptr;
    CertificatePtr put = find(default_->fingerprint());
    return put != nullptr ? put : default_;
}

CertificatePtr CertificateStore::find(const Fingerprint& fingerprint) const {
    const auto found = by_fingerprint_.find(fingerprint);
    return found == by_fingerprint_.end() ? nullptr : *found;
}

}  // namespace seki::tls
