#include <array>

#include "config/strict_verb.h"
#include "ctl/fields.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

constexpr const char* alpn_help = "Protocols to offer, by preference: h2,http/1.1";
constexpr const char* own_records_help = "After the handshake Seki protects the records itself, not the TLS library";
constexpr const char* authorities_help =
    "File of certificates in PEM that may have signed those of clients; may be repeated";
constexpr const char* revoked_help = "File of lists (CRL) in PEM of revoked certificates of clients; may be repeated";

void strict_sni_flags(Verb& verb) {
    on_off_flags(verb, "--strict-sni-binding", "--no-strict-sni-binding", "strict_sni_binding",
                 "Requests must be for the host of the TLS handshake");
    on_off_flags(verb, "--disable-http11", "--enable-http11", "disable_http11", "Only for clients that speak HTTP/2");
}

// "none|optional|required" stand in the schema with a long name.
Result<> read_mode(command::Request& request, const std::string& path, const std::string& value) {
    return put_text(find_field(payload(request), path), "client_auth_" + value);
}

// `prefix` is where the policy stands in the message.
void client_auth_options(Verb& verb, const std::string& prefix) {
    const std::string path = prefix + "client_auth";
    verb.option(
        "--client-auth", "none|optional|required", "Whether clients show certificates",
        [path](command::Request& request, const auto& values) { return read_mode(request, path, values.front()); });
    chain_option(verb, "--client-ca-certificate", prefix + "client_ca_certificates", authorities_help).repeatable();
    blocks_option(verb, "--client-ca-crl", prefix + "client_ca_crls", "X509 CRL", revoked_help).repeatable();
    verb.value("--client-subject-header", "client_auth_headers.subject",
               "Name of the header that tells backends the client certificate's subject");
    verb.value("--client-san-header", "client_auth_headers.san", "Likewise its alternative names");
    verb.value("--client-fingerprint-header", "client_auth_headers.fingerprint", "Likewise its fingerprint");
    verb.value("--client-verify-header", "client_auth_headers.verify_result", "Likewise whether there is one");
}

void handshake_options(Verb& verb, bool show_defaults) {
    verb.value("--handshake-timeout", "handshake_timeout", "Seconds for a TLS handshake")
        .default_text(show_defaults ? "10" : "");
    on_off_flags(verb, "--own-tls-records", "--library-tls-records", "own_tls_records", own_records_help);
}

}  // namespace

void tls_add_options(Verb& add) {
    add.value("--tls-versions", "versions", "TLS versions that are spoken; may be repeated")
        .default_text("tls_v1_2,tls_v1_3");
    add.value("--tls-cipher-list", "cipher_list", "Ciphers, separated by commas; may be repeated");
    add.value("--tls-groups", "groups_list", "Groups of the key exchange, by preference");
    add.value("--tls-signature-algorithms", "signature_algorithms", "Algorithms of signatures, by preference");
    add.value("--send-tls13-tickets", "send_tls13_tickets", "Session tickets for each handshake of TLS 1.3")
        .default_text("1");
    add.value("--alpn-protocols", "alpn_protocols", alpn_help).default_text("h2,http/1.1");
    const Option certificate =
        file_option(add, "--certificate", "certificate", "For clients that name no host, or an unknown one, in PEM");
    const Option key = file_option(add, "--key", "key", "Its private key, in PEM");
    certificate.needs(key);
    key.needs(certificate);
    chain_option(add, "--certificate-chain", "certificate_chain", "Its intermediate certificates, in PEM")
        .needs(certificate);
    strict_sni_flags(add);
    hsts_options(add);
    handshake_options(add, true);
    client_auth_options(add, "");
    add.finish([](command::Request& request, const Verb& verb) {
        if (!verb.given("--tls-versions")) {
            request.mutable_add_https_listener()->add_versions(command::TLS_V1_2);
            request.mutable_add_https_listener()->add_versions(command::TLS_V1_3);
        }
        config::use_strict_verb(request);
        return Result<>{};
    });
}

void tls_update_options(Verb& update) {
    strict_sni_flags(update);
    const Option alpn = update.value("--alpn-protocols", "alpn_protocols.values", alpn_help);
    update
        .sign("--reset-alpn", "Offer the default protocols again",
              [](command::Request& request, const auto&) {
                  request.mutable_update_https_listener()->mutable_alpn_protocols()->clear_values();
                  return Result<>{};
              })
        .excludes(alpn);
    hsts_options(update);
    handshake_options(update, false);
    client_auth_options(update, "client_auth_policy.");
    update.finish([](command::Request& request, const Verb&) {
        config::use_strict_verb(request);
        return Result<>{};
    });
}

void backend_tls_options(Verb& add) {
    add.sign("--backend-tls", "Speak TLS to the backends", [](command::Request& request, const auto&) {
        request.mutable_add_cluster()->mutable_tls();
        return Result<>{};
    });
    chain_option(add, "--backend-ca-certificate", "tls.ca_certificates",
                 "File of certificates in PEM that may have signed those of backends; may be repeated")
        .repeatable();
    add.flag("--backend-no-verify", "tls.verify", "Do not look at the backends' certificates", false);
    add.value("--backend-pinned-key", "tls.pinned_keys", "SHA-256 of a public key that is enough; may be repeated");
    add.value("--backend-server-name", "tls.server_name", "Name that backends are asked for and must have");
    add.value("--backend-alpn", "tls.alpn_protocols", alpn_help);
    const Option certificate =
        file_option(add, "--backend-certificate", "tls.certificate", "Shown to backends that ask, in PEM");
    const Option key = file_option(add, "--backend-key", "tls.key", "Its private key, in PEM");
    certificate.needs(key);
    key.needs(certificate);
    chain_option(add, "--backend-certificate-chain", "tls.certificate_chain", "Its intermediate certificates, in PEM")
        .needs(certificate);
}

}  // namespace seki::ctl
