#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "config/check/rules.h"
#include "config/limits.h"
#include "config/tls_names.h"
#include "http/message.h"
#include "x509/crl.h"
#include "x509/pem.h"

namespace seki::config {
namespace {

using command::HttpsListenerConfig;
using command::TlsVersion;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr uint32_t default_hsts_age_s = 31'536'000;

// In their order, each once.
void check_versions(Examiner& examine, HttpsListenerConfig& listener) {
    std::set<int> versions(listener.versions().begin(), listener.versions().end());
    listener.clear_versions();
    for (const int version : versions) {
        if (version < command::TLS_V1_2) {
            examine.refuse("versions", "{} is not offered: it is broken",
                           command::TlsVersion_Name(static_cast<TlsVersion>(version)));
        }
        listener.add_versions(static_cast<TlsVersion>(version));
    }
}

bool offers(const HttpsListenerConfig& listener, TlsVersion version) {
    return listener.versions().empty() || std::ranges::find(listener.versions(), version) != listener.versions().end();
}

// A version without ciphers would be offered in vain.
void check_ciphers(Examiner& examine, HttpsListenerConfig& listener) {
    std::set<TlsVersion> with_cipher;
    for (std::string& name : *listener.mutable_cipher_list()) {
        const auto suite = cipher_suite(name);
        if (!suite) {
            examine.refuse("cipher_list", "'{}' is no cipher that is offered", name);
        } else {
            with_cipher.insert(suite->version);
            name = suite->name;
        }
    }
    if (listener.cipher_list().empty()) return;
    for (const TlsVersion version : {command::TLS_V1_2, command::TLS_V1_3}) {
        if (!offers(listener, version) || with_cipher.contains(version)) continue;
        examine.refuse("cipher_list", "it has no cipher of {}, which 'versions' offers",
                       command::TlsVersion_Name(version));
    }
}

void check_key_exchange(Examiner& examine, HttpsListenerConfig& listener) {
    for (std::string& name : *listener.mutable_groups_list()) {
        const std::string_view group = key_exchange_group(name);
        if (group.empty()) examine.refuse("groups_list", "'{}' is no group that is offered", name);
        if (!group.empty()) name = group;
    }
    for (const std::string& name : listener.signature_algorithms()) {
        if (!is_signature_algorithm(name)) {
            examine.refuse("signature_algorithms", "'{}' is no algorithm that is offered", name);
        }
    }
}

bool has(const Texts& texts, std::string_view wanted) { return std::ranges::find(texts, wanted) != texts.end(); }

// An empty list stands for both.
void check_offered_protocols(Examiner& examine, Texts& protocols) {
    check_alpn(examine, "alpn_protocols", protocols);
    const bool only_h2 = protocols.size() == 1 && protocols[0] == "h2";
    examine.wants("alpn_protocols", only_h2, Feature::http2);
}

void check_own_certificate(Examiner& examine, HttpsListenerConfig& listener) {
    const bool has_certificate = !listener.certificate().empty();
    const bool has_key = !listener.key().empty();
    if (has_certificate && has_key) {
        return static_cast<void>(check_identity(examine, *listener.mutable_certificate(),
                                                *listener.mutable_certificate_chain(), *listener.mutable_key()));
    }
    if (has_certificate) return examine.refuse("key", "the certificate has no key");
    if (has_key) return examine.refuse("certificate", "the key has no certificate");
    if (!listener.certificate_chain().empty()) examine.refuse("certificate_chain", "the chain has no certificate");
    listener.clear_certificate();
    listener.clear_key();
}

// ---- certificates of clients

using AuthMode = command::ClientAuthMode;

size_t total_size(const Texts& texts) {
    size_t size = 0;
    for (const std::string& text : texts) size += text.size();
    return size;
}

// Two lists about the same would contradict each other as soon as one of them is renewed.
void check_revocations(Examiner& examine, const Texts& lists) {
    std::set<std::pair<std::string, std::string>> known;
    for (const std::string& text : lists) {
        const auto read = x509::read_revocation_lists(text);
        if (!read) {
            examine.refuse("client_ca_crls", "{}", read.error().message);
            continue;
        }
        for (const x509::RevocationList& list : *read) {
            if (known.emplace(list.issuer, list.scope).second) continue;
            examine.refuse("client_ca_crls", "two lists are of the same issuer and about the same certificates");
        }
    }
}

void check_client_auth(Examiner& examine, AuthMode mode, const Texts& authorities, const Texts& lists) {
    if (total_size(lists) > max_revocations_size) {
        return examine.refuse("client_ca_crls", "they are larger than {} bytes", max_revocations_size);
    }
    check_authorities(examine, "client_ca_certificates", authorities);
    check_revocations(examine, lists);
    if (mode != command::CLIENT_AUTH_NONE && authorities.empty()) {
        return examine.refuse("client_ca_certificates", "without them nobody could be recognised");
    }
    if (mode == command::CLIENT_AUTH_NONE && !(authorities.empty() && lists.empty())) {
        examine.refuse("client_auth",
                       "CLIENT_AUTH_OPTIONAL or _REQUIRED must be said along with certificates and lists");
    }
}

std::array<std::string, 4> auth_headers(const command::ClientAuthHeaders& headers) {
    return {headers.subject(), headers.san(), headers.fingerprint(), headers.verify_result()};
}

// What stands for all names that a backend cannot tell from it (http::same_variable).
std::string as_variable(std::string name) {
    std::ranges::transform(name, name.begin(), [](char c) {
        const bool in_name = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
        return in_name ? lower(c) : '-';
    });
    return name;
}

void check_auth_headers(Examiner& examine, const command::ClientAuthHeaders& headers) {
    std::vector<std::string> known;
    for (const std::string& name : auth_headers(headers)) {
        if (name.empty()) continue;
        examine.token("client_auth_headers", name, max_header_name_size);
        const std::string variable = as_variable(name);
        if (std::ranges::find(known, variable) != known.end()) {
            examine.refuse("client_auth_headers", "'{}' is named twice", name);
        }
        if (http::field_id(variable) != http::FieldId::other) {
            examine.refuse("client_auth_headers", "'{}' has another meaning", name);
        }
        known.push_back(variable);
    }
}

// Both would be said, and a backend would take the one for the other.
void check_against_id_header(Examiner& examine, const HttpsListenerConfig& listener) {
    const std::string id_header = listener.has_sozu_id_header() ? listener.sozu_id_header() : "Sozu-Id";
    for (const std::string& name : auth_headers(listener.client_auth_headers())) {
        if (!name.empty() && http::same_variable(name, id_header)) {
            examine.refuse("client_auth_headers", "'{}' has another meaning", name);
        }
    }
}

// What listeners and updates have in common.
template <typename Listener>
void check_shared(Examiner& examine, Listener& listener) {
    if (listener.has_handshake_timeout()) examine.timeout("handshake_timeout", listener.handshake_timeout());
    if (listener.has_client_auth_headers()) check_auth_headers(examine, listener.client_auth_headers());
    if (listener.has_hsts()) check_hsts(examine, *listener.mutable_hsts());
    examine.wants("disable_http11", listener.disable_http11(), Feature::http2);
}

}  // namespace

void check_authorities(Examiner& examine, std::string_view field, const Texts& authorities) {
    if (total_size(authorities) > max_authorities_size) {
        return examine.refuse(field, "they are larger than {} bytes", max_authorities_size);
    }
    for (const std::string& text : authorities) {
        auto certificates = x509::read_certificates(text);
        if (!certificates) {
            examine.refuse(field, "{}", certificates.error().message);
            continue;
        }
        for (std::string& der : *certificates) {
            if (const auto read = x509::Certificate::read(std::move(der)); !read) {
                examine.refuse(field, "{}", read.error().message);
            }
        }
    }
}

void check_alpn(Examiner& examine, std::string_view field, Texts& protocols) {
    std::set<std::string> seen;
    const auto known = [&seen](const std::string& protocol) { return !seen.insert(protocol).second; };
    protocols.erase(std::remove_if(protocols.begin(), protocols.end(), known), protocols.end());
    for (const std::string& protocol : protocols) {
        if (protocol != "h2" && protocol != "http/1.1") {
            examine.refuse(field, "'{}' is neither h2 nor http/1.1", protocol);
        }
    }
}

void check_tls(Examiner& examine, HttpsListenerConfig& listener) {
    check_shared(examine, listener);
    check_versions(examine, listener);
    check_ciphers(examine, listener);
    check_key_exchange(examine, listener);
    check_offered_protocols(examine, *listener.mutable_alpn_protocols());
    examine.number("send_tls13_tickets", listener.send_tls13_tickets(), 0, max_tls_tickets);
    check_own_certificate(examine, listener);
    check_client_auth(examine, listener.client_auth(), listener.client_ca_certificates(), listener.client_ca_crls());
    if (listener.client_auth() == command::CLIENT_AUTH_NONE) listener.clear_client_auth();
    check_against_id_header(examine, listener);
    const bool speaks_http11 = listener.alpn_protocols().empty() || has(listener.alpn_protocols(), "http/1.1");
    if (listener.disable_http11() && speaks_http11) {
        examine.refuse("disable_http11",
                       "it excludes http/1.1 in alpn_protocols, which has it unless it says otherwise");
    }
}

void check_tls(Examiner& examine, command::UpdateHttpsListenerConfig& update) {
    check_shared(examine, update);
    if (update.has_alpn_protocols())
        check_offered_protocols(examine, *update.mutable_alpn_protocols()->mutable_values());
    if (!update.has_client_auth_policy()) return;
    const command::ClientAuthPolicy& policy = update.client_auth_policy();
    check_client_auth(examine, policy.client_auth(), policy.client_ca_certificates(), policy.client_ca_crls());
}

void check_hsts(Examiner& examine, command::HstsConfig& hsts) {
    if (!hsts.has_enabled()) return examine.refuse("hsts", "enabled: it must be said");
    if (hsts.enabled() && !hsts.has_max_age()) hsts.set_max_age(default_hsts_age_s);
}

}  // namespace seki::config
