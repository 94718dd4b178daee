#pragma once

// What a rule asks of a request beyond its host, path and method, as lines for people:
//
//     header x-beta = 1         cookie group ^= a         query page ~= [0-9]+         header x-beta
//     not cookie group = b      from 192.0.2.0/24 2001:db8::/32                        not from 192.0.2.7/32
//     predicate x-beta = 1      predicate x-beta ~= [0-9]+                             predicate x-beta
//
// The lines are part of what makes two rules the same one (kinds.h), so equal conditions have equal lines, whatever
// their order was, and others do not.

#include <string>
#include <vector>

#include "command.pb.h"

namespace seki::config {

// A predicate's, which knows fewer.
command::MatchKind match_kind(command::HeaderMatchKind kind);

// Of a frontend in its normal form.
std::vector<std::string> conditions(const command::RequestHttpFrontend& frontend);

}  // namespace seki::config
