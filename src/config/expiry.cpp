#include "config/expiry.h"

#include <algorithm>

#include "x509/pem.h"

namespace seki::config {
namespace {

constexpr int64_t day_s = 86'400;
constexpr int64_t early_enough_s = 30 * day_s;

// Of a listener; nothing when it has none.
std::optional<x509::Certificate> own_certificate(const command::HttpsListenerConfig& listener) {
    if (!listener.has_certificate()) return {};
    auto blocks = x509::read_certificates(listener.certificate());
    if (!blocks) return {};
    auto read = x509::Certificate::read(std::move(blocks->front()));
    return read ? std::optional(std::move(*read)) : std::nullopt;
}

std::string first_of(const std::vector<std::string>& names) { return names.empty() ? "no name" : names.front(); }

}  // namespace

int64_t to_be_renewed_within_s(int64_t not_before_s, int64_t not_after_s) {
    return std::min(early_enough_s, (not_after_s - not_before_s) / 3);
}

void for_each_expiring(const State& state, int64_t from_s, int64_t until_s,
                       const std::function<void(const Expiring&)>& visit) {
    const auto within = [&](int64_t end_s) { return end_s > from_s && end_s <= until_s; };
    for (const auto& [key, certificate] : state.table<Certificates>().entries()) {
        if (!within(certificate.not_after_s())) continue;
        visit({key.address, Certificates::key_text(key), first_of(certificate.names()), certificate.not_before_s(),
               certificate.not_after_s()});
    }
    for (const auto& [address, listener] : state.table<HttpsListeners>().entries()) {
        const auto own = own_certificate(listener);
        if (!own || !within(own->not_after_s())) continue;
        visit(
            {address, x509::hex(own->fingerprint()), first_of(own->names()), own->not_before_s(), own->not_after_s()});
    }
}

void for_each_ocsp_end(const State& state, int64_t from_s, int64_t until_s,
                       const std::function<void(const Expiring&)>& visit) {
    for (const auto& [key, certificate] : state.table<Certificates>().entries()) {
        const int64_t end_s = certificate.ocsp_until_s();
        if (certificate.ocsp_response().empty() || end_s <= from_s || end_s > until_s) continue;
        visit({key.address, Certificates::key_text(key), first_of(certificate.names()), certificate.not_before_s(),
               end_s});
    }
}

Expiries expiries(const State& state, int64_t now_s) {
    Expiries found;
    const auto note = [&](int64_t end_s) {
        found.first_s = std::min(found.first_s.value_or(end_s), end_s);
        for (size_t i = 0; i < warned_of_days.size(); ++i)
            found.within[i] += end_s <= now_s + warned_of_days[i] * day_s;
    };
    for (const auto& [key, certificate] : state.table<Certificates>().entries()) note(certificate.not_after_s());
    for (const auto& [address, listener] : state.table<HttpsListeners>().entries()) {
        if (const auto own = own_certificate(listener)) note(own->not_after_s());
    }
    return found;
}

}  // namespace seki::config
