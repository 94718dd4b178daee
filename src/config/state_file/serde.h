#pragma once

// Protobuf messages as JSON in the shape that Sōzu's tools and state files use (that of Rust's serde):
//
//     message     an object with every field in the order of the schema; an absent optional field is null, an absent
//                 required one its default
//     oneof       an object of one key under the oneof's name, the variant in capitals; null when unset:
//                 {"inner": {"GAUGE": 3}}
//     repeated    an array
//     map         an object, keys sorted
//     bytes       an array of numbers
//
// In this shape, values are spelled in two ways:
//
//                 serde                                           plain
//     enum        its number                                      its name
//     64 bits     a number                                        text: most readers of JSON have doubles (RFC 8259 §6)
//     address     {"ip": {"inner": {"V4": 2130706433}}, …}        "127.0.0.1:80"
//
// Plain is what --json prints; of names and 64 bits it is the JSON of protobuf itself. Only serde is read.
// Reading is more lenient than writing: unknown fields are ignored, and null or nothing stands for absent, empty lists
// and empty maps alike. A missing required field, a wrong type or a number that does not fit is an error that names the
// place: "content.request_type.ADD_CLUSTER.load_balancing: 9 is no LoadBalancingAlgorithms".

#include <cstdint>
#include <google/protobuf/message.h>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace seki::config {

using Json = nlohmann::ordered_json;

enum class Spelling : uint8_t { serde, plain };

Json to_json(const google::protobuf::Message& message, Spelling spelling);
Result<> from_json(const Json& json, google::protobuf::Message& out);
Result<> from_json_text(std::string_view text, google::protobuf::Message& out);

// How far what people may read is indented.
inline constexpr int json_indent = 2;

// Text that is not UTF-8 is written with replacement characters. `indent` < 0: on one line.
std::string json_text(const Json& json, int indent = -1);

}  // namespace seki::config
