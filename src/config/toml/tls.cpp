#include "config/toml/tls.h"

#include <algorithm>
#include <array>

#include "config/check/available.h"
#include "config/toml/certificate.h"
#include "config/toml/global.h"
#include "config/toml/listener.h"
#include "config/toml/message.h"

namespace seki::config {
namespace {

using command::Request;

constexpr std::array tls_versions{
    Choice{"SSL_V2", command::SSL_V2},    Choice{"SSL_V3", command::SSL_V3},    Choice{"TLS_V10", command::TLS_V1_0},
    Choice{"TLS_V11", command::TLS_V1_1}, Choice{"TLS_V12", command::TLS_V1_2}, Choice{"TLS_V13", command::TLS_V1_3},
};

constexpr auto https_keys = std::to_array<std::string_view>(
    {"cipher_list", "cipher_suites", "groups_list", "signature_algorithms", "send_tls13_tickets", "alpn_protocols",
     "strict_sni_binding", "disable_http11", "handshake_timeout", "own_tls_records"});

// Each is read in a way of its own.
constexpr auto client_auth_keys =
    std::to_array<std::string_view>({"client_auth", "client_ca_certificates", "client_ca_crls", "client_auth_headers"});

constexpr std::array client_auth_modes{
    Choice{"none", command::CLIENT_AUTH_NONE},
    Choice{"optional", command::CLIENT_AUTH_OPTIONAL},
    Choice{"required", command::CLIENT_AUTH_REQUIRED},
};

constexpr std::array<std::string_view, 1> tls_version_keys{"tls_versions"};

void read_tls_versions(TableReader& table, command::HttpsListenerConfig& listener) {
    const std::vector<std::string> names = table.texts("tls_versions");
    bool understood = true;
    for (const std::string& name : names) {
        const auto* const version = std::ranges::find(tls_versions, std::string_view(name), &Choice::name);
        if (version == tls_versions.end()) {
            table.refuse("tls_versions", "'{}' is no version of TLS (TLS_V12, TLS_V13)", name);
            understood = false;
        } else if (version->value < command::TLS_V1_2) {
            table.warn("tls_versions", "{} is not offered: it is broken", name);
        } else {
            listener.add_versions(static_cast<command::TlsVersion>(version->value));
        }
    }
    const bool nothing_left = understood && !names.empty() && listener.versions().empty();
    if (nothing_left) table.refuse("tls_versions", "none of them is offered (TLS_V12, TLS_V13 are)");
}

void read_auth_headers(TableReader& table, command::ClientAuthHeaders& headers) {
    read_fields(table, headers, {"subject", "san", "fingerprint", "verify_result"});
    table.finish();
}

// The files of a policy that is switched off are not looked at.
void read_client_auth(TableReader& table, const Draft& draft, command::HttpsListenerConfig& listener) {
    const auto mode = table.choice("client_auth", client_auth_modes, true);
    if (mode) listener.set_client_auth(static_cast<command::ClientAuthMode>(*mode));
    if (auto headers = table.table("client_auth_headers", TableKind::client_auth_headers)) {
        read_auth_headers(*headers, *listener.mutable_client_auth_headers());
    }
    const std::vector<std::string> authorities = table.texts("client_ca_certificates");
    const std::vector<std::string> revocations = table.texts("client_ca_crls");
    const bool has_mode = table.has("client_auth");
    for (const std::string_view key : {"client_ca_certificates", "client_ca_crls"}) {
        if (!table.has(key)) continue;
        if (!has_mode) table.refuse(key, "it needs the key 'client_auth'");
        if (mode == command::CLIENT_AUTH_NONE) table.warn(key, "it has no effect with client_auth = \"none\"");
    }
    if (!mode || *mode == command::CLIENT_AUTH_NONE) return;
    read_pem_files(table, draft, "client_ca_certificates", authorities, *listener.mutable_client_ca_certificates());
    read_pem_files(table, draft, "client_ca_crls", revocations, *listener.mutable_client_ca_crls());
}

void put_own_certificate(const command::CertificateAndKey& own, command::HttpsListenerConfig& listener) {
    listener.set_certificate(own.certificate());
    *listener.mutable_certificate_chain() = own.certificate_chain();
    listener.set_key(own.key());
}

}  // namespace

std::optional<command::CertificateAndKey> read_tls(TableReader& table, command::HttpsListenerConfig& listener,
                                                   const Draft& draft) {
    read_fields(table, listener, https_keys);
    if (table.has("cipher_suites")) {
        table.warn("cipher_suites", "it has no effect: cipher_list has those of TLS 1.3 too");
    }
    read_tls_versions(table, listener);
    if (auto hsts = table.table("hsts", TableKind::hsts)) read_hsts(*hsts, *listener.mutable_hsts());
    read_client_auth(table, draft, listener);
    auto own = read_certificate(table, draft);
    if (own) put_own_certificate(*own, listener);
    return own;
}

void add_own_certificate(TableReader& table, Draft& draft, const command::SocketAddress& address,
                         command::CertificateAndKey own) {
    Request request;
    command::AddCertificate& added = *request.mutable_add_certificate();
    *added.mutable_address() = address;
    *added.mutable_certificate() = std::move(own);
    draft.add_certificate(table, std::move(request));
}

void no_tls_keys(TableReader& table) {
    no_effect(table, https_keys, "https");
    no_effect(table, certificate_keys, "https");
    no_effect(table, tls_version_keys, "https");
    if (table.has("hsts")) table.refuse("hsts", "only https listeners have it (RFC 6797 §7.2)");
    // Whoever means that clients are to be recognised must not be served without it.
    for (const std::string_view key : client_auth_keys) {
        if (table.has(key)) table.refuse(key, "only https listeners have it");
    }
}

void read_hsts(TableReader& table, command::HstsConfig& hsts) {
    read_fields(table, hsts, {"enabled", "max_age", "include_subdomains", "preload", "force_replace_backend"});
    table.require({"enabled"});
    if (!hsts.has_max_age()) hsts.set_max_age(31'536'000);
    table.finish();
}

}  // namespace seki::config
