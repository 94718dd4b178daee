#include "ctl/serde.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <map>
#include <utility>

namespace seki::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// Messages contain one another (worker_responses); what real ones need is below ten levels.
constexpr int max_depth = 64;

std::string variant_name(const FieldDescriptor& field) {
    std::string name = field.name();
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return name;
}

// ---- writing

Json bytes_to_json(const std::string& bytes) {
    Json array = Json::array();
    for (const char byte : bytes) array.push_back(static_cast<unsigned char>(byte));
    return array;
}

Json scalar_to_json(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection.GetInt32(message, &field);
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.GetInt64(message, &field);
        case FieldDescriptor::CPPTYPE_UINT32:
            return reflection.GetUInt32(message, &field);
        case FieldDescriptor::CPPTYPE_UINT64:
            return reflection.GetUInt64(message, &field);
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return reflection.GetDouble(message, &field);
        case FieldDescriptor::CPPTYPE_FLOAT:
            return reflection.GetFloat(message, &field);
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection.GetBool(message, &field);
        case FieldDescriptor::CPPTYPE_ENUM:
            return reflection.GetEnumValue(message, &field);
        case FieldDescriptor::CPPTYPE_STRING:
            if (field.type() == FieldDescriptor::TYPE_BYTES)
                return bytes_to_json(reflection.GetString(message, &field));
            return reflection.GetString(message, &field);
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return to_json(reflection.GetMessage(message, &field));
    }
    return nullptr;
}

Json element_to_json(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection.GetRepeatedInt32(message, &field, index);
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.GetRepeatedInt64(message, &field, index);
        case FieldDescriptor::CPPTYPE_UINT32:
            return reflection.GetRepeatedUInt32(message, &field, index);
        case FieldDescriptor::CPPTYPE_UINT64:
            return reflection.GetRepeatedUInt64(message, &field, index);
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return reflection.GetRepeatedDouble(message, &field, index);
        case FieldDescriptor::CPPTYPE_FLOAT:
            return reflection.GetRepeatedFloat(message, &field, index);
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection.GetRepeatedBool(message, &field, index);
        case FieldDescriptor::CPPTYPE_ENUM:
            return reflection.GetRepeatedEnumValue(message, &field, index);
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.GetRepeatedString(message, &field, index);
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return to_json(reflection.GetRepeatedMessage(message, &field, index));
    }
    return nullptr;
}

// A map is a list of entry messages whose fields are key and value; all keys of the schema are strings.
Json map_to_json(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    std::map<std::string, const Message*> sorted;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
        sorted[entry.GetReflection()->GetString(entry, field.message_type()->map_key())] = &entry;
    }
    Json object = Json::object();
    for (const auto& [key, entry] : sorted) object[key] = scalar_to_json(*entry, *field.message_type()->map_value());
    return object;
}

Json oneof_to_json(const Message& message, const OneofDescriptor& oneof) {
    const FieldDescriptor* field = message.GetReflection()->GetOneofFieldDescriptor(message, &oneof);
    if (field == nullptr) return nullptr;
    Json object = Json::object();
    object[variant_name(*field)] = scalar_to_json(message, *field);
    return object;
}

Json field_to_json(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_map()) return map_to_json(message, field);
    if (field.is_repeated()) {
        Json array = Json::array();
        for (int i = 0; i < reflection.FieldSize(message, &field); ++i)
            array.push_back(element_to_json(message, field, i));
        return array;
    }
    if (field.is_optional() && !reflection.HasField(message, &field)) return nullptr;
    return scalar_to_json(message, field);
}

// ---- reading

Result<> read_message(const Json& json, Message& out, const std::string& place, int depth);

std::string below(const std::string& place, const std::string& name) {
    return place.empty() ? name : place + "." + name;
}

template <std::integral T>
Result<T> read_integer(const Json& json, const std::string& place) {
    if (!json.is_number_integer()) return failure("{}: expected a whole number, found {}", place, json.type_name());
    const bool fits =
        json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>()) : std::in_range<T>(json.get<int64_t>());
    if (!fits) return failure("{}: {} is out of range", place, json.dump());
    return json.get<T>();
}

Result<std::string> read_text(const Json& json, const FieldDescriptor& field, const std::string& place) {
    if (field.type() != FieldDescriptor::TYPE_BYTES) {
        if (!json.is_string()) return failure("{}: expected text, found {}", place, json.type_name());
        return json.get<std::string>();
    }
    if (!json.is_array()) return failure("{}: expected an array of bytes, found {}", place, json.type_name());
    std::string bytes;
    for (const Json& element : json) {
        const Result<uint8_t> byte = read_integer<uint8_t>(element, place);
        if (!byte) return std::unexpected(byte.error());
        bytes.push_back(static_cast<char>(*byte));
    }
    return bytes;
}

Result<int> read_enum(const Json& json, const FieldDescriptor& field, const std::string& place) {
    const Result<int> number = read_integer<int>(json, place);
    if (!number) return number;
    if (field.enum_type()->FindValueByNumber(*number) != nullptr) return number;
    return failure("{}: {} is no {}", place, *number, field.enum_type()->name());
}

// Sets a single field or appends to a repeated one: the same reading, two families of setters.
#define SEKI_STORE(Kind, value)                                  \
    do {                                                         \
        const auto read = value;                                 \
        if (!read) return std::unexpected(read.error());         \
        if (field.is_repeated())                                 \
            out.GetReflection()->Add##Kind(&out, &field, *read); \
        else                                                     \
            out.GetReflection()->Set##Kind(&out, &field, *read); \
        return {};                                               \
    } while (false)

Result<> read_value(const Json& json, Message& out, const FieldDescriptor& field, const std::string& place, int depth) {
    const Reflection& reflection = *out.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            SEKI_STORE(Int32, read_integer<int32_t>(json, place));
        case FieldDescriptor::CPPTYPE_INT64:
            SEKI_STORE(Int64, read_integer<int64_t>(json, place));
        case FieldDescriptor::CPPTYPE_UINT32:
            SEKI_STORE(UInt32, read_integer<uint32_t>(json, place));
        case FieldDescriptor::CPPTYPE_UINT64:
            SEKI_STORE(UInt64, read_integer<uint64_t>(json, place));
        case FieldDescriptor::CPPTYPE_STRING:
            SEKI_STORE(String, read_text(json, field, place));
        case FieldDescriptor::CPPTYPE_ENUM:
            SEKI_STORE(EnumValue, read_enum(json, field, place));
        case FieldDescriptor::CPPTYPE_BOOL:
            if (!json.is_boolean()) return failure("{}: expected true or false, found {}", place, json.type_name());
            SEKI_STORE(Bool, Result<bool>(json.get<bool>()));
        case FieldDescriptor::CPPTYPE_MESSAGE: {
            Message* inner =
                field.is_repeated() ? reflection.AddMessage(&out, &field) : reflection.MutableMessage(&out, &field);
            return read_message(json, *inner, place, depth + 1);
        }
        case FieldDescriptor::CPPTYPE_DOUBLE:
        case FieldDescriptor::CPPTYPE_FLOAT:
            break;
    }
    return failure("{}: fields of type {} cannot be read", place, field.type_name());
}

#undef SEKI_STORE

Result<> read_map(const Json& json, Message& out, const FieldDescriptor& field, const std::string& place, int depth) {
    if (!json.is_object()) return failure("{}: expected an object, found {}", place, json.type_name());
    for (const auto& [key, value] : json.items()) {
        Message& entry = *out.GetReflection()->AddMessage(&out, &field);
        entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), key);
        const Result<> read = read_value(value, entry, *field.message_type()->map_value(), below(place, key), depth);
        if (!read) return read;
    }
    return {};
}

Result<> read_repeated(const Json& json, Message& out, const FieldDescriptor& field, const std::string& place,
                       int depth) {
    if (!json.is_array()) return failure("{}: expected an array, found {}", place, json.type_name());
    for (size_t i = 0; i < json.size(); ++i) {
        const Result<> read = read_value(json[i], out, field, fmt::format("{}[{}]", place, i), depth);
        if (!read) return read;
    }
    return {};
}

Result<> read_oneof(const Json& json, Message& out, const OneofDescriptor& oneof, const std::string& place, int depth) {
    if (!json.is_object() || json.size() != 1) return failure("{}: expected an object of one key", place);
    const std::string& key = json.begin().key();
    for (int i = 0; i < oneof.field_count(); ++i) {
        const FieldDescriptor& field = *oneof.field(i);
        if (variant_name(field) == key) return read_value(json.begin().value(), out, field, below(place, key), depth);
    }
    return failure("{}: {} is unknown", place, key);
}

Result<> read_field(const Json& json, Message& out, const FieldDescriptor& field, const std::string& place, int depth) {
    if (field.is_map()) return read_map(json, out, field, place, depth);
    if (field.is_repeated()) return read_repeated(json, out, field, place, depth);
    return read_value(json, out, field, place, depth);
}

Result<> read_message(const Json& json, Message& out, const std::string& place, int depth) {
    if (depth > max_depth) return failure("{}: nested too deeply", place);
    if (!json.is_object())
        return failure("{}: expected an object, found {}", place.empty() ? "JSON" : place, json.type_name());
    const Descriptor& type = *out.GetDescriptor();
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
        const OneofDescriptor& oneof = *type.oneof_decl(i);
        const auto found = json.find(oneof.name());
        if (found == json.end() || found->is_null()) continue;
        const Result<> read = read_oneof(*found, out, oneof, below(place, oneof.name()), depth);
        if (!read) return read;
    }
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        if (field.real_containing_oneof() != nullptr) continue;
        const auto found = json.find(field.name());
        if (found == json.end() || found->is_null()) {
            if (field.is_required()) return failure("{}: required, but missing", below(place, field.name()));
            continue;
        }
        const Result<> read = read_field(*found, out, field, below(place, field.name()), depth);
        if (!read) return read;
    }
    return {};
}

}  // namespace

Json to_json(const Message& message) {
    Json object = Json::object();
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        const OneofDescriptor* oneof = field.real_containing_oneof();
        if (oneof == nullptr) object[field.name()] = field_to_json(message, field);
        if (oneof != nullptr && oneof->field(0) == &field) object[oneof->name()] = oneof_to_json(message, *oneof);
    }
    return object;
}

Result<> from_json(const Json& json, Message& out) {
    out.Clear();
    return read_message(json, out, "", 0);
}

Result<> from_json_text(std::string_view text, Message& out) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return failure("not valid JSON");
    return from_json(json, out);
}

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace seki::ctl
