#include "config/listener_update.h"

#include <vector>

#include "base/check.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void copy_field(const Message& from, const FieldDescriptor* source, Message& to, const FieldDescriptor* target) {
    const auto& get = *from.GetReflection();
    const auto& set = *to.GetReflection();
    SEKI_CHECK(source->cpp_type() == target->cpp_type());
    switch (source->cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return set.SetBool(&to, target, get.GetBool(from, source));
        case FieldDescriptor::CPPTYPE_UINT32:
            return set.SetUInt32(&to, target, get.GetUInt32(from, source));
        case FieldDescriptor::CPPTYPE_UINT64:
            return set.SetUInt64(&to, target, get.GetUInt64(from, source));
        case FieldDescriptor::CPPTYPE_ENUM:
            return set.SetEnumValue(&to, target, get.GetEnumValue(from, source));
        case FieldDescriptor::CPPTYPE_STRING:
            return set.SetString(&to, target, get.GetString(from, source));
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return set.MutableMessage(&to, target)->CopyFrom(get.GetMessage(from, source));
        default:
            SEKI_CHECK(!"a type of field that listeners do not have");
    }
}

// The fields of `from` that are present and that `to` has under the same name; maps apart.
void copy_fields(const Message& from, Message& to) {
    std::vector<const FieldDescriptor*> present;
    from.GetReflection()->ListFields(from, &present);
    for (const FieldDescriptor* field : present) {
        const FieldDescriptor* target = to.GetDescriptor()->FindFieldByName(field->name());
        if (target != nullptr && !field->is_map()) copy_field(from, field, to, target);
    }
}

}  // namespace

void merge(const command::UpdateHttpListenerConfig& update, command::HttpListenerConfig& listener) {
    copy_fields(update, listener);
    for (const auto& [status, text] : update.answers()) {
        if (text.empty()) {
            listener.mutable_answers()->erase(status);
        } else {
            (*listener.mutable_answers())[status] = text;
        }
    }
}

void merge(const command::UpdateTcpListenerConfig& update, command::TcpListenerConfig& listener) {
    copy_fields(update, listener);
}

void describe(const command::HttpListenerConfig& known, const command::HttpListenerConfig& wanted,
              command::UpdateHttpListenerConfig& update) {
    copy_fields(wanted, update);
    for (const auto& [status, text] : known.answers()) (*update.mutable_answers())[status] = "";
    for (const auto& [status, text] : wanted.answers()) (*update.mutable_answers())[status] = text;
}

void describe(const command::TcpListenerConfig& /*known*/, const command::TcpListenerConfig& wanted,
              command::UpdateTcpListenerConfig& update) {
    copy_fields(wanted, update);
}

}  // namespace seki::config
