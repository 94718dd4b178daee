#include "ctl/fields.h"

#include <charconv>
#include <concepts>
#include <limits>
#include <system_error>

#include "base/check.h"
#include "command.pb.h"
#include "config/convert.h"
#include "net/address.h"

namespace seki::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <std::integral T>
Result<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
    return failure("'{}' is not a number from {} to {}", text, std::numeric_limits<T>::min(),
                   std::numeric_limits<T>::max());
}

Result<bool> boolean(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return failure("'{}' is neither true nor false", text);
}

// TLS_V1_2, TLS_V12, tlsv1.2 and tls-v1-2 are the same to a reader.
std::string plain_letters(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '_' || c == '-' || c == '.') continue;
        out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    return out;
}

std::string lower_case(std::string name) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return name;
}

std::string value_names(const EnumDescriptor& type) {
    std::string names;
    for (int i = 0; i < type.value_count(); ++i) names += (i == 0 ? "" : "|") + lower_case(type.value(i)->name());
    return names;
}

Result<int> enum_number(const EnumDescriptor& type, std::string_view text) {
    std::string wanted = plain_letters(text);
    if (wanted == "tlsv1") wanted = "tlsv10";  // "TLSv1" is the protocol's own name for its version 1.0
    for (int i = 0; i < type.value_count(); ++i) {
        if (plain_letters(type.value(i)->name()) == wanted) return type.value(i)->number();
    }
    return failure("'{}' is none of {}", text, value_names(type));
}

bool is_address(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
           field.message_type() == command::SocketAddress::descriptor();
}

Result<> put_address(const FieldRef& target, std::string_view text) {
    const Result<SocketAddress> address = SocketAddress::parse(text);
    if (!address) return std::unexpected(address.error());
    const Reflection& reflection = *target.owner->GetReflection();
    reflection.MutableMessage(target.owner, target.field)->CopyFrom(config::to_wire(*address));
    return {};
}

}  // namespace

const FieldDescriptor& field_at(const Descriptor& type, std::string_view path) {
    const size_t dot = path.find('.');
    const FieldDescriptor* field = type.FindFieldByName(std::string(path.substr(0, dot)));
    SEKI_CHECK(field != nullptr);
    return dot == std::string_view::npos ? *field : field_at(*field->message_type(), path.substr(dot + 1));
}

FieldRef find_field(Message& message, std::string_view path) {
    const size_t dot = path.find('.');
    const FieldDescriptor& field = field_at(*message.GetDescriptor(), path.substr(0, dot));
    if (dot == std::string_view::npos) return {&message, &field};
    return find_field(*message.GetReflection()->MutableMessage(&message, &field), path.substr(dot + 1));
}

Result<> put_text(const FieldRef& target, std::string_view text) {
    const Reflection& reflection = *target.owner->GetReflection();
    const FieldDescriptor& field = *target.field;
    const auto put = [&](const auto& value, auto set, auto add) -> Result<> {
        if (!value) return std::unexpected(value.error());
        field.is_repeated() ? (reflection.*add)(target.owner, &field, *value)
                            : (reflection.*set)(target.owner, &field, *value);
        return {};
    };
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return put(number<int32_t>(text), &Reflection::SetInt32, &Reflection::AddInt32);
        case FieldDescriptor::CPPTYPE_UINT32:
            return put(number<uint32_t>(text), &Reflection::SetUInt32, &Reflection::AddUInt32);
        case FieldDescriptor::CPPTYPE_UINT64:
            return put(number<uint64_t>(text), &Reflection::SetUInt64, &Reflection::AddUInt64);
        case FieldDescriptor::CPPTYPE_BOOL:
            return put(boolean(text), &Reflection::SetBool, &Reflection::AddBool);
        case FieldDescriptor::CPPTYPE_ENUM:
            return put(enum_number(*field.enum_type(), text), &Reflection::SetEnumValue, &Reflection::AddEnumValue);
        case FieldDescriptor::CPPTYPE_STRING:
            return put(Result<std::string>(text), &Reflection::SetString, &Reflection::AddString);
        default:
            SEKI_CHECK(is_address(field));
            return put_address(target, text);
    }
}

void put_entry(const FieldRef& map, const std::string& key, const std::string& value) {
    Message& entry = *map.owner->GetReflection()->AddMessage(map.owner, map.field);
    const Descriptor& type = *map.field->message_type();
    entry.GetReflection()->SetString(&entry, type.map_key(), key);
    entry.GetReflection()->SetString(&entry, type.map_value(), value);
}

std::string type_label(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return "true|false";
        case FieldDescriptor::CPPTYPE_ENUM:
            return value_names(*field.enum_type());
        case FieldDescriptor::CPPTYPE_STRING:
            return "TEXT";
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return "IP:PORT";
        default:
            return "N";
    }
}

std::string schema_default(const FieldDescriptor& field) {
    if (!field.has_default_value()) return {};
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return std::to_string(field.default_value_int32());
        case FieldDescriptor::CPPTYPE_UINT32:
            return std::to_string(field.default_value_uint32());
        case FieldDescriptor::CPPTYPE_UINT64:
            return std::to_string(field.default_value_uint64());
        case FieldDescriptor::CPPTYPE_BOOL:
            return field.default_value_bool() ? "true" : "false";
        case FieldDescriptor::CPPTYPE_ENUM:
            return lower_case(field.default_value_enum()->name());
        case FieldDescriptor::CPPTYPE_STRING:
            return field.default_value_string();
        default:
            return {};
    }
}

}  // namespace seki::ctl
