#include "ctl/missing.h"

#include <algorithm>
#include <fmt/format.h>

namespace seki::ctl {
namespace {

using command::Request;
using command::ResponseContent;

bool has_content(const ResponseContent& content);

// One process that has it is enough.
bool any_has_content(const command::WorkerResponses& responses) {
    return std::ranges::any_of(responses.map(), [](const auto& entry) { return has_content(entry.second); });
}

bool any_certificate(const command::ListOfCertificatesByAddress& list) {
    return std::ranges::any_of(list.certificates(), [](const command::CertificatesByAddress& listener) {
        return !listener.certificate_summaries().empty();
    });
}

bool any_frontend(const command::ListedFrontends& list) {
    return !list.http_frontends().empty() || !list.https_frontends().empty() || !list.tcp_frontends().empty() ||
           !list.udp_frontends().empty();
}

bool has_content(const ResponseContent& content) {
    switch (content.content_type_case()) {
        case ResponseContent::kWorkerResponses:
            return any_has_content(content.worker_responses());
        case ResponseContent::kClusters:
            return !content.clusters().vec().empty();
        case ResponseContent::kFrontendList:
            return any_frontend(content.frontend_list());
        case ResponseContent::kCertificatesByAddress:
            return any_certificate(content.certificates_by_address());
        case ResponseContent::kCertificatesWithFingerprints:
            return !content.certificates_with_fingerprints().certs().empty();
        case ResponseContent::kHealthChecksList:
            return !content.health_checks_list().map().empty();
        default:
            return false;
    }
}

std::string certificate_text(const command::QueryCertificatesFilters& filters) {
    if (filters.has_fingerprint()) return fmt::format("there is no certificate {}", filters.fingerprint());
    if (filters.has_domain()) return fmt::format("there is no certificate for '{}'", filters.domain());
    return {};
}

std::string frontend_text(const command::FrontendFilters& filters) {
    std::string text = "there is no frontend";
    if (filters.has_cluster_id()) text += fmt::format(" of a cluster '{}'", filters.cluster_id());
    if (filters.has_domain()) text += fmt::format(" with '{}' in its host name", filters.domain());
    return filters.has_cluster_id() || filters.has_domain() ? text : std::string();
}

// What is to be said if nothing comes; empty when the question names nothing.
std::string text_if_missing(const Request& question) {
    switch (question.request_type_case()) {
        case Request::kQueryClusterById:
            return fmt::format("there is no cluster '{}'", question.query_cluster_by_id());
        case Request::kQueryClustersByDomain:
            return fmt::format("no cluster has a frontend for '{}{}'", question.query_clusters_by_domain().hostname(),
                               question.query_clusters_by_domain().path());
        case Request::kListFrontends:
            return frontend_text(question.list_frontends());
        case Request::kQueryHealthChecks:
            if (!question.query_health_checks().has_cluster_id()) return {};
            return fmt::format("there is no health check of a cluster '{}'",
                               question.query_health_checks().cluster_id());
        case Request::kQueryCertificatesFromTheState:
            return certificate_text(question.query_certificates_from_the_state());
        case Request::kQueryCertificatesFromWorkers:
            return certificate_text(question.query_certificates_from_workers());
        default:
            return {};
    }
}

}  // namespace

std::string what_is_missing(const Request& question, const ResponseContent& content) {
    std::string text = text_if_missing(question);
    return text.empty() || has_content(content) ? std::string() : text;
}

}  // namespace seki::ctl
