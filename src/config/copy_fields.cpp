#include "config/copy_fields.h"

#include <string>
#include <vector>

#include "base/check.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void copy_list(const Message& from, const FieldDescriptor* source, Message& to, const FieldDescriptor* target) {
    const auto& get = *from.GetReflection();
    const auto& set = *to.GetReflection();
    set.ClearField(&to, target);
    for (int i = 0; i < get.FieldSize(from, source); ++i) {
        if (source->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
            set.AddString(&to, target, get.GetRepeatedString(from, source, i));
        } else {
            set.AddMessage(&to, target)->CopyFrom(get.GetRepeatedMessage(from, source, i));
        }
    }
}

void copy_field(const Message& from, const FieldDescriptor* source, Message& to, const FieldDescriptor* target) {
    const auto& get = *from.GetReflection();
    const auto& set = *to.GetReflection();
    SEKI_CHECK(source->cpp_type() == target->cpp_type() && source->is_repeated() == target->is_repeated());
    if (source->is_repeated()) return copy_list(from, source, to, target);
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
            SEKI_CHECK(!"a type of field that no update has");
    }
}

}  // namespace

void copy_fields(const Message& from, Message& to) {
    std::vector<const FieldDescriptor*> present;
    from.GetReflection()->ListFields(from, &present);
    for (const FieldDescriptor* field : present) {
        const FieldDescriptor* target = to.GetDescriptor()->FindFieldByName(field->name());
        if (target != nullptr && !field->is_map()) copy_field(from, field, to, target);
    }
}

}  // namespace seki::config
