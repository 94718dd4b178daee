#pragma once

// Fields of one message into those of another that are called alike: a thing and its update have the same names for the
// same settings.

#include <google/protobuf/message.h>

namespace seki::config {

// Those of `from` that are present and that `to` has too; a list takes the place of the whole other list. Maps are left
// out: their entries are messages of different types.
void copy_fields(const google::protobuf::Message& from, google::protobuf::Message& to);

}  // namespace seki::config
