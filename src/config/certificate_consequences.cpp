#include "config/certificate_consequences.h"

#include "base/check.h"
#include "config/expiry.h"
#include "config/served_certificate.h"
#include "routing/host_pattern.h"
#include "x509/crl.h"
#include "x509/ocsp.h"
#include "x509/pem.h"
#include "x509/time.h"

namespace seki::config {
namespace {

constexpr int64_t day_s = 86'400;

void of_dates(const StoredCertificate& certificate, int64_t now_s, Findings& findings) {
    const int64_t left_s = certificate.not_after_s() - now_s;
    if (now_s < certificate.not_before_s()) {
        findings.add("certificate", "it is not valid before {}: clients refuse it until then",
                     x509::time_text(certificate.not_before_s()));
    } else if (left_s <= 0) {
        findings.add("certificate", "it has expired on {}: clients refuse it",
                     x509::time_text(certificate.not_after_s()));
    } else if (left_s < to_be_renewed_within_s(certificate.not_before_s(), certificate.not_after_s())) {
        findings.add("certificate", "it expires on {}, in {} days", x509::time_text(certificate.not_after_s()),
                     left_s / day_s);
    }
}

void of_ocsp_response(const StoredCertificate& certificate, int64_t now_s, Findings& findings) {
    if (certificate.ocsp_response().empty() || now_s < certificate.ocsp_until_s()) return;
    findings.add("ocsp_response", "it was good until {}: it is not sent", x509::time_text(certificate.ocsp_until_s()));
}

void of_chain(const StoredCertificate& certificate, Findings& findings) {
    const auto leaf = x509::Certificate::read(std::string(certificate.leaf()));
    SEKI_CHECK(leaf.has_value());  // the validator has seen it
    if (x509::chain_follows(*leaf, certificate.chain().links()).value_or(false)) return;
    findings.add("certificate_chain", "it does not lead on from the certificate: clients may find no authority");
}

const command::HttpsListenerConfig* listener_at(const State& state, const SocketAddress& address) {
    return state.table<HttpsListeners>().find(address);
}

}  // namespace

CertificateKey new_key(const command::ReplaceCertificate& replaced) {
    return {checked_address(replaced.address()), checked_fingerprint(replaced.new_certificate().certificate())};
}

void of_certificate(const State& state, const CertificateKey& key, int64_t now_s, Findings& findings) {
    const StoredCertificate* certificate = state.table<Certificates>().find(key);
    if (certificate == nullptr) return;  // of many changes, a later one has removed it
    if (listener_at(state, key.address) == nullptr) {
        findings.add("address", "there is no HTTPS listener on {}: nobody is shown the certificate",
                     key.address.text());
    }
    if (certificate->names().empty()) findings.add("names", "it names no host: no client asks for it");
    if (!certificate->message().versions().empty()) {
        findings.add("versions", "they have no effect: those of the listener count");
    }
    of_dates(*certificate, now_s, findings);
    of_ocsp_response(*certificate, now_s, findings);
    of_chain(*certificate, findings);
}

std::string why_too_late(const command::Request& checked, int64_t now_s) {
    const command::CertificateAndKey& given = checked.has_replace_certificate()
                                                  ? checked.replace_certificate().new_certificate()
                                                  : checked.add_certificate().certificate();
    if (given.ocsp_response().empty()) return {};
    const auto leaf = x509::read_certificates(given.certificate());
    SEKI_CHECK(leaf.has_value());  // the validator has seen it
    const auto statement = x509::read_ocsp_response(given.ocsp_response(), leaf->front(), {});
    SEKI_CHECK(statement.has_value());
    if (now_s < statement->good_until_s) return {};
    return fmt::format("Invalid value for field 'ocsp_response': it was good until {}",
                       x509::time_text(statement->good_until_s));
}

void of_listener_certificates(const State& state, const SocketAddress& address, Findings& findings) {
    if (const std::string why = why_handshakes_fail(state, address); !why.empty()) findings.add("address", "{}", why);
}

void of_certificates_left(const State& state, const SocketAddress& address, Findings& findings) {
    if (!has_certificate_at(state, address) || listener_at(state, address) != nullptr) return;
    findings.add("address", "left behind: certificates on {}, for a listener to come", address.text());
}

void of_revocations(const State& state, const SocketAddress& address, int64_t now_s, Findings& findings) {
    const auto* const listener = listener_at(state, address);
    if (listener == nullptr) return;
    for (const std::string& text : listener->client_ca_crls()) {
        const auto lists = x509::read_revocation_lists(text);
        SEKI_CHECK(lists.has_value());  // the validator has seen them
        for (const x509::RevocationList& list : *lists) {
            if (!list.next_update_s || *list.next_update_s > now_s) continue;
            findings.add("client_ca_crls", "a list was good until {}: clients of its issuer are refused",
                         x509::time_text(*list.next_update_s));
        }
    }
}

void of_secured_host(const State& state, const command::RequestHttpFrontend& frontend, Findings& findings) {
    const routing::HostKind kind = routing::host_kind(frontend.hostname());
    if (kind != routing::HostKind::exact && kind != routing::HostKind::wildcard) return;
    const SocketAddress address = checked_address(frontend.address());
    if (has_certificate_for(state, address, frontend.hostname())) return;
    const auto* listener = listener_at(state, address);
    const bool has_own = listener != nullptr && listener->has_certificate();
    findings.add("hostname", "no certificate on {} is for '{}': {}", address.text(), frontend.hostname(),
                 has_own ? "its clients are shown the listener's own one" : "its clients cannot be served");
}

std::string why_handshakes_fail(const State& state, const SocketAddress& listener) {
    const auto* known = listener_at(state, listener);
    if (known == nullptr || known->has_certificate() || has_certificate_at(state, listener)) return {};
    return fmt::format("the listener on {} has no certificate: every handshake fails", listener.text());
}

}  // namespace seki::config
