#include "x509/certificate.h"

#include "ctl/fields.h"
#include "ctl/text_file.h"
#include "ctl/verbs/verbs.h"
#include "x509/pem.h"

namespace seki::ctl {
namespace {

constexpr const char* chain_help = "Intermediate certificates, in PEM; those in the certificate's file count as well";

Result<std::string> fingerprint_of(const std::string& pem) {
    auto blocks = x509::read_certificates(pem);
    if (!blocks) return std::unexpected(blocks.error());
    const auto certificate = x509::Certificate::read(std::move(blocks->front()));
    if (!certificate) return std::unexpected(certificate.error());
    return x509::hex(certificate->fingerprint());
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
                                        const Result<std::string> fingerprint = fingerprint_of(*pem);
                                        if (!fingerprint)
                                            return failure("{}: {}", values.front(), fingerprint.error().message);
                                        return put(request, *fingerprint);
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
    verb.value("--tls-versions", path, "Without an effect: those of the listener count");
}

void more_options(Verb& verb, const std::string& message) {
    tls_versions_option(verb, message + ".versions");
    verb.value("--names", message + ".names", "Hosts whose clients are shown it, in place of those that it names");
    file_option(verb, "--ocsp-response", message + ".ocsp_response", "OCSP response to send along, in DER");
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
    list.value("-d,--domain", "domain", "Only those that clients of this host are shown");
    list.sign("-w,--workers", "Ask the workers, not the supervisor",
              [](command::Request&, const auto&) { return Result<>{}; });
    list.finish(ask_workers_if_wanted);

    Verb& add = certificate.verb("add", "add_certificate { certificate {} }", "Add a certificate to a listener");
    address_option(add, "Address of the listener");
    file_option(add, "--certificate", "certificate.certificate", "The certificate, in PEM").required();
    chain_option(add, "--certificate-chain", "certificate.certificate_chain", chain_help);
    file_option(add, "--key", "certificate.key", "Its private key, in PEM").required();
    more_options(add, "certificate");

    Verb& remove = certificate.verb("remove", "remove_certificate {}", "Remove a certificate from a listener");
    address_option(remove, "Address of the listener");
    fingerprint_options(remove, "--certificate,--cert", "fingerprint");

    Verb& replace = certificate.verb("replace", "replace_certificate { new_certificate {} }",
                                     "Put one certificate in place of another");
    address_option(replace, "Address of the listener");
    file_option(replace, "--new-certificate", "new_certificate.certificate", "The new certificate, in PEM").required();
    chain_option(replace, "--new-certificate-chain", "new_certificate.certificate_chain", chain_help);
    file_option(replace, "--new-key", "new_certificate.key", "Its private key, in PEM").required();
    fingerprint_options(replace, "--old-certificate,--old-cert", "old_fingerprint");
    more_options(replace, "new_certificate");

    Family secret = root.family("ticket-secret", "What session tickets of TLS are encrypted with");
    Verb& set = secret.verb("set", R"(set_tls_ticket_secret: "")", "Derive the keys of tickets from this, from now on");
    set.option("--file", "FILE", "File with the secret, 32 bytes at least; '-': the standard input",
               [](command::Request& request, const auto& values) -> Result<> {
                   Result<std::string> read = read_text_file_or_input(values.front());
                   if (!read) return std::unexpected(read.error());
                   request.set_set_tls_ticket_secret(*read);
                   return {};
               })
        .required();
}

}  // namespace seki::ctl
