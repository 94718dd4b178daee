#pragma once

// Most keys of the file are called like the field of the schema that they stand for, and the schema says of which type
// they are; so they are read by their names alone.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "command.pb.h"
#include "config/toml/table.h"

namespace seki::config {

// Fills the fields of the message that have the name of a key: flags, texts, numbers within what their type holds,
// addresses, lists and maps of texts, and enumerations spelled as in the schema. An absent key leaves its field alone.
void read_fields(TableReader& table, google::protobuf::Message& message, std::initializer_list<std::string_view> keys);
void read_fields(TableReader& table, google::protobuf::Message& message, std::span<const std::string_view> keys);
void read_field(TableReader& table, google::protobuf::Message& message, std::string_view key);

void put_number(google::protobuf::Message& message, std::string_view field, uint64_t number);

// A number with narrower bounds than its type has.
void read_number(TableReader& table, google::protobuf::Message& message, std::string_view key, uint64_t min,
                 uint64_t max);

}  // namespace seki::config
