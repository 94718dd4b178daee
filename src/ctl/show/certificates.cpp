#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"
#include "x509/certificate.h"
#include "x509/pem.h"
#include "x509/time.h"

namespace seki::ctl {
namespace {

std::string joined(const auto& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// The supervisor has read what it sends, but others may speak its protocol.
Result<x509::Certificate> read(const std::string& pem) {
    auto blocks = x509::read_certificates(pem);
    if (!blocks) return std::unexpected(blocks.error());
    return x509::Certificate::read(std::move(blocks->front()));
}

}  // namespace

std::string show_certificates(const command::CertificatesWithFingerprints& certificates) {
    if (certificates.certs().empty()) return "No certificates\n";
    const std::map<std::string, command::CertificateAndKey> sorted(certificates.certs().begin(),
                                                                   certificates.certs().end());
    Table table({"fingerprint", "not before", "not after", "names"});
    for (const auto& [fingerprint, certificate] : sorted) {
        const auto facts = read(certificate.certificate());
        const std::string names = joined(certificate.names());
        if (!facts) {
            table.row({fingerprint, "", "", names.empty() ? "(" + facts.error().message + ")" : names});
            continue;
        }
        table.row({fingerprint, x509::time_text(facts->not_before_s()), x509::time_text(facts->not_after_s()),
                   names.empty() ? joined(facts->names()) : names});
    }
    return table.text();
}

std::string show_certificates(const command::ListOfCertificatesByAddress& certificates) {
    Table table({"address", "name", "fingerprint"});
    for (const command::CertificatesByAddress& listener : certificates.certificates()) {
        for (const command::CertificateSummary& summary : listener.certificate_summaries()) {
            table.row({address_text(listener.address()), summary.domain(), summary.fingerprint()});
        }
    }
    return table.empty() ? "No certificates\n" : table.text();
}

}  // namespace seki::ctl
