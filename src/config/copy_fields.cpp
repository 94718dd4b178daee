#include "config/copy_fields.h"

#include <string>
#include <vector>

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool are_alike(const FieldDescriptor* a, const FieldDescriptor* b) {
    return a->cpp_type() == b->cpp_type() && a->is_repeated() == b->is_repeated() &&
           a->message_type() == b->message_type() && a->enum_type() == b->enum_type();
}

// False: of a type that no setting has.
bool copy_list(const Message& from, const FieldDescriptor* source, Message& to, const FieldDescriptor* target) {
    const auto& get = *from.GetReflection();
    const auto& set = *to.GetReflection();
    set.ClearField(&to, target);
    for (int i = 0; i < get.FieldSize(from, source); ++i) {
        if (source->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
            set.AddString(&to, target, get.GetRepeatedString(from, source, i));
        } else if (source->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            set.AddMessage(&to, target)->CopyFrom(get.GetRepeatedMessage(from, source, i));
        } else {
            return false;
        }
    }
    return true;
}

// Likewise.
bool copy_field(const Message& from, const FieldDescriptor* source, Message& to, const FieldDescriptor* target) {
    const auto& get = *from.GetReflection();
    const auto& set = *to.GetReflection();
    if (source->is_repeated()) return copy_list(from, source, to, target);
    switch (source->cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            set.SetBool(&to, target, get.GetBool(from, source));
            return true;
        case FieldDescriptor::CPPTYPE_UINT32:
            set.SetUInt32(&to, target, get.GetUInt32(from, source));
            return true;
        case FieldDescriptor::CPPTYPE_UINT64:
            set.SetUInt64(&to, target, get.GetUInt64(from, source));
            return true;
        case FieldDescriptor::CPPTYPE_ENUM:
            set.SetEnumValue(&to, target, get.GetEnumValue(from, source));
            return true;
        case FieldDescriptor::CPPTYPE_STRING:
            set.SetString(&to, target, get.GetString(from, source));
            return true;
        case FieldDescriptor::CPPTYPE_MESSAGE:
            set.MutableMessage(&to, target)->CopyFrom(get.GetMessage(from, source));
            return true;
        default:
            return false;
    }
}

}  // namespace

Result<> copy_fields(const Message& from, Message& to) {
    std::vector<const FieldDescriptor*> present;
    from.GetReflection()->ListFields(from, &present);
    for (const FieldDescriptor* field : present) {
        const FieldDescriptor* target = to.GetDescriptor()->FindFieldByName(field->name());
        if (target == nullptr || field->is_map()) continue;
        if (!are_alike(field, target) || !copy_field(from, field, to, target)) {
            return failure("{} of {} is none of {}", field->name(), from.GetTypeName(), to.GetTypeName());
        }
    }
    return {};
}

}  // namespace seki::config
