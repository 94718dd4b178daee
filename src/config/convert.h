#pragma once

// Between the schema's messages and our own values.

#include <string>
#include <vector>

#include "base/network.h"
#include "base/result.h"
#include "command.pb.h"
#include "net/address.h"

namespace seki::config {

// An error for what is no address: a port beyond 16 bits. An absent ip is 0.0.0.0, as every client of the protocol
// reads it.
Result<SocketAddress> from_wire(const command::SocketAddress& wire);
command::SocketAddress to_wire(const SocketAddress& address);

// Of an address and of networks that the validator (check/check.h) let through.
SocketAddress checked_address(const command::SocketAddress& wire);
std::vector<Network> checked_networks(const google::protobuf::RepeatedPtrField<std::string>& texts);

// The share of the load that a backend gets in proportion to others. 0 is "not given", like no weight at all:
// `sozu backend add` sends it with every backend. A backend that is to have no traffic has a state that says so.
uint32_t weight_of(const command::AddBackend& backend);

// "AddHttpFrontend": how the verb of a request is called in counters and logs; "Empty" when there is none.
std::string verb_name(const command::Request& request);

// Gives every required field that the sender left out its default, at every depth. Other implementations send such
// messages, and without this ours could not be encoded again.
void fill_required(google::protobuf::Message& message);

// Equal field by field, presence included.
bool same_message(const google::protobuf::Message& a, const google::protobuf::Message& b);

}  // namespace seki::config
