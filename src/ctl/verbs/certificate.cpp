#include "ctl/fields.h"
#include "ctl/pem.h"
#include "ctl/text_file.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

// The content of a PEM file goes to a field.
Option file_option(Verb& verb, const std::string& names, const std::string& path, const std::string& help) {
    return verb.option(names, "FILE", help, [path](command::Request& request, const auto& values) -> Result<> {
        const Result<std::string> pem = read_text_file(values.front());
        if (!pem) return std::unexpected(pem.error());
        return put_text(find_field(payload(request), path), *pem);
    });
}

Option chain_option(Verb& verb, const std::string& name, const std::string& path) {
    return verb.option(name, "FILE", "Intermediate certificates, in PEM",
                       [path](command::Request& request, const auto& values) -> Result<> {
                           const Result<std::string> pem = read_text_file(values.front());
                           if (!pem) return std::unexpected(pem.error());
                           for (const std::string& one : split_chain(*pem)) {
                               const FieldRef chain = find_field(payload(request), path);
                               chain.owner->GetReflection()->AddString(chain.owner, chain.field, one);
                           }
                           return {};
                       });
}

// A certificate that the server has is known by its fingerprint, or by a file from which that is computed.
void fingerprint_options(Verb& verb, const std::string& file_names, const std::string& path) {
    const auto put = [path](command::Request& request, const std::string& hex) {
        return put_text(find_field(payload(request), path), hex);
    };
    const Option file = verb.option(file_names, "FILE", "The old certificate, as a PEM file",
                                    [put](command::Request& request, const auto& values) -> Result<> {
                                        const Result<std::string> pem = read_text_file(values.front());
                                        if (!pem) return std::unexpected(pem.error());
                                        const Result<CertificateFacts> facts = read_certificate(*pem);
                                        if (!facts) return failure("{} {}", values.front(), facts.error().message);
                                        return put(request, facts->fingerprint);
                                    });
    verb.option("-f,--fingerprint", "HEX", "The old certificate, as the SHA-256 of its DER form",
                [put](command::Request& request, const auto& values) { return put(request, values.front()); })
        .excludes(file);
    verb.finish([name = file.name()](command::Request&, const Verb& parsed) -> Result<> {
        if (parsed.given(name) || parsed.given("--fingerprint")) return {};
        return failure("{} or --fingerprint is required", name);
    });
}

void tls_versions_option(Verb& verb, const std::string& path) {
    verb.value("--tls-versions", path, "TLS versions in which it is shown; may be repeated");
}

Result<> ask_workers_if_wanted(command::Request& request, const Verb& verb) {
    if (!verb.given("--workers")) return {};
    const command::QueryCertificatesFilters filters = request.query_certificates_from_the_state();
    *request.mutable_query_certificates_from_workers() = filters;
    return {};
}

}  // namespace

void add_certificate_verbs(Family& root) {
    Family certificate = root.family("certificate", "Certificates of HTTPS listeners");

    Verb& list = certificate.verb("list", "query_certificates_from_the_state {}", "Show certificates");
    list.value("-f,--fingerprint", "fingerprint", "Only the one with this fingerprint");
    list.value("-d,--domain", "domain", "Only those for exactly this name");
    list.sign("-w,--workers", "Ask the workers, not the supervisor",
              [](command::Request&, const auto&) { return Result<>{}; });
    list.finish(ask_workers_if_wanted);

    Verb& add = certificate.verb("add", "add_certificate { certificate {} }", "Add a certificate to a listener");
    address_option(add, "Address of the listener");
    file_option(add, "--certificate", "certificate.certificate", "The certificate, in PEM").required();
    chain_option(add, "--certificate-chain", "certificate.certificate_chain").required();
    file_option(add, "--key", "certificate.key", "Its private key, in PEM").required();
    tls_versions_option(add, "certificate.versions");

    Verb& remove = certificate.verb("remove", "remove_certificate {}", "Remove a certificate from a listener");
    address_option(remove, "Address of the listener");
    fingerprint_options(remove, "--certificate,--cert", "fingerprint");

    Verb& replace = certificate.verb("replace", "replace_certificate { new_certificate {} }",
                                     "Put one certificate in place of another");
    address_option(replace, "Address of the listener");
    file_option(replace, "--new-certificate", "new_certificate.certificate", "The new certificate, in PEM").required();
    chain_option(replace, "--new-certificate-chain", "new_certificate.certificate_chain").required();
    file_option(replace, "--new-key", "new_certificate.key", "Its private key, in PEM").required();
    fingerprint_options(replace, "--old-certificate,--old-cert", "old_fingerprint");
    tls_versions_option(replace, "new_certificate.versions");
}

}  // namespace seki::ctl
