#include "config/toml/message.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const FieldDescriptor& field_of(const Message& message, std::string_view key) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(key));
    SEKI_CHECK(field != nullptr);
    return *field;
}

void add_to_map(Message& message, const FieldDescriptor& field, const std::string& name, const std::string& value) {
    Message* added = message.GetReflection()->AddMessage(&message, &field);
    added->GetReflection()->SetString(added, field.message_type()->map_key(), name);
    added->GetReflection()->SetString(added, field.message_type()->map_value(), value);
}

void read_enum(TableReader& table, Message& message, const FieldDescriptor& field, std::string_view key) {
    std::vector<Choice> choices;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
        choices.push_back({field.enum_type()->value(i)->name(), field.enum_type()->value(i)->number()});
    }
    const auto value = table.choice(key, choices);
    if (value) message.GetReflection()->SetEnumValue(&message, &field, *value);
}

void read_address(TableReader& table, Message& message, const FieldDescriptor& field, std::string_view key) {
    SEKI_CHECK(field.message_type() == command::SocketAddress::descriptor());
    const auto address = table.address(key);
    if (address) message.GetReflection()->MutableMessage(&message, &field)->CopyFrom(*address);
}

}  // namespace

void put_number(Message& message, std::string_view key, uint64_t number) {
    const FieldDescriptor& field = field_of(message, key);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
        message.GetReflection()->SetUInt64(&message, &field, number);
    } else {
        message.GetReflection()->SetUInt32(&message, &field, static_cast<uint32_t>(number));
    }
}

void read_number(TableReader& table, Message& message, std::string_view key, uint64_t min, uint64_t max) {
    if (const auto number = table.number(key, min, max)) put_number(message, key, *number);
}

void read_field(TableReader& table, Message& message, std::string_view key) {
    if (!table.has(key)) return;  // as most are: a file has thousands of tables with a few keys each
    const FieldDescriptor& field = field_of(message, key);
    const Reflection& reflection = *message.GetReflection();
    if (field.is_map()) {
        for (const auto& [name, value] : table.text_map(key)) add_to_map(message, field, name, value);
        return;
    }
    if (field.is_repeated()) {
        for (const std::string& text : table.texts(key)) reflection.AddString(&message, &field, text);
        return;
    }
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            if (const auto flag = table.flag(key)) reflection.SetBool(&message, &field, *flag);
            return;
        case FieldDescriptor::CPPTYPE_STRING:
            if (const auto text = table.text(key)) reflection.SetString(&message, &field, *text);
            return;
        case FieldDescriptor::CPPTYPE_UINT32:
            return read_number(table, message, key, 0, UINT32_MAX);
        case FieldDescriptor::CPPTYPE_UINT64:
            return read_number(table, message, key, 0, INT64_MAX);
        case FieldDescriptor::CPPTYPE_ENUM:
            return read_enum(table, message, field, key);
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return read_address(table, message, field, key);
        default:
            SEKI_CHECK(!"a key of a type that files do not use");
    }
}

void read_fields(TableReader& table, Message& message, std::span<const std::string_view> keys) {
    for (const std::string_view key : keys) read_field(table, message, key);
}

void read_fields(TableReader& table, Message& message, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) read_field(table, message, key);
}

}  // namespace seki::config
