#pragma once

// Rights of root that a process may have without being root (capabilities(7)).

#include "base/result.h"

namespace seki::sandbox {

// From now on no program that this process becomes or starts has more rights than it has (PR_SET_NO_NEW_PRIVS).
Result<> gain_nothing_by_programs();

// Nothing is kept, nor can come back.
Result<> drop_all_capabilities();

}  // namespace seki::sandbox
