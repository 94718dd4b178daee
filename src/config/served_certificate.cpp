#include "config/served_certificate.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "routing/host_pattern.h"
#include "x509/names.h"

namespace seki::config {
namespace {

struct Served {
    const CertificateKey* key = nullptr;
    const StoredCertificate* certificate = nullptr;

    [[nodiscard]] x509::Rank rank() const { return certificate->rank(key->fingerprint); }
};

}  // namespace

void for_each_served_certificate(const State& state, std::string_view domain, const VisitCertificate& visit) {
    const std::string name = routing::normalise_host_pattern(domain).value_or(std::string(domain));
    std::map<std::pair<SocketAddress, x509::KeyKind>, Served> served;
    // A name of its own makes the wildcard count for nothing at that address, whatever the kinds of keys.
    std::set<SocketAddress> decided;
    const auto look = [&](const std::string& wanted) {
        state.table<Certificates>().for_each_of(wanted, [&](const auto& key, const StoredCertificate& certificate) {
            if (decided.contains(key.address)) return;
            Served& best = served[{key.address, certificate.key_type().kind}];
            const Served candidate{&key, &certificate};
            if (best.key == nullptr || best.rank() < candidate.rank()) best = candidate;
        });
        for (const auto& [place, best] : served) decided.insert(place.first);
    };
    look(name);
    look(x509::wildcard_for(name));
    for (const auto& [place, best] : served) visit(*best.key, *best.certificate);
}

bool has_certificate_for(const State& state, const SocketAddress& address, std::string_view name) {
    bool found = false;
    const auto look = [&](const CertificateKey& key, const auto&) { found |= key.address == address; };
    state.table<Certificates>().for_each_of(name, look);
    if (!name.starts_with('*')) state.table<Certificates>().for_each_of(x509::wildcard_for(name), look);
    return found;
}

bool has_certificate_at(const State& state, const SocketAddress& address) {
    const auto& entries = state.table<Certificates>().entries();
    const auto first = entries.lower_bound({address, {}});
    return first != entries.end() && first->first.address == address;
}

}  // namespace seki::config
