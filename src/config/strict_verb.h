#pragma once

// Some verbs have a second one, with the same message: for listeners that recognise clients by their certificates, for
// frontends that look at headers or answer nothing, for backends on UNIX sockets. Who knows nothing of that would pass
// over those fields and, say, serve everybody; the second verb he does not know either, and fails. Inside, the first
// one stands for both; whatever leaves (to workers, to another server) has the one that fits.

#include "command.pb.h"

namespace seki::config {

void use_plain_verb(command::Request& request);
void use_strict_verb(command::Request& request);

}  // namespace seki::config
