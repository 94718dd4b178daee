#pragma once

// Fields of one message into those of another that are called alike: a thing and its update have the same names for the
// same settings.

#include <google/protobuf/message.h>

#include "base/result.h"

namespace seki::config {

// Those of `from` that are present and that `to` has too; a list takes the place of the whole other list. Maps are left
// out: their entries are messages of different types. An error where two fields are called alike and are different
// things; of the pairs that are used, none has such (tests/config/copy_fields_test.cpp).
Result<> copy_fields(const google::protobuf::Message& from, google::protobuf::Message& to);

}  // namespace seki::config
