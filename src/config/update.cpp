#include "config/update.h"

#include <string>
#include <vector>

#include "config/copy_fields.h"

namespace seki::config {

namespace {

using Texts = google::protobuf::Map<std::string, std::string>;

void merge_answers(const Texts& update, Texts& answers) {
    for (const auto& [status, text] : update) {
        if (text.empty()) {
            answers.erase(status);
        } else {
            answers[status] = text;
        }
    }
}

void describe_answers(const Texts& known, const Texts& wanted, Texts& update) {
    for (const auto& [status, text] : known) update[status] = "";
    for (const auto& [status, text] : wanted) update[status] = text;
}

void merge_client_auth(const command::ClientAuthPolicy& policy, command::HttpsListenerConfig& listener) {
    listener.clear_client_auth();
    if (policy.client_auth() != command::CLIENT_AUTH_NONE) listener.set_client_auth(policy.client_auth());
    *listener.mutable_client_ca_certificates() = policy.client_ca_certificates();
    *listener.mutable_client_ca_crls() = policy.client_ca_crls();
}

void describe_client_auth(const command::HttpsListenerConfig& wanted, command::ClientAuthPolicy& policy) {
    policy.set_client_auth(wanted.client_auth());
    *policy.mutable_client_ca_certificates() = wanted.client_ca_certificates();
    *policy.mutable_client_ca_crls() = wanted.client_ca_crls();
}

}  // namespace

Result<> merge(const command::UpdateHttpListenerConfig& update, command::HttpListenerConfig& listener) {
    merge_answers(update.answers(), *listener.mutable_answers());
    return copy_fields(update, listener);
}

// Of TLS two things are said otherwise than in the listener, which tells an empty list from none.
Result<> merge(const command::UpdateHttpsListenerConfig& update, command::HttpsListenerConfig& listener) {
    merge_answers(update.answers(), *listener.mutable_answers());
    if (update.has_alpn_protocols()) *listener.mutable_alpn_protocols() = update.alpn_protocols().values();
    if (update.has_client_auth_policy()) merge_client_auth(update.client_auth_policy(), listener);
    command::UpdateHttpsListenerConfig rest = update;
    rest.clear_alpn_protocols();
    return copy_fields(rest, listener);
}

Result<> merge(const command::UpdateTcpListenerConfig& update, command::TcpListenerConfig& listener) {
    return copy_fields(update, listener);
}

Result<> merge(const command::UpdateHttpFrontend& update, command::RequestHttpFrontend& frontend) {
    for (const std::string& name : update.reset()) {
        frontend.GetReflection()->ClearField(&frontend, frontend.GetDescriptor()->FindFieldByName(name));
    }
    // Requests go to one cluster, or to several.
    if (update.has_cluster_id()) frontend.clear_split();
    if (!update.split().empty()) frontend.clear_cluster_id();
    if (!update.tags().empty()) *frontend.mutable_tags() = update.tags();
    return copy_fields(update, frontend);
}

Result<> describe(const command::HttpListenerConfig& known, const command::HttpListenerConfig& wanted,
                  command::UpdateHttpListenerConfig& update) {
    describe_answers(known.answers(), wanted.answers(), *update.mutable_answers());
    return copy_fields(wanted, update);
}

Result<> describe(const command::HttpsListenerConfig& known, const command::HttpsListenerConfig& wanted,
                  command::UpdateHttpsListenerConfig& update) {
    describe_answers(known.answers(), wanted.answers(), *update.mutable_answers());
    *update.mutable_alpn_protocols()->mutable_values() = wanted.alpn_protocols();
    describe_client_auth(wanted, *update.mutable_client_auth_policy());
    command::HttpsListenerConfig rest = wanted;
    rest.clear_alpn_protocols();
    return copy_fields(rest, update);
}

Result<> describe(const command::TcpListenerConfig& /*known*/, const command::TcpListenerConfig& wanted,
                  command::UpdateTcpListenerConfig& update) {
    return copy_fields(wanted, update);
}

Result<> describe(const command::RequestHttpFrontend& known, const command::RequestHttpFrontend& wanted,
                  command::UpdateHttpFrontend& update) {
    std::vector<const google::protobuf::FieldDescriptor*> present;
    known.GetReflection()->ListFields(known, &present);
    for (const auto* field : present) {
        const auto& reflection = *wanted.GetReflection();
        const bool kept =
            field->is_repeated() ? reflection.FieldSize(wanted, field) > 0 : reflection.HasField(wanted, field);
        if (!kept && is_setting_of_route(field->name())) update.add_reset(field->name());
    }
    *update.mutable_tags() = wanted.tags();
    return copy_fields(wanted, update);
}

}  // namespace seki::config
