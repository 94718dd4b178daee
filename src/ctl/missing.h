#pragma once

// Who asks for something by its name wants to know by the exit code whether it is there. The protocol answers such a
// question OK, with nothing in it, as it answers one for a list that is empty.

#include <string>

#include "command.pb.h"

namespace seki::ctl {

// "there is no cluster 'shop'": what was asked for by name and is not in the answer. Empty when it is there, and for
// questions that name nothing.
std::string what_is_missing(const command::Request& question, const command::ResponseContent& content);

}  // namespace seki::ctl
