#include "worker/running_tls.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "config/stored_certificate.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/pem.h"

namespace seki::worker {

namespace {

std::vector<std::string> texts(const google::protobuf::RepeatedPtrField<std::string>& values) {
    return {values.begin(), values.end()};
}

// Of a listener, or towards backends.
std::vector<tls::Alpn> protocols(const google::protobuf::RepeatedPtrField<std::string>& names) {
    std::vector<tls::Alpn> all;
    for (const std::string& name : names) {
        const auto protocol = tls::find_alpn(name);
        // What the connection then speaks must be there.
        if (protocol && *protocol != tls::Alpn::h2) all.push_back(*protocol);
    }
    return all;
}

struct Bytes {
    std::string leaf;
    std::string key;
    std::string names;
    std::vector<std::string> chain;
};

template <typename Config>
Result<std::shared_ptr<Bytes>> read_bytes(const Config& config) {
    auto bytes = std::make_shared<Bytes>();
    auto leaf = x509::read_certificates(config.certificate());
    if (!leaf) return std::unexpected(leaf.error());
    auto key = x509::read_pem(config.key());
    if (!key) return std::unexpected(key.error());
    if (key->empty()) return failure("there is no key");
    bytes->leaf = std::move(leaf->front());
    bytes->key = std::move(key->front().der);
    for (const std::string& text : config.certificate_chain()) {
        auto chain = x509::read_certificates(text);
        if (!chain) return std::unexpected(chain.error());
        std::ranges::move(*chain, std::back_inserter(bytes->chain));
    }
    return bytes;
}

tls::ClientPolicy::Mode mode_of(command::ClientAuthMode mode) noexcept {
    switch (mode) {
        case command::CLIENT_AUTH_NONE:
            return tls::ClientPolicy::Mode::none;
        case command::CLIENT_AUTH_OPTIONAL:
            return tls::ClientPolicy::Mode::optional;
        case command::CLIENT_AUTH_REQUIRED:
            break;
    }
    return tls::ClientPolicy::Mode::required;
}

Result<tls::ClientPolicy> client_policy(const command::HttpsListenerConfig& config) {
    tls::ClientPolicy policy;
    policy.mode = mode_of(config.client_auth());
    for (const std::string& text : config.client_ca_certificates()) {
        auto certificates = x509::read_certificates(text);
        if (!certificates) return std::unexpected(certificates.error());
        std::ranges::move(*certificates, std::back_inserter(policy.authorities));
    }
    for (const std::string& text : config.client_ca_crls()) {
        auto lists = x509::read_revocation_lists(text);
        if (!lists) return std::unexpected(lists.error());
        for (x509::RevocationList& list : *lists) policy.revocations.push_back(std::move(list.der));
    }
    return policy;
}

template <typename Config>
Result<tls::CertificatePtr> identity_of(const Config& config) {
    auto bytes = read_bytes(config);
    if (!bytes) return std::unexpected(bytes.error());
    auto read = x509::Certificate::read((*bytes)->leaf);
    if (!read) return std::unexpected(read.error());
    for (const std::string& name : read->names()) (*bytes)->names += name + '\n';
    auto chain = std::make_shared<tls::CertificateChain>();
    for (const std::string& der : (*bytes)->chain) chain->links.emplace_back(der);
    chain->owner = *bytes;
    auto made = std::make_shared<tls::Certificate>();
    made->rank = {read->not_after_s(), read->not_before_s(), read->fingerprint()};
    made->names = (*bytes)->names;
    made->key_kind = read->key_type().kind;
    made->leaf = (*bytes)->leaf;
    made->key = (*bytes)->key;
    made->chain = std::move(chain);
    made->owner = std::move(*bytes);
    return made;
}

}  // namespace

Result<tls::ServerSettings> running_server_settings(const command::HttpsListenerConfig& config) {
    tls::ServerSettings settings;
    if (!config.versions().empty()) {
        settings.tls12 = std::ranges::find(config.versions(), command::TLS_V1_2) != config.versions().end();
        settings.tls13 = std::ranges::find(config.versions(), command::TLS_V1_3) != config.versions().end();
    }
    settings.ciphers = texts(config.cipher_list());
    settings.groups = texts(config.groups_list());
    settings.signature_algorithms = texts(config.signature_algorithms());
    settings.protocols = protocols(config.alpn_protocols());
    if (settings.protocols.empty()) settings.protocols.push_back(tls::Alpn::http11);
    settings.tickets = static_cast<uint32_t>(config.send_tls13_tickets());
    settings.own_records = config.own_tls_records();
    auto clients = client_policy(config);
    if (!clients) return std::unexpected(clients.error());
    settings.clients = std::move(*clients);
    return settings;
}

proxy::ClientCertificateFields running_client_fields(const command::ClientAuthHeaders& config) {
    return {config.subject(), config.san(), config.fingerprint(), config.verify_result()};
}

static Result<tls::ClientSettings> client_settings(const command::BackendTls& config) {
    tls::ClientSettings settings;
    for (const std::string& pem : config.ca_certificates()) {
        auto authorities = x509::read_certificates(pem);
        if (!authorities) return failure("tls: ca_certificates: {}", authorities.error().message);
        std::ranges::move(*authorities, std::back_inserter(settings.authorities));
    }
    settings.verify = config.verify();
    for (const std::string& pin : config.pinned_keys()) {
        const auto key = config::parse_fingerprint(pin);
        if (!key) return failure("tls: pinned_keys: '{}' is no SHA-256", pin);
        settings.pinned_keys.push_back(*key);
    }
    settings.server_name = config.server_name();
    settings.protocols = protocols(config.alpn_protocols());
    if (!config.has_certificate()) return settings;
    auto certificate = identity_of(config);
    if (!certificate) return failure("tls: certificate: {}", certificate.error().message);
    settings.certificate = std::move(*certificate);
    return settings;
}

Result<std::shared_ptr<const tls::ClientContext>> running_client_context(
    const command::BackendTls& config, tls::Engine& engine, const std::shared_ptr<const tls::ClientContext>& before) {
    std::string policy = config.SerializeAsString();
    if (before != nullptr && before->settings().policy == policy) return before;
    auto settings = client_settings(config);
    if (!settings) return std::unexpected(settings.error());
    settings->policy = std::move(policy);
    return tls::ClientContext::make(engine, std::move(*settings));
}

proxy::Hsts running_hsts(const command::HstsConfig& config) {
    if (!config.enabled()) return {};
    return {fmt::format("max-age={}{}{}", config.max_age(), config.include_subdomains() ? "; includeSubDomains" : "",
                        config.preload() ? "; preload" : ""),
            config.force_replace_backend()};
}

Result<tls::CertificatePtr> running_certificate(const command::HttpsListenerConfig& config) {
    return identity_of(config);
}

}  // namespace seki::worker
