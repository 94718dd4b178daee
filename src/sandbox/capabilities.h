#pragma once

// Rights of root that a process may have without being root (capabilities(7)). Seki wants one of them: to bind a port
// below 1024, which only the supervisor does, as long as it lives. It keeps that one out of its ambient set, which goes
// to every program that it starts: workers begin without any.

#include "base/result.h"

namespace seki::sandbox {

// From now on no program that this process becomes or starts has more rights than it has (PR_SET_NO_NEW_PRIVS).
Result<> gain_nothing_by_programs();

// Of what the process has, it keeps the right to low ports.
Result<> keep_low_ports_only();

// Nothing is kept, nor can come back.
Result<> drop_all_capabilities();

// Whether the next program gets the right to low ports, as far as there is one. For who becomes another program itself.
void pass_on_low_ports(bool pass) noexcept;

}  // namespace seki::sandbox
