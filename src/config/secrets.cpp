#include "config/secrets.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace seki::config {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

constexpr auto secrets = std::to_array<std::string_view>({
    "command.BackendTls.key",
    "command.CertificateAndKey.key",
    "command.Cluster.authorized_hashes",
    "command.HttpsListenerConfig.key",
    "command.Request.set_tls_ticket_secret",
});

void clear(Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    if (!field->is_required()) return reflection.ClearField(&message, field);
    SEKI_CHECK(field->cpp_type() == FieldDescriptor::CPPTYPE_STRING);
    reflection.SetString(&message, field, "");
}

}  // namespace

bool is_secret(const FieldDescriptor& field) { return std::ranges::find(secrets, field.full_name()) != secrets.end(); }

void clear_secrets(Message& message) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(message, &present);
    for (const FieldDescriptor* field : present) {
        if (is_secret(*field)) {
            clear(message, field);
        } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
            continue;
        } else if (!field->is_repeated()) {
            clear_secrets(*reflection.MutableMessage(&message, field));
        } else {
            for (int i = 0; i < reflection.FieldSize(message, field); ++i)
                clear_secrets(*reflection.MutableRepeatedMessage(&message, field, i));
        }
    }
}

}  // namespace seki::config
