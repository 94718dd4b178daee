#include "ctl/address_text.h"
#include "ctl/pem.h"
#include "ctl/show/show.h"
#include "ctl/table.h"

namespace seki::ctl {
namespace {

std::string joined(const auto& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

}  // namespace

std::string show_certificates(const command::CertificatesWithFingerprints& certificates) {
    if (certificates.certs().empty()) return "No certificates\n";
    const std::map<std::string, command::CertificateAndKey> sorted(certificates.certs().begin(),
                                                                   certificates.certs().end());
    Table table({"fingerprint", "not before", "not after", "names"});
    for (const auto& [fingerprint, certificate] : sorted) {
        const Result<CertificateFacts> facts = read_certificate(certificate.certificate());
        const std::string names = joined(certificate.names());
        if (!facts) table.row({fingerprint, "", "", names.empty() ? "(" + facts.error().message + ")" : names});
        if (facts)
            table.row({fingerprint, facts->not_before, facts->not_after, names.empty() ? joined(facts->names) : names});
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
