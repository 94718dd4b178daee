#include "worker/certificate_query.h"

#include <map>

#include "config/convert.h"
#include "config/stored_certificate.h"
#include "routing/host_pattern.h"
#include "worker/answer.h"
#include "x509/pem.h"

namespace seki::worker {

namespace {

// As many as fit into an answer of the usual size, and as can be told without keeping requests waiting.
constexpr size_t most_summaries = 10'000;

using Addresses = std::map<SocketAddress, const tls::CertificateStore*>;

Addresses addresses_of(const Tables& tables) {
    Addresses found;
    tables.for_each_routes([&found](const ListenerKey& key, const proxy::Routes& routes) {
        if (key.type == command::HTTPS && !routes.certificates.empty()) found[key.address] = &routes.certificates;
    });
    return found;
}

// The listener's own one as well, where it was not put among the others.
template <typename Visit>
void for_each_certificate(const tls::CertificateStore& store, Visit visit) {
    store.for_each(visit);
    const auto own = store.default_certificate();
    if (own != nullptr && store.find(own->fingerprint()) == nullptr) visit(*own);
}

// Likewise. Null: it is not here.
tls::CertificatePtr find_certificate(const tls::CertificateStore& store, const tls::Fingerprint& fingerprint) {
    if (auto found = store.find(fingerprint)) return found;
    auto own = store.default_certificate();
    return own != nullptr && own->fingerprint() == fingerprint ? own : nullptr;
}

command::CertificateAndKey message_of(const tls::Certificate& certificate) {
    command::CertificateAndKey message;
    message.set_certificate(x509::write_pem("CERTIFICATE", certificate.leaf));
    message.set_key("");
    if (certificate.chain != nullptr) {
        for (const std::string_view link : certificate.chain->links)
            message.add_certificate_chain(x509::write_pem("CERTIFICATE", link));
    }
    for_each_name(certificate, [&message](std::string_view name) { message.add_names(std::string(name)); });
    if (!certificate.ocsp_response.empty()) message.set_ocsp_response(std::string(certificate.ocsp_response));
    return message;
}

command::Response with_fingerprint(const Tables& tables, const std::string& wanted) {
    const auto fingerprint = config::parse_fingerprint(wanted);
    if (!fingerprint) return answer(command::FAILURE, fmt::format("'{}' is no fingerprint", wanted));
    command::Response response = answer(command::OK, "");
    for (const auto& [address, store] : addresses_of(tables)) {
        const auto certificate = find_certificate(*store, *fingerprint);
        if (certificate == nullptr) continue;
        auto& certs = *response.mutable_content()->mutable_certificates_with_fingerprints()->mutable_certs();
        certs[x509::hex(*fingerprint)] = message_of(*certificate);
    }
    return response.has_content() ? response
                                  : answer(command::FAILURE, fmt::format("there is no certificate {}", wanted));
}

class Summaries {
public:
    void begin(const SocketAddress& address) {
        current_ = list_.add_certificates();
        *current_->mutable_address() = config::to_wire(address);
    }
    void add(std::string_view name, const tls::Certificate& certificate) {
        if (++count_ > most_summaries) return;
        command::CertificateSummary& summary = *current_->add_certificate_summaries();
        summary.set_domain(std::string(name));
        summary.set_fingerprint(x509::hex(certificate.fingerprint()));
    }
    command::Response take() {
        if (count_ > most_summaries)
            return answer(command::FAILURE,
                          fmt::format("there are {} names with certificates, and {} can be listed: ask for one", count_,
                                      most_summaries));
        command::Response response = answer(command::OK, "");
        *response.mutable_content()->mutable_certificates_by_address() = std::move(list_);
        return response;
    }

private:
    command::ListOfCertificatesByAddress list_;
    command::CertificatesByAddress* current_ = nullptr;
    size_t count_ = 0;
};

}  // namespace

command::Response certificates_here(const Tables& tables, const command::QueryCertificatesFilters& query) {
    if (query.has_fingerprint()) return with_fingerprint(tables, query.fingerprint());
    Summaries summaries;
    const std::string host = routing::normalise_host_pattern(query.domain()).value_or(query.domain());
    for (const auto& [address, store] : addresses_of(tables)) {
        summaries.begin(address);
        if (query.has_domain()) {
            for (const tls::CertificatePtr& certificate : store->shown_for(host).candidates)
                summaries.add(host, *certificate);
            continue;
        }
        for_each_certificate(*store, [&](const tls::Certificate& certificate) {
            for_each_name(certificate, [&](std::string_view name) { summaries.add(name, certificate); });
        });
    }
    return summaries.take();
}

}  // namespace seki::worker
