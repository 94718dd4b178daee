#include "config/subject.h"

#include <array>
#include <fmt/format.h>

#include "config/convert.h"

namespace seki::config {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Of messages, those that have them, in this order.
constexpr std::array names{"cluster_id", "backend_id", "address", "hostname", "path", "method", "state", "id"};

std::string text_of(const Message& message, const FieldDescriptor* field);

std::string address_text(const command::SocketAddress& wire) {
    const auto address = from_wire(wire);
    return address ? address->text() : address.error().message;
}

std::string names_in(const Message& message) {
    if (const auto* address = dynamic_cast<const command::SocketAddress*>(&message)) return address_text(*address);
    if (const auto* rule = dynamic_cast<const command::PathRule*>(&message)) return rule->value();
    std::string text;
    for (const char* name : names) {
        const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
        if (field == nullptr || field->is_repeated() || !message.GetReflection()->HasField(message, field)) continue;
        const std::string word = text_of(message, field);
        if (!word.empty()) text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string text_of(const Message& message, const FieldDescriptor* field) {
    const auto& reflection = *message.GetReflection();
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
            if (field->type() == FieldDescriptor::TYPE_BYTES) return {};  // no text, and perhaps a secret
            return reflection.GetString(message, field);
        case FieldDescriptor::CPPTYPE_UINT32:
            return std::to_string(reflection.GetUInt32(message, field));
        case FieldDescriptor::CPPTYPE_UINT64:
            return std::to_string(reflection.GetUInt64(message, field));
        case FieldDescriptor::CPPTYPE_ENUM:
            return reflection.GetEnum(message, field)->name();
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return names_in(reflection.GetMessage(message, field));
        default:
            return {};
    }
}

}  // namespace

std::string subject(const command::Request& request) {
    if (request.has_apply_changes()) return fmt::format("{} changes", request.apply_changes().changes_size());
    const auto* verbs = request.GetDescriptor()->oneof_decl(0);
    const FieldDescriptor* verb = request.GetReflection()->GetOneofFieldDescriptor(request, verbs);
    return verb == nullptr ? std::string{} : text_of(request, verb);
}

}  // namespace seki::config
