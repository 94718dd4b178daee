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
    return std::ranges::any_of(certificate.names, [&](std::string_view name) {
        if (name == host) return true;
        return name.starts_with("*.") && !parent.empty() && name.substr(2) == parent;
    });
}

// A digest is as good as any hash of it.
size_t CertificateStore::HashFingerprint::operator()(const Fingerprint& fingerprint) const noexcept {
    size_t hash;
    std::memcpy(&hash, fingerprint.data(), sizeof hash);
    return hash;
}

CertificatePtr CertificateStore::put(CertificatePtr certificate) {
    CertificatePtr replaced = remove(certificate->fingerprint());
    for (const std::string& name : certificate->names) by_name_[name].push_back(certificate);
    const Fingerprint fingerprint = certificate->fingerprint();
    by_fingerprint_.insert_or_assign(fingerprint, std::move(certificate));
    return replaced;
}

CertificatePtr CertificateStore::remove(const Fingerprint& fingerprint) {
    const auto found = by_fingerprint_.find(fingerprint);
    if (found == by_fingerprint_.end()) return nullptr;
    CertificatePtr removed = std::move(found->second);
    by_fingerprint_.erase(found);
    for (const std::string& name : removed->names) {
        const auto named = by_name_.find(name);
        if (named == by_name_.end()) continue;  // a name that it has twice
        const auto mine = std::ranges::find(named->second, removed);
        if (mine != named->second.end()) named->second.erase(mine);
        if (named->second.empty()) by_name_.erase(named);
    }
    return removed;
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

CertificatePtr CertificateStore::find(const Fingerprint& fingerprint) const {
    const auto found = by_fingerprint_.find(fingerprint);
    return found == by_fingerprint_.end() ? nullptr : found->second;
}

}  // namespace seki::tls
