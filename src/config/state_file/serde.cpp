#include "config/state_file/serde.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <map>
#include <utility>

#include "command.pb.h"
#include "config/address_text.h"

namespace seki::config {
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

class Writer {
public:
    explicit Writer(Spelling spelling) : plain_(spelling == Spelling::plain) {}

    [[nodiscard]] Json object(const Message& message) const {
        Json object = Json::object();
        const Descriptor& type = *message.GetDescriptor();
        for (int i = 0; i < type.field_count(); ++i) {
            const FieldDescriptor& field = *type.field(i);
            const OneofDescriptor* oneof = field.real_containing_oneof();
            if (oneof == nullptr) object[field.name()] = this->field(message, field);
            if (oneof != nullptr && oneof->field(0) == &field) object[oneof->name()] = this->oneof(message, *oneof);
        }
        return object;
    }

private:
    [[nodiscard]] Json whole(std::integral auto number) const {
        return plain_ && sizeof number > sizeof(uint32_t) ? Json(std::to_string(number)) : Json(number);
    }

    [[nodiscard]] Json choice(const EnumValueDescriptor& value) const {
        return plain_ ? Json(value.name()) : Json(value.number());
    }

    [[nodiscard]] Json text(const FieldDescriptor& field, const std::string& text) const {
        return field.type() == FieldDescriptor::TYPE_BYTES ? bytes_to_json(text) : Json(text);
    }

    [[nodiscard]] Json inner(const Message& message) const {
        const bool address = message.GetDescriptor() == command::SocketAddress::descriptor();
        if (!plain_ || !address) return object(message);
        return address_text(static_cast<const command::SocketAddress&>(message));
    }

    [[nodiscard]] Json scalar(const Message& message, const FieldDescriptor& field) const {
        const Reflection& reflection = *message.GetReflection();
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_INT32:
                return whole(reflection.GetInt32(message, &field));
            case FieldDescriptor::CPPTYPE_INT64:
                return whole(reflection.GetInt64(message, &field));
            case FieldDescriptor::CPPTYPE_UINT32:
                return whole(reflection.GetUInt32(message, &field));
            case FieldDescriptor::CPPTYPE_UINT64:
                return whole(reflection.GetUInt64(message, &field));
            case FieldDescriptor::CPPTYPE_DOUBLE:
                return reflection.GetDouble(message, &field);
            case FieldDescriptor::CPPTYPE_FLOAT:
                return reflection.GetFloat(message, &field);
            case FieldDescriptor::CPPTYPE_BOOL:
                return reflection.GetBool(message, &field);
            case FieldDescriptor::CPPTYPE_ENUM:
                return choice(*reflection.GetEnum(message, &field));
            case FieldDescriptor::CPPTYPE_STRING:
                return text(field, reflection.GetString(message, &field));
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return inner(reflection.GetMessage(message, &field));
        }
        return nullptr;
    }

    [[nodiscard]] Json element(const Message& message, const FieldDescriptor& field, int index) const {
        const Reflection& reflection = *message.GetReflection();
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_INT32:
                return whole(reflection.GetRepeatedInt32(message, &field, index));
            case FieldDescriptor::CPPTYPE_INT64:
                return whole(reflection.GetRepeatedInt64(message, &field, index));
            case FieldDescriptor::CPPTYPE_UINT32:
                return whole(reflection.GetRepeatedUInt32(message, &field, index));
            case FieldDescriptor::CPPTYPE_UINT64:
                return whole(reflection.GetRepeatedUInt64(message, &field, index));
            case FieldDescriptor::CPPTYPE_DOUBLE:
                return reflection.GetRepeatedDouble(message, &field, index);
            case FieldDescriptor::CPPTYPE_FLOAT:
                return reflection.GetRepeatedFloat(message, &field, index);
            case FieldDescriptor::CPPTYPE_BOOL:
                return reflection.GetRepeatedBool(message, &field, index);
            case FieldDescriptor::CPPTYPE_ENUM:
                return choice(*reflection.GetRepeatedEnum(message, &field, index));
            case FieldDescriptor::CPPTYPE_STRING:
                return text(field, reflection.GetRepeatedString(message, &field, index));
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return inner(reflection.GetRepeatedMessage(message, &field, index));
        }
        return nullptr;
    }

    // A map is a list of entry messages whose fields are key and value; all keys of the schema are strings.
    [[nodiscard]] Json map(const Message& message, const FieldDescriptor& field) const {
        const Reflection& reflection = *message.GetReflection();
        std::map<std::string, const Message*> sorted;
        for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
            const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
            sorted[entry.GetReflection()->GetString(entry, field.message_type()->map_key())] = &entry;
        }
        Json object = Json::object();
        for (const auto& [key, entry] : sorted) object[key] = scalar(*entry, *field.message_type()->map_value());
        return object;
    }

    [[nodiscard]] Json oneof(const Message& message, const OneofDescriptor& oneof) const {
        const FieldDescriptor* field = message.GetReflection()->GetOneofFieldDescriptor(message, &oneof);
        if (field == nullptr) return nullptr;
        Json object = Json::object();
        object[variant_name(*field)] = scalar(message, *field);
        return object;
    }

    [[nodiscard]] Json field(const Message& message, const FieldDescriptor& field) const {
        const Reflection& reflection = *message.GetReflection();
        if (field.is_map()) return map(message, field);
        if (field.is_repeated()) {
            Json array = Json::array();
            for (int i = 0; i < reflection.FieldSize(message, &field); ++i) array.push_back(element(message, field, i));
            return array;
        }
        if (field.is_optional() && !reflection.HasField(message, &field)) return nullptr;
        return scalar(message, field);
    }

    bool plain_;
};

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

Json to_json(const Message& message, Spelling spelling) { return Writer(spelling).object(message); }

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

}  // namespace seki::config
