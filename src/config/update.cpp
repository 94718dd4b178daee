#include "config/update.h"

#include <string>
#include <vector>

#include "config/copy_fields.h"

namespace seki::config {

Result<> merge(const command::UpdateHttpListenerConfig& update, command::HttpListenerConfig& listener) {
    if (auto copied = copy_fields(update, listener); !copied) return copied;
    for (const auto& [status, text] : update.answers()) {
        if (text.empty()) {
            listener.mutable_answers()->erase(status);
        } else {
            (*listener.mutable_answers())[status] = text;
        }
    }
    return {};
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
    for (const auto& [status, text] : known.answers()) (*update.mutable_answers())[status] = "";
    for (const auto& [status, text] : wanted.answers()) (*update.mutable_answers())[status] = text;
    return copy_fields(wanted, update);
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
