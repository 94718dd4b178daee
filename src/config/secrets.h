#pragma once

// What of the configuration only those may see who may change it: private keys, hashes of passwords, what the keys of
// session tickets are derived from. Wherever in a message it stands.

#include <google/protobuf/message.h>

namespace seki::config {

[[nodiscard]] bool is_secret(const google::protobuf::FieldDescriptor& field);

// Fields that must be there stay, empty.
void clear_secrets(google::protobuf::Message& message);

}  // namespace seki::config
