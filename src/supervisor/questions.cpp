#include "supervisor/questions.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "config/query.h"
#include "supervisor/command_session.h"

namespace seki::supervisor {
namespace {

using command::Request;
using command::ResponseContent;
using config::State;

struct Question {
    Request::RequestTypeCase verb;
    // Fills the content of the answer.
    void (*answer)(const State& state, const Request& request, ResponseContent& content);
};

// Where clients expect an answer of each process.
ResponseContent& of_main(ResponseContent& content) {
    return (*content.mutable_worker_responses()->mutable_map())["main"];
}

constexpr std::array questions{
    Question{Request::kListFrontends,
             [](const State& state, const Request& request, ResponseContent& content) {
                 *content.mutable_frontend_list() = config::list_frontends(state, request.list_frontends());
             }},
    Question{Request::kListListeners,
             [](const State& state, const Request&, ResponseContent& content) {
                 *content.mutable_listeners_list() = config::list_listeners(state);
             }},
    Question{Request::kQueryClusterById,
             [](const State& state, const Request& request, ResponseContent& content) {
                 *of_main(content).mutable_clusters() = config::cluster_by_id(state, request.query_cluster_by_id());
             }},
    Question{Request::kQueryClustersByDomain,
             [](const State& state, const Request& request, ResponseContent& content) {
                 *of_main(content).mutable_clusters() =
                     config::clusters_by_domain(state, request.query_clusters_by_domain());
             }},
    Question{Request::kQueryClustersHashes,
             [](const State& state, const Request&, ResponseContent& content) {
                 *of_main(content).mutable_cluster_hashes() = config::cluster_hashes(state);
             }},
    Question{Request::kQueryHealthChecks,
             [](const State& state, const Request& request, ResponseContent& content) {
                 *content.mutable_health_checks_list() = config::health_checks(state, request.query_health_checks());
             }},
    Question{Request::kQueryMaxConnectionsPerIp,
             [](const State& state, const Request&, ResponseContent& content) {
                 content.mutable_max_connections_per_ip_limit()->set_limit(state.limits().max_connections_per_ip);
             }},
    Question{Request::kCountRequests,
             [](const State& state, const Request&, ResponseContent& content) {
                 *content.mutable_request_counts() = config::request_counts(state);
             }},
};

// Their text is long in the making, so too many are refused before. Any other answer that no frame can hold is made,
// and refused when it is to be sent (CommandSession::answer).
command::Response certificates_answer(const State& state, const command::QueryCertificatesFilters& query,
                                      size_t max_bytes) {
    auto found = config::certificates(state, query, max_bytes);
    if (!found) return response_of(command::FAILURE, found.error().message);
    command::Response response = response_of(command::OK, {});
    *response.mutable_content()->mutable_certificates_with_fingerprints() = std::move(*found);
    return response;
}

// Null when the request asks for something else.
const Question* question_of(const Request& request) {
    const auto* const found = std::ranges::find(questions, request.request_type_case(), &Question::verb);
    return found == questions.end() ? nullptr : found;
}

}  // namespace

bool is_about_state(const Request& request) {
    return request.has_query_certificates_from_the_state() || question_of(request) != nullptr;
}

command::Response answer_about_state(const State& state, const Request& request, size_t max_bytes) {
    if (request.has_query_certificates_from_the_state())
        return certificates_answer(state, request.query_certificates_from_the_state(), max_bytes);
    const Question* const question = question_of(request);
    SEKI_CHECK(question != nullptr);
    command::Response response = response_of(command::OK, {});
    question->answer(state, request, *response.mutable_content());
    return response;
}

}  // namespace seki::supervisor
