#pragma once

// Command line text into the fields of a message. The schema knows the type of every field; so an option of the command
// line only has to name the field it fills.

#include <google/protobuf/message.h>
#include <string>
#include <string_view>

#include "base/result.h"

namespace seki::ctl {

// One field of a message that lives elsewhere.
struct FieldRef {
    google::protobuf::Message* owner;
    const google::protobuf::FieldDescriptor* field;
};

// The field that `path` names below `message`: "address", "hsts.max_age". Only walks, changes nothing until a value is
// put; a path that does not exist is our own bug.
const google::protobuf::FieldDescriptor& field_at(const google::protobuf::Descriptor& type, std::string_view path);
FieldRef find_field(google::protobuf::Message& message, std::string_view path);

// Sets the field; a repeated one gets one more element. Numbers must fit, "true" and "false" are the booleans,
// addresses are written "192.0.2.1:80" or "[2001:db8::1]:80". Enums are read without regard to case and to '-', '_' and
// '.'.
Result<> put_text(const FieldRef& target, std::string_view text);

// Adds an entry to a map of texts.
void put_entry(const FieldRef& map, const std::string& key, const std::string& value);

// What a help text calls the values of this field: "N", "true|false", "round_robin|random|…".
std::string type_label(const google::protobuf::FieldDescriptor& field);

// The default that the schema declares, as text; empty if it declares none.
std::string schema_default(const google::protobuf::FieldDescriptor& field);

}  // namespace seki::ctl
